"""The input function: every row once, in the shapes that a network takes, with a label of use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft

from models.common import examples
from tests.models.tiny_sample import LABEL, Sample

pytestmark = [pytest.mark.tfx, pytest.mark.slow]


def batches(tiny: Sample, files: list[str] | None = None, **options: Any) -> list[Any]:
    made = examples.batches(files or tiny.eval_files, tiny.transform, LABEL, **options)
    return list(made.as_numpy_iterator())


def miles(batches: list[Any]) -> list[float]:
    return [float(value) for features, _ in batches for value in features["miles_xf"][:, 0]]


def test_batches_have_one_shape(tiny: Sample) -> None:
    made = batches(tiny, batch_size=16)
    assert [len(labels) for _, labels in made] == [16, 16, 16, 12]
    for features, labels in made:
        assert LABEL not in features and labels.shape == (len(labels), 1)
        assert features.keys() == tiny.transform.transformed_feature_spec().keys() - {LABEL}
        for name, values in features.items():
            assert values.shape == (len(labels), 2 if name == "position_xf" else 1), name


def test_every_row_is_there_in_order(tiny: Sample) -> None:
    raw = tf.constant(list(examples.records(tiny.eval_files).as_numpy_iterator()))
    expected = examples.transformer(tiny.transform)(raw)["miles_xf"]
    np.testing.assert_allclose(miles(batches(tiny, batch_size=7)), expected, 1e-6)


def test_shuffling_keeps_every_row_and_differs_between_passes(tiny: Sample) -> None:
    dataset = examples.batches(tiny.eval_files, tiny.transform, LABEL, 16, shuffle=True)
    first, second = (miles(list(dataset.as_numpy_iterator())) for _ in range(2))
    in_order = miles(batches(tiny, batch_size=16))
    assert sorted(first) == sorted(second) == sorted(in_order)
    assert first != in_order and first != second


def test_a_label_stays_with_its_row(tiny: Sample) -> None:
    [(in_order, labels)] = batches(tiny, batch_size=60)
    label_of = dict(zip(in_order["miles_xf"][:, 0], labels[:, 0], strict=True))
    for features, shuffled in batches(tiny, batch_size=16, shuffle=True):
        assert [label_of[value] for value in features["miles_xf"][:, 0]] == shuffled[:, 0].tolist()


def test_several_files_follow_each_other(tiny: Sample) -> None:
    both = [*tiny.eval_files, *tiny.train_files]
    assert len(miles(batches(tiny, both, batch_size=64))) == 300


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("batch_size", [1, 16, 60, 100])
@pytest.mark.parametrize("window", [10, 20_000])
def test_what_is_in_memory_comes_as_what_is_read_in_each_pass(
    shuffle: bool, batch_size: int, window: int, tiny: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examples, "SHUFFLED_ROWS", window)
    monkeypatch.setattr(examples, "TRANSFORMED_ROWS", 7)
    options: dict[str, Any] = {"shuffle": shuffle, "class_weights": {0: 2.0}}
    passes: list[Any] = []
    specs: list[Any] = []
    for most in (2**30, 0):
        monkeypatch.setattr(examples, "CACHED_BYTES", most)
        tf.random.set_seed(3)
        made = examples.batches(tiny.eval_files, tiny.transform, LABEL, batch_size, **options)
        passes.append([list(made.as_numpy_iterator()) for _ in range(3)])
        specs.append(made.element_spec)
    assert specs[0] == specs[1]
    in_memory, read = passes
    tf.nest.assert_same_structure(in_memory, read)
    for mine, theirs in zip(tf.nest.flatten(in_memory), tf.nest.flatten(read), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_no_rows_give_no_batches(tiny: Sample, tmp_path: Path) -> None:
    path = str(tmp_path / "none")
    tf.io.TFRecordWriter(path).close()
    assert batches(tiny, [path], batch_size=16, shuffle=True) == []


def test_files_of_patterns_are_sorted(tmp_path: Path) -> None:
    for name in ("b-1.gz", "b-0.gz", "a-0.gz", "c"):
        (tmp_path / name).touch()
    found = examples.files_of([f"{tmp_path}/b-*", f"{tmp_path}/a-*", f"{tmp_path}/nothing*"])
    assert [Path(path).name for path in found] == ["a-0.gz", "b-0.gz", "b-1.gz"]


def test_records_may_be_plain(tmp_path: Path) -> None:
    path = str(tmp_path / "plain")
    with tf.io.TFRecordWriter(path) as writer:
        writer.write(b"one")
    assert list(examples.records([path]).as_numpy_iterator()) == [b"one"]


def test_model_inputs_are_columns() -> None:
    inputs = examples.model_inputs(
        {"a": tf.zeros([3]), "b": tf.zeros([3, 2]), "y": tf.zeros([3])}, "y"
    )
    assert {name: tensor.shape.as_list() for name, tensor in inputs.items()} == {
        "a": [3, 1],
        "b": [3, 2],
    }


SPECS = {
    "dense": tf.io.FixedLenFeature([], tf.float32),
    "one": tf.io.FixedLenFeature([1], tf.int64),
    "image": tf.io.FixedLenFeature([2, 2], tf.float32),
    "word": tf.io.FixedLenFeature([1], tf.string),
    "list": tf.io.VarLenFeature(tf.float32),
    "text": tf.io.VarLenFeature(tf.string),
    "never": tf.io.VarLenFeature(tf.int64),
}
OTHERS = {
    "with a default": {"absent": tf.io.FixedLenFeature([], tf.float32, 7.0)},
    "ragged": {"list": tf.io.RaggedFeature(tf.float32)},
    "of any length": {"list": tf.io.FixedLenSequenceFeature([], tf.float32, allow_missing=True)},
}


def serialized(rows: int) -> list[bytes]:
    """Rows with 0, 1, 2 and so on values in their lists."""
    found = []
    for row in range(rows):
        feature = tf.train.Example()
        values = feature.features.feature
        values["dense"].float_list.value.append(row)
        values["one"].int64_list.value.append(-row)
        values["image"].float_list.value.extend([row, 1, 2, 3])
        values["word"].bytes_list.value.append(b"w")
        values["list"].float_list.value.extend(range(row))
        values["text"].bytes_list.value.extend([b"t"] * (row % 2))
        found.append(feature.SerializeToString())
    return found


@pytest.mark.parametrize("rows", [0, 1, 4])
@pytest.mark.parametrize("other", [{}, {"dense": None}, *OTHERS.values()])
def test_examples_are_parsed_as_tensorflow_parses_them(rows: int, other: dict[str, Any]) -> None:
    spec = SPECS | other
    if other == {"dense": None}:
        spec = {name: one for name, one in SPECS.items() if name in ("list", "text")}
    batch = tf.constant(serialized(rows), tf.string)
    expected = tf.io.parse_example(batch, spec)
    found = examples.parse(batch, spec)
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert type(found[name]) is type(tensor) and found[name].shape == tensor.shape
        for mine, theirs in zip(
            tf.nest.flatten(found[name], expand_composites=True),
            tf.nest.flatten(tensor, expand_composites=True),
            strict=True,
        ):
            np.testing.assert_array_equal(mine, theirs)


def test_a_row_without_a_value_that_each_has_is_refused() -> None:
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Feature: dense .*is required"):
        examples.parse(tf.constant([b""]), SPECS)


def test_a_column_is_no_operation_of_the_parser() -> None:
    def operations(number: int) -> int:
        spec = {f"c{index}": tf.io.FixedLenFeature([1], tf.float32) for index in range(number)}
        traced = tf.function(lambda batch: examples.parse(batch, spec), autograph=False)
        graph = traced.get_concrete_function(tf.TensorSpec([None], tf.string)).graph
        return sum(one.type not in ("Placeholder", "Identity") for one in graph.get_operations())

    assert operations(12) == operations(2)


def test_a_fitted_preprocessing_is_traced_once(tiny: Sample) -> None:
    transform = tft.TFTransformOutput(tiny.transform_path)
    transformed: Any = examples.transformer(transform)
    one = examples.feature(transform, LABEL)
    assert one is examples.feature(transform, LABEL)
    rows = tf.constant(list(examples.records(tiny.train_files).take(5).as_numpy_iterator()))
    assert one(rows).numpy().tolist() == transformed(rows)[LABEL].numpy().tolist()
    assert transformed.experimental_get_tracing_count() == 1
    assert examples.transformer(transform) is transformed
