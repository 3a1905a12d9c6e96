"""Transform: analyzes the data with a model's `preprocessing_fn`, which is traced less often.

TFX traces the function four times only to see which columns it reads and what it analyzes. With
thousands of columns each trace takes seconds. Here these four share one. And which columns an
analyzer depends on TFT finds by comparing each with each; here they are looked up.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import tensorflow as tf
from tensorflow_transform import graph_tools, impl_helper, tf_utils
from tfx import types
from tfx.components.transform import component, executor
from tfx.dsl.components.base import executor_spec

from components.wide_tables import phases


class Executor(executor.Executor):
    """Analyzes as TFX does."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the transform graph."""
        with quick(), phases.several():
            super().Do(input_dict, output_dict, exec_properties)


class Transform(component.Transform):
    """Fits a model's preprocessing to the data."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """Lets TFT keep the graph that it has traced last, and look columns up."""
    trace, source_keys = impl_helper.trace_preprocessing_function, graph_tools._retrieve_source_keys
    impl_helper.trace_preprocessing_function = _keeping_the_last(trace)
    graph_tools._retrieve_source_keys = source_columns
    try:
        yield
    finally:
        impl_helper.trace_preprocessing_function = trace
        graph_tools._retrieve_source_keys = source_keys


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


def _keeping_the_last(trace: Callable[..., Any]) -> Callable[..., Any]:
    last: list[tuple[Any, Any]] = []

    def kept(
        preprocessing_fn: Any, input_specs: Any, use_tf_compat_v1: bool, base_temp_dir: Any = None
    ) -> Any:
        if base_temp_dir is not None:  # This one is not only looked at.
            return trace(preprocessing_fn, input_specs, use_tf_compat_v1, base_temp_dir)
        key = (preprocessing_fn, dict(input_specs), use_tf_compat_v1)
        if not last or last[0][0] != key:
            last[:] = [(key, trace(preprocessing_fn, input_specs, use_tf_compat_v1))]
        return last[0][1]

    return kept
