"""The input function: every row once, in the shapes that a network takes, with a label of use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

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


def test_big_data_is_not_kept_in_memory(tiny: Sample, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = miles(batches(tiny, batch_size=16))
    monkeypatch.setattr(examples, "CACHED_BYTES", 0)
    assert miles(batches(tiny, batch_size=16)) == expected


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
