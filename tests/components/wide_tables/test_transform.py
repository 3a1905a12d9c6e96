"""Transform traces a `preprocessing_fn` as seldom as it can, and finds the same."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform import graph_tools, impl_helper
from tensorflow_transform.beam import analysis_graph_builder
from tensorflow_transform.tf_metadata import dataset_metadata

from components.wide_tables import transform
from models.common.preprocessing import fill_missing, stack_filled

pytestmark = pytest.mark.tfx

SPECS = {name: tf.TensorSpec([None], tf.float32) for name in ("a", "b", "c")}


def traces() -> tuple[Any, list[int]]:
    """A `preprocessing_fn`, and a list that grows by 1 when it is traced."""
    traced: list[int] = []

    def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
        traced.append(1)
        return {"x": tft.scale_to_z_score(inputs["a"]), "y": inputs["b"]}

    return preprocessing_fn, traced


def looked_at(function: Any, specs: dict[str, Any] = SPECS) -> tuple[Any, ...]:
    """What TFX asks of a `preprocessing_fn` before it analyzes anything."""
    return (
        tft.get_analyze_input_columns(function, specs),
        tft.get_transform_input_columns(function, specs),
        tft.get_analyze_input_columns(function, specs),
        analysis_graph_builder.get_analysis_cache_entry_keys(function, specs, {}, False),
    )


def test_looking_at_it_takes_one_trace() -> None:
    function, traced = traces()
    theirs = looked_at(function)
    assert theirs[:2] == (["a"], ["a", "b"])
    before = len(traced)
    with transform.quick():
        assert looked_at(function) == theirs
    assert len(traced) - before == 1


def test_one_function_in_several_wrappers_takes_one_trace() -> None:
    function, traced = traces()

    def with_settings(inputs: dict[str, Any], settings: dict[str, Any]) -> dict[str, Any]:
        return function(inputs)

    with transform.quick():
        for settings in ({"a": 1}, {"a": 1}, {"a": 2}):
            looked_at(functools.partial(with_settings, settings=settings))
    assert len(traced) == 2


def test_another_function_other_columns_and_another_node_are_traced_anew() -> None:
    function, traced = traces()
    other, traced_other = traces()
    fewer = {name: SPECS[name] for name in ("a", "b")}
    theirs = impl_helper.trace_preprocessing_function
    with transform.quick():
        looked_at(function)
        looked_at(other)
        looked_at(function, fewer)
    assert (len(traced), len(traced_other)) == (2, 1)
    with transform.quick():
        looked_at(function, fewer)
    assert len(traced) == 3
    assert impl_helper.trace_preprocessing_function is theirs


def test_the_columns_of_an_analyzer_are_those_that_tft_finds() -> None:
    theirs = graph_tools._retrieve_source_keys
    with tf.Graph().as_default():
        columns = {
            "dense": tf.compat.v1.placeholder(tf.float32, [None]),
            "sparse": tf.compat.v1.sparse_placeholder(tf.float32, [None, None]),
            "ragged": tf.compat.v1.ragged.placeholder(tf.float32, 1),
            "unused": tf.compat.v1.placeholder(tf.float32, [None]),
        }
        sums = {name: tf.reduce_sum(getattr(one, "values", one)) for name, one in columns.items()}
        width = tf.cast(columns["sparse"].dense_shape[1], tf.float32)
        for tensors in (
            [],
            [tf.constant(1.0)],
            [sums["dense"]],
            [sums["sparse"] + sums["dense"], width],
            [width],
            [sums["ragged"], columns["dense"]],
        ):
            assert transform.source_columns(tensors, columns) == theirs(tensors, columns)
    with transform.quick():
        assert graph_tools._retrieve_source_keys is transform.source_columns
    assert graph_tools._retrieve_source_keys is theirs


@pytest.mark.parametrize("changes", [False, True])
def test_an_analyzer_that_looks_at_other_columns_each_time_is_refused(
    changes: bool, tmp_path: Path
) -> None:
    turns: list[int] = []

    def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
        turns.append(1)
        name = "b" if changes and len(turns) > 1 else "a"
        return {"x": tft.scale_to_z_score(inputs[name], name="scaled")}

    graph, columns, _ = impl_helper.trace_preprocessing_function(
        preprocessing_fn, SPECS, use_tf_compat_v1=False, base_temp_dir=str(tmp_path)
    )
    theirs = graph_tools.get_analyzers_fingerprint(graph, columns)
    ours = transform.fingerprints(graph, columns)
    assert {name: one.source_keys for name, one in ours.items()} == {
        name: one.source_keys for name, one in theirs.items()
    }
    again, columns, _ = impl_helper.trace_preprocessing_function(
        preprocessing_fn, SPECS, use_tf_compat_v1=False, base_temp_dir=str(tmp_path)
    )
    with transform.quick():
        if changes:
            with pytest.raises(RuntimeError, match="non-deterministic"):
                impl_helper._validate_analyzers_fingerprint(ours, again, columns)
        else:
            impl_helper._validate_analyzers_fingerprint(ours, again, columns)


KINDS = {
    "dense": tf.io.FixedLenFeature([1], tf.float32),
    "flat": tf.io.FixedLenFeature([], tf.float32),
    "whole": tf.io.FixedLenFeature([1], tf.int64),
    "pair": tf.io.FixedLenFeature([2], tf.float32),
    "gaps": tf.io.VarLenFeature(tf.float32),
    "list": tf.io.VarLenFeature(tf.float32),
    "text": tf.io.VarLenFeature(tf.string),
    "unread": tf.io.VarLenFeature(tf.int64),
}
ROWS: list[dict[str, Any]] = [
    {
        "dense": [0.5 * number],
        "flat": float(number),
        "whole": [number],
        "pair": [1.0, 2.0 * number],
        "gaps": [3.0 * number] if number % 3 else [],
        "list": [1.0] * (number % 4),
        "text": ["ab"[number % 2]] if number % 5 else [],
        "unread": [],
    }
    for number in range(12)
]


def plain(inputs: dict[str, Any]) -> dict[str, Any]:
    """All of its operations are without effects; two outputs are inputs as they are."""
    stacked = stack_filled([inputs[name] for name in ("dense", "flat", "gaps")])
    return {
        "scaled": tft.scale_to_z_score(stacked, elementwise=True),
        "one by one": tft.scale_to_0_1(fill_missing(inputs["gaps"], -1.0)),
        "total": tf.reshape(tf.sparse.reduce_sum(inputs["list"], axis=1), [-1]),
        "whole": fill_missing(inputs["whole"]),
        "as it is": inputs["pair"],
        "sparse": inputs["gaps"],
    }


def with_tables(inputs: dict[str, Any]) -> dict[str, Any]:
    """Its vocabulary says something of the output's schema, and its look-up has an effect."""
    number = tft.compute_and_apply_vocabulary(fill_missing(inputs["text"]), num_oov_buckets=1)
    return {**plain(inputs), "number": number, "bucket": tft.bucketize(inputs["dense"], 3)}


def dense_alone(inputs: dict[str, Any]) -> dict[str, Any]:
    """Nothing is said of its outputs, which are all dense."""
    return {name: one for name, one in plain(inputs).items() if name != "sparse"}


@dataclass(frozen=True)
class Fitted:
    """What a `preprocessing_fn` has been fitted to."""

    function: Any
    folder: Path
    schema: Any
    values: dict[str, Any]


def fitted(function: Any, folder: Path) -> tuple[Any, dict[str, Any]]:
    """The schema of what a `preprocessing_fn` returns, and what it makes of the rows."""
    metadata = dataset_metadata.DatasetMetadata.from_feature_spec(KINDS)
    with tft_beam.Context(temp_dir=str(folder / "temp")):
        transform_fn = (ROWS, metadata) | tft_beam.AnalyzeDataset(function)
        _ = transform_fn | tft_beam.WriteTransformFn(str(folder))
    output = tft.TFTransformOutput(str(folder))
    examples = []
    for row in ROWS:
        example = tf.train.Example()
        for name, value in row.items():
            values = value if isinstance(value, list) else [value]
            kind = example.features.feature[name]
            if KINDS[name].dtype == tf.string:
                kind.bytes_list.value.extend(one.encode() for one in values)
            elif KINDS[name].dtype == tf.int64:
                kind.int64_list.value.extend(values)
            else:
                kind.float_list.value.extend(values)
        examples.append(example.SerializeToString())
    found = output.transform_features_layer()(tf.io.parse_example(examples, KINDS))
    dense = {
        name: tf.sparse.to_dense(one) if isinstance(one, tf.SparseTensor) else one
        for name, one in found.items()
    }
    return output.transformed_metadata.schema, {name: one.numpy() for name, one in dense.items()}


@pytest.fixture(scope="module", params=[dense_alone, plain, with_tables])
def theirs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """A `preprocessing_fn` as TFT fits it."""
    folder = tmp_path_factory.mktemp("theirs")
    return Fitted(request.param, folder, *fitted(request.param, folder))


@pytest.mark.slow
@pytest.mark.parametrize("in_process", [False, True])
def test_what_is_fitted_is_what_tft_fits(
    in_process: bool, theirs: Fitted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    function = theirs.function
    traced: list[int] = []
    signatures: list[Any] = []
    save = tf.saved_model.save

    def counted(inputs: dict[str, Any]) -> dict[str, Any]:
        traced.append(1)
        outputs: dict[str, Any] = function(inputs)
        return outputs

    def saved(*given: Any, **named: Any) -> None:
        signatures.append(named["signatures"])
        save(*given, **named)

    monkeypatch.setattr(tf.saved_model, "save", saved)
    with transform.quick(in_process):
        quick_schema, quick_values = fitted(counted, tmp_path / "quick")
    # Those before the analysis; what Beam runs has a copy of the function, and of the list.
    assert len(traced) == (2 if function is with_tables else 1)
    assert signatures[-1] is None
    assert signatures[:-1] == [{}] * (len(signatures) - 1)
    # One that only is analyzed with need not be saved, unless it has tables.
    assert (len(signatures) == 1) is (in_process and function is not with_tables)
    signatures_of_theirs = tf.saved_model.load(saved_graph(theirs.folder)).signatures
    signatures_of_ours = tf.saved_model.load(saved_graph(tmp_path / "quick")).signatures
    assert set(signatures_of_ours) == set(signatures_of_theirs)
    assert quick_schema == theirs.schema
    assert quick_values.keys() == theirs.values.keys() == function_names(function)
    for name, expected in theirs.values.items():
        np.testing.assert_array_equal(quick_values[name], expected, err_msg=name)


def saved_graph(folder: Path) -> str:
    return str(folder / "transform_fn")


def function_names(function: Any) -> set[str]:
    names = {"scaled", "one by one", "total", "whole", "as it is"}
    more = {dense_alone: set(), plain: {"sparse"}, with_tables: {"sparse", "number", "bucket"}}
    return names | more[function]


def test_a_column_that_is_stacked_is_one_operation_of_the_graph(tmp_path: Path) -> None:
    """Beside the input itself; the graph is traced, saved, loaded and optimized many times."""

    def operations(columns: int) -> int:
        names = [f"c{number}" for number in range(columns)]
        specs = {name: tf.TensorSpec([None, 1], tf.float32) for name in names}
        with transform.quick():
            graph, *_ = impl_helper.trace_preprocessing_function(
                lambda inputs: {"x": tf.stack([fill_missing(inputs[name]) for name in names], 1)},
                specs,
                use_tf_compat_v1=False,
                base_temp_dir=str(tmp_path),
            )
        return sum(one.type != "Placeholder" for one in graph.get_operations())

    assert operations(20) - operations(10) == 10
