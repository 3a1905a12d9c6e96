"""Labels of every type become numbers, and classes keep their names."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from models.common.errors import ModelCodeError
from models.common.labels import checks, encoding
from tests.models.common.labels.label_rows import Y, encoded, files, fit

pytestmark = [pytest.mark.tfx, pytest.mark.slow]


def test_text_becomes_the_numbers_of_its_sorted_classes(tmp_path: Path) -> None:
    transform = fit(tmp_path, ["yes", "no", "müde", "yes", "no"])
    assert encoding.class_names(transform) == ["müde", "no", "yes"]
    assert encoded(tmp_path, transform, ["no", "yes", "müde"]) == [1, 2, 0]
    found = checks.check(Y, transform, files(tmp_path, ["yes", "no", "no"]))
    assert found == checks.LabelValues(3, ["müde", "no", "yes"], Counter({1: 2, 2: 1}), (1, 2))


def test_classes_of_the_config_keep_their_order(tmp_path: Path) -> None:
    transform = fit(tmp_path, ["low", "high", "low"], ["low", "medium", "high"])
    assert encoding.class_names(transform) == ["low", "medium", "high"]
    assert encoded(tmp_path, transform, ["high", "low"]) == [2, 0]


@pytest.mark.parametrize("classes", [(), ("no", "yes")])
@pytest.mark.parametrize("split", ["train", "eval", "test"])
def test_a_class_that_is_not_known_is_named(tmp_path: Path, classes: Any, split: str) -> None:
    transform = fit(tmp_path, ["yes", "no"], classes)
    good, bad = files(tmp_path, ["yes", "no"]), files(tmp_path, ["yes", "maybe"], "bad.gz")
    of = {"train": (bad, good), "eval": (good, bad), "test": (good, good, bad)}[split]
    with pytest.raises(ModelCodeError, match=f"'y' has the value 'maybe' in the {split} split"):
        checks.check(Y, transform, *of)


def test_a_request_needs_no_label(tmp_path: Path) -> None:
    layer = fit(tmp_path, ["yes", "no"]).transform_features_layer()
    assert layer({"x": tf.constant([7.0])})["x_xf"].numpy() == [7.0]


@pytest.mark.parametrize(
    ("dtype", "values", "expected"),
    [
        (tf.bool, [0, 1, 1], [0, 1, 1]),
        (tf.int64, [3, -1, 3], [3, -1, 3]),
        (tf.float32, [0.5, 2.0, 0.5], [0.5, 2.0, 0.5]),
    ],
)
def test_other_types_are_numbers(
    tmp_path: Path, dtype: Any, values: list[float], expected: list[float]
) -> None:
    transform = fit(tmp_path, values, dtype=dtype)
    assert encoding.class_names(transform) == []
    assert encoded(tmp_path, transform, values) == expected
    assert checks.check(Y, transform, files(tmp_path, values)).rows == 3


@pytest.mark.parametrize(
    ("dtype", "values"), [(tf.bool, [0, 1]), (tf.int64, [0, 1]), (tf.float32, [0.0, 1.0])]
)
def test_numbered_classes_may_have_names(tmp_path: Path, dtype: Any, values: list[float]) -> None:
    transform = fit(tmp_path, values, ["no", "yes"], dtype=dtype)
    assert encoding.class_names(transform) == ["no", "yes"]
    assert encoded(tmp_path, transform, values) == [0, 1]
    if dtype != tf.bool:
        beyond = files(tmp_path, [*values, type(values[0])(2)])
        with pytest.raises(ModelCodeError, match="'y' has the value '2"):
            checks.check(Y, transform, beyond)


@pytest.mark.parametrize("shape", [[3], [3, 1]])
def test_the_evaluator_finds_slices_by_the_names_of_classes(shape: list[int]) -> None:
    numbers = tf.reshape(tf.constant([1, 0, 1], tf.int64), shape)
    rows = {"y": numbers, "x_xf": tf.zeros([3])}
    found = encoding.for_judging(rows, "y", ["no", "yes"])
    assert found["y"].shape == shape
    assert tf.reshape(found["y"], [-1]).numpy().tolist() == [b"yes", b"no", b"yes"]
    assert found["y/number"] is numbers and found.keys() == {"y", "y/number", "x_xf"}
    assert encoding.for_judging(rows, "y")["y"] is numbers
