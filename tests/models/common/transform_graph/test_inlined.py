"""Fitted preprocessing that is copied gives what TFT's layer gives, by fewer operations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_transform import impl_helper
from tensorflow_transform.tf_metadata import dataset_metadata, metadata_io

from models.common.preprocessing import fill_missing
from models.common.transform_graph import inlined

pytestmark = pytest.mark.tfx

KINDS = {
    **{f"number{n}": tf.io.FixedLenFeature([1], tf.float32) for n in range(4)},
    **{f"whole{n}": tf.io.FixedLenFeature([1], tf.int64) for n in range(2)},
    "flat": tf.io.FixedLenFeature([], tf.float32),
    "pair": tf.io.FixedLenFeature([2], tf.float32),
    "gaps": tf.io.VarLenFeature(tf.float32),
    "text": tf.io.VarLenFeature(tf.string),
    "label": tf.io.FixedLenFeature([1], tf.int64),
}
STACKED = ("whole1", "number2", "number0", "whole0", "number0", "number3")


def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
    """Each output but the last ones depends on other columns, some on captured constants."""
    filled = {name: fill_missing(inputs[name]) for name in KINDS if name not in ("pair", "text")}
    numbers = [filled[f"number{n}"] for n in range(4)]
    return {
        "numbers": tf.stack(numbers, axis=1) * tf.constant([1.0, 2.0, 3.0, 4.0]),
        "mixed": tf.stack([tf.cast(filled[name], tf.float32) for name in STACKED], axis=1),
        "by row": tf.stack(numbers, axis=0)[0],
        "cut": tf.cast(tf.stack([tf.cast(one, tf.int8) for one in numbers], axis=1), tf.int64),
        "not of columns alone": tf.stack([filled["number1"], filled["flat"]], axis=1),
        "as it is": inputs["pair"],
        "sparse": inputs["gaps"],
        "filled": filled["gaps"],
        "text": fill_missing(inputs["text"]),
        "label": filled["label"],
    }


def with_effects(inputs: dict[str, Any]) -> dict[str, Any]:
    """It checks its label, which a copy need not do in the order of a call."""
    label = fill_missing(inputs["label"])
    with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(label >= 0), [label])]):
        checked = tf.identity(label)
    return {"checked": checked, "number": fill_missing(inputs["number0"])}


def fitted(function: Any, folder: Path) -> tft.TFTransformOutput:
    """Preprocessing without analyzers, as TFT writes it."""
    metadata = dataset_metadata.DatasetMetadata.from_feature_spec(KINDS)
    metadata_io.write_metadata(metadata, str(folder / tft.TFTransformOutput.RAW_METADATA_DIR))
    types = {
        name: tf.SparseTensorSpec([None, None], kind.dtype)
        if isinstance(kind, tf.io.VarLenFeature)
        else tf.TensorSpec([None, *kind.shape], kind.dtype)
        for name, kind in KINDS.items()
    }
    impl_helper.analyze_in_place(function, False, KINDS, types, str(folder))
    return tft.TFTransformOutput(str(folder))


@pytest.fixture(autouse=True, scope="module")
def few_columns_are_many() -> Iterator[None]:
    """Lets a handful of columns be copied."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(inlined, "FEWEST_COLUMNS", 0)
        yield


@pytest.fixture(scope="module")
def transform(tmp_path_factory: pytest.TempPathFactory) -> tft.TFTransformOutput:
    return fitted(preprocessing_fn, tmp_path_factory.mktemp("transform"))


def rows(number: int, seed: int) -> dict[str, Any]:
    """Random rows, in which optional values may be missing."""
    draw = np.random.default_rng(seed)
    found: dict[str, Any] = {}
    for name, kind in KINDS.items():
        if isinstance(kind, tf.io.VarLenFeature):
            present = np.flatnonzero(draw.random(number) < 0.6)
            values = draw.normal(size=len(present)).astype(np.float32)
            found[name] = tf.SparseTensor(
                np.stack([present, np.zeros_like(present)], axis=1),
                tf.strings.as_string(values) if kind.dtype == tf.string else values,
                [number, 1],
            )
        else:
            values = 1000 * draw.normal(size=(number, *kind.shape))
            found[name] = tf.constant(values.astype(kind.dtype.as_numpy_dtype))
    return found


def traced(layer: Callable[..., Any], columns: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """What a layer makes of columns in a graph, as arrays, and the types of its operations."""
    specs = {
        name: tf.SparseTensorSpec([None, None], one.dtype)
        if isinstance(one, tf.SparseTensor)
        else tf.TensorSpec([None, *one.shape[1:]], one.dtype)
        for name, one in columns.items()
    }
    function = tf.function(
        lambda given: dict(layer(given)), input_signature=[specs], autograph=False
    )
    operations = function.get_concrete_function().graph.get_operations()
    found = function(columns)
    arrays = {
        name: [part.numpy() for part in tf.nest.flatten(one, expand_composites=True)]
        for name, one in found.items()
    }
    return arrays, {operation.type for operation in operations}


@pytest.mark.parametrize(("share", "number"), [(1.0, 5), (0.7, 1), (0.4, 0)])
def test_of_any_columns_it_gives_what_tfts_layer_gives(
    transform: tft.TFTransformOutput, share: float, number: int
) -> None:
    draw = np.random.default_rng(number)
    names = {name for name in KINDS if draw.random() < share}
    columns = {name: one for name, one in rows(number, number).items() if name in names}
    theirs, _ = traced(transform.transform_features_layer(), columns)
    ours, operations = traced(inlined.layer(transform), columns)
    assert list(ours) == list(theirs)
    for name, parts in theirs.items():
        for part, same in zip(ours[name], parts, strict=True):
            assert part.dtype == same.dtype
            assert part.shape == same.shape
            assert part.tobytes() == same.tobytes() or np.array_equal(part, same)
    assert not {one for one in operations if one.endswith("PartitionedCall")}


def test_columns_are_put_side_by_side_without_an_operation_for_each(
    transform: tft.TFTransformOutput,
) -> None:
    function = tf.function(inlined.layer(transform), autograph=False)
    graph = function.get_concrete_function(rows(3, 0)).graph
    side_by_side = [
        len(one.inputs)
        for one in graph.get_operations()
        if one.type == "Pack" and one.get_attr("axis") == 1
    ]
    assert side_by_side == [2]  # One of these two is no column of [batch, 1].


def test_a_column_of_another_shape_is_refused(transform: tft.TFTransformOutput) -> None:
    columns = {**rows(3, 0), "pair": tf.zeros([3, 3])}
    with pytest.raises(ValueError, match="incompatible"):
        traced(inlined.layer(transform), columns)


def test_what_has_effects_is_called_as_before(tmp_path: Path) -> None:
    transform = fitted(with_effects, tmp_path)
    columns = rows(3, 0)
    columns["label"] = tf.abs(columns["label"])
    found, operations = traced(inlined.layer(transform), columns)
    assert {one for one in operations if one.endswith("PartitionedCall")}
    assert found["checked"][0].tolist() == columns["label"][:, 0].numpy().tolist()
    with pytest.raises(tf.errors.InvalidArgumentError):
        traced(inlined.layer(transform), {**columns, "label": -1 - columns["label"]})
    # TFT's layer gives what does not depend on the label without it.
    number, _ = traced(inlined.layer(transform), {"number0": columns["number0"]})
    assert list(number) == ["number"]


def test_few_columns_are_left_to_tfts_layer(
    transform: tft.TFTransformOutput, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inlined, "FEWEST_COLUMNS", len(KINDS) + 1)
    _, operations = traced(inlined.layer(transform), rows(2, 0))
    assert {one for one in operations if one.endswith("PartitionedCall")}
