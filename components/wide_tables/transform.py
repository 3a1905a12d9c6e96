"""Transform: analyzes the data with a model's `preprocessing_fn`, which is traced less often.

TFX traces the function four times only to see which columns it reads and what it analyzes. With
thousands of columns each trace takes seconds. Here these four share one. Which columns an analyzer
depends on TFT finds by comparing each with each; here they are looked up. In each trace it copies
every column, then copies the graph operation by operation to leave out what gives no output, and
traces the function once more for what it says of its outputs, before the analysis and after it;
here it does these where there is something to leave out or to be said. And a graph that is only
analyzed with is saved without a signature, which nobody asks and which is one more trace; where
Beam runs in this process, it is kept instead of saved and loaded again, unless it has state.

An analyzer's fingerprint is its columns: a hash of each path through the graph to it tells nothing
but whether the cache of analyzers, which is off, would find it again.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import tensorflow as tf
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform import (
    analyzer_nodes,
    graph_tools,
    impl_helper,
    nodes,
    schema_inference,
    tf2_utils,
    tf_utils,
)
from tensorflow_transform.saved import saved_transform_io_v2
from tensorflow_transform.tf_metadata import dataset_metadata
from tfx import types
from tfx.components.transform import component, executor
from tfx.dsl.components.base import executor_spec

from components.wide_tables import phases
from components.wide_tables.in_process import runs_in_process
from components.wide_tables.patches import replaced


class Executor(executor.Executor):
    """Analyzes as TFX does."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the transform graph."""
        with quick(runs_in_process(self._beam_pipeline_args or [])), phases.several():
            super().Do(input_dict, output_dict, exec_properties)


class Transform(component.Transform):
    """Fits a model's preprocessing to the data."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)


@contextlib.contextmanager
def quick(in_process: bool = False) -> Iterator[None]:
    """Lets TFT do once, or not at all, what it does for each column several times.

    Args:
        in_process: Whether whatever runs meanwhile runs in this process.
    """
    trace = impl_helper.trace_preprocessing_function
    describe = impl_helper._trace_and_get_metadata
    annotations = schema_inference.get_traced_metadata_fn
    prune = saved_transform_io_v2.optimize_concrete_function
    graphs = _Graphs(saved_transform_io_v2.SavedModelLoader, in_process)
    with (
        replaced(impl_helper, "trace_preprocessing_function", _keeping_the_last(trace)),
        replaced(impl_helper, "_trace_and_get_metadata", _describing_by_outputs(describe)),
        replaced(schema_inference, "get_traced_metadata_fn", _annotations_if_any(annotations)),
        replaced(saved_transform_io_v2, "write_v2_saved_model", graphs.save),
        replaced(saved_transform_io_v2, "SavedModelLoader", graphs.load),
        replaced(saved_transform_io_v2, "optimize_concrete_function", _leaving_whole(prune)),
        replaced(graph_tools, "_retrieve_source_keys", source_columns),
        replaced(graph_tools, "get_analyzers_fingerprint", fingerprints),
        # A function of TensorFlow's may return what it is given; only the dict must not change.
        replaced(tf_utils, "copy_tensors", dict),
    ):
        yield


def source_columns(tensors: Iterable[tf.Tensor], columns: Mapping[str, Any]) -> set[str]:
    """As `tensorflow_transform.graph_tools._retrieve_source_keys`.

    Args:
        tensors: What an analyzer looks at.
        columns: The inputs of `preprocessing_fn` by name; a sparse one has several tensors.

    Returns:
        The names of those that the tensors depend on.
    """
    sources = graph_tools.retrieve_sources(
        [tensor.op for tensor in tensors], ignore_control_dependencies=True
    )
    known = {tf_utils.hashable_tensor_or_op(source) for source in sources}
    return {
        name
        for name, column in columns.items()
        if not known.isdisjoint(
            tf_utils.hashable_tensor_or_op(part)
            for part in graph_tools._decompose_tensor_or_op(column)
        )
    }


def fingerprints(
    graph: tf.Graph, columns: Mapping[str, Any]
) -> dict[str, graph_tools.AnalyzersFingerprint]:
    """As `tensorflow_transform.graph_tools.get_analyzers_fingerprint`, without hashes of paths.

    Args:
        graph: A traced `preprocessing_fn`.
        columns: Its inputs by name.
    """
    found = {}
    for sink in graph.get_collection(analyzer_nodes.ALL_REPLACEMENTS):
        visitor = graph_tools.SourcedTensorsVisitor()
        nodes.Traverser(visitor).visit_value_node(sink.future)
        names = source_columns(visitor.sourced_tensors, columns)
        found[str(sink.tensor.name)] = graph_tools.AnalyzersFingerprint(names, set())
    return found


def _keeping_the_last(trace: Callable[..., Any]) -> Callable[..., Any]:
    last: list[tuple[Any, Any]] = []

    def kept(
        preprocessing_fn: Any, input_specs: Any, use_tf_compat_v1: bool, base_temp_dir: Any = None
    ) -> Any:
        if base_temp_dir is not None:  # This one is not only looked at.
            return trace(preprocessing_fn, input_specs, use_tf_compat_v1, base_temp_dir)
        key = (_told_apart(preprocessing_fn), dict(input_specs), use_tf_compat_v1)
        if not last or last[0][0] != key:
            last[:] = [(key, trace(preprocessing_fn, input_specs, use_tf_compat_v1))]
        return last[0][1]

    return kept


def _told_apart(function: Any) -> Any:
    """What is equal of functions that do the same: TFX wraps the model's anew for each phase."""
    if isinstance(function, functools.partial):
        return function.func, function.args, function.keywords
    return function


def _is_stateless(graph: tf.Graph) -> bool:
    """Whether a traced function is nothing but what it computes from its arguments."""
    captures = getattr(graph, "captures", ())
    return not captures and not any(one.op_def.is_stateful for one in graph.get_operations())


_SAID_OF_OUTPUTS = "tft_schema_override"
"""How the names of the collections begin in which a graph keeps what is said of its tensors."""


def _describing_by_outputs(describe: Callable[..., Any]) -> Callable[..., Any]:
    """What makes the outputs' schema, from their types and shapes where nothing else is said."""

    def described(function: Any, *arguments: Any) -> dataset_metadata.DatasetMetadata:
        outputs = function.structured_outputs
        collections = function.graph.get_all_collection_keys()
        # A sparse output may be said to have another shape than it seems.
        if any(str(name).startswith(_SAID_OF_OUTPUTS) for name in collections) or not all(
            isinstance(output, tf.Tensor) for output in outputs.values()
        ):
            return describe(function, *arguments)
        schema: schema_pb2.Schema = schema_inference.infer_feature_schema_v2(
            outputs, dict, evaluate_schema_overrides=True
        )
        return dataset_metadata.DatasetMetadata(schema=schema)

    return described


def _annotations_if_any(trace: Callable[..., Any]) -> Callable[..., Any]:
    """What makes the function that tells which outputs are said to be categories or the like."""

    def traced(
        preprocessing_fn: Any,
        structured_inputs: Mapping[str, Any],
        tf_graph_context: Any,
        evaluate_schema_overrides: bool,
    ) -> Callable[[], Mapping[str, Any]]:
        # Before the analysis these come from one collection of the graph that was traced already.
        tensors = tf.nest.flatten(dict(structured_inputs), expand_composites=True)
        collection = schema_inference._TF_METADATA_TENSOR_COLLECTION
        if not evaluate_schema_overrides and not tensors[0].graph.get_collection(collection):
            return dict
        found: Callable[[], Mapping[str, Any]] = trace(
            preprocessing_fn, structured_inputs, tf_graph_context, evaluate_schema_overrides
        )
        return found

    return traced


class _Graphs:
    """How a traced `preprocessing_fn` gets from where it is traced to where it runs.

    Args:
        loader: TFT's class for a saved graph.
        in_process: Whether that is the same process.
    """

    def __init__(self, loader: Any, in_process: bool) -> None:
        self._loader = loader
        self._in_process = in_process
        self._kept: dict[str, tuple[tf.Module, Any]] = {}

    def save(
        self,
        module: tf.Module,
        tf_function: Any,
        name: str,
        saved_model_dir: str,
        save_options: tf.saved_model.SaveOptions | None = None,
    ) -> Any:
        """As `saved_transform_io_v2.write_v2_saved_model`; only the last has signatures."""
        traced = saved_transform_io_v2.trace_and_update_module(
            module, tf_function, name, strip_control_dependencies=False
        )
        is_last = not traced.graph.get_collection(analyzer_nodes.TENSOR_REPLACEMENTS)
        if self._in_process and not is_last and _is_stateless(traced.graph):
            self._kept[saved_model_dir] = module, traced
            return traced
        signatures: dict[str, Any] | None = None if is_last else {}
        tf.saved_model.save(module, saved_model_dir, signatures=signatures, options=save_options)
        return traced

    def load(self, saved_model_dir: str) -> Any:
        """As `saved_transform_io_v2.SavedModelLoader`."""
        if saved_model_dir not in self._kept:
            return self._loader(saved_model_dir)
        module, traced = self._kept[saved_model_dir]
        outputs = traced.structured_outputs
        loaded = object.__new__(self._loader)
        loaded._initialize(
            False,
            module,
            _Flat(traced),
            tf2_utils.get_structured_inputs_from_func_graph(traced.graph),
            outputs,
            saved_transform_io_v2._get_output_to_inputs_map(outputs),
        )
        return loaded


class _Flat:
    """A function of columns by name that is called with their tensors, as a loaded one is."""

    def __init__(self, function: Any) -> None:
        self.graph, self.inputs = function.graph, function.inputs
        self.structured_input_signature = function.structured_input_signature
        self._function = function

    def __call__(self, *tensors: tf.Tensor) -> dict[str, Any]:
        [[columns], _] = self.structured_input_signature
        packed = tf.nest.pack_sequence_as(columns, tensors, expand_composites=True)
        found: dict[str, Any] = self._function(packed)
        return found


def _leaving_whole(prune: Callable[..., Any]) -> Callable[..., Any]:
    """What leaves out of a function what gives no output, where leaving it in would run it.

    TensorFlow runs what has an effect, such as a table's look-up; all else it leaves out by itself.
    """

    def pruned(function: Any, strip_control_dependencies: bool) -> Any:
        operations = function.graph.get_operations()
        if strip_control_dependencies or any(one.op_def.is_stateful for one in operations):
            return prune(function, strip_control_dependencies)
        return function

    return pruned
