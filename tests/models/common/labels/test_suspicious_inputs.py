"""Identifiers and columns that tell the label are found, and honest columns are not."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from models.common.labels import suspicious_inputs
from models.common.labels.checks import LabelValues
from models.common.labels.suspicious_inputs import (
    _is_identifier,
    _share_explained,
    _share_right,
    _tells,
)
from tests.models import tiny_sample
from tests.models.tiny_sample import Sample

pytestmark = pytest.mark.tfx

RANDOM = np.random.default_rng(0)
ROWS = 400


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([f"user-{number}".encode() for number in range(ROWS)], True),
        (np.arange(1000, 1000 + ROWS), True),
        (RANDOM.permutation(ROWS), True),
        (RANDOM.integers(0, 10**9, ROWS), False),  # Such as a population.
        (RANDOM.normal(size=ROWS), False),
        ([f"word {number} of a text".encode() for number in range(ROWS)], False),
        ([f"city-{number % 40}".encode() for number in range(ROWS)], False),
        (np.arange(5), False),
    ],
)
def test_an_identifier_has_a_value_of_its_own_in_each_row(values: object, expected: bool) -> None:
    array = np.array(values, object) if isinstance(values, list) else np.asarray(values)
    assert _is_identifier(array) == expected


def halves(array: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return array[::2], array[1::2]


def told(values: np.ndarray, label: np.ndarray, of_classes: bool = True) -> bool:
    (known, new), (before, after) = halves(values), halves(label)
    share = _share_right if of_classes else _share_explained
    right, without = share(known, before, new, after)
    return _tells(right, without, len(after))


@pytest.mark.parametrize("classes", [2, 5])
def test_a_column_that_tells_the_class(classes: int) -> None:
    label = RANDOM.integers(0, classes, ROWS)
    words = np.array([f"grade {value}".encode() for value in label], object)
    assert told(words, label)
    assert told(label.astype(float), label)
    assert told(label + RANDOM.uniform(0, 1e-3, ROWS), label) or classes > 2
    with_gaps = label.astype(float)
    with_gaps[label == 0] = np.nan
    assert told(with_gaps, label)


def test_a_number_on_either_side_of_a_bound_tells_the_class() -> None:
    number = RANDOM.normal(size=4 * ROWS)
    assert told(number, (number > 0.3).astype(int))


def test_honest_columns_do_not() -> None:
    label = RANDOM.integers(0, 2, ROWS)
    noisy = np.where(RANDOM.uniform(size=ROWS) < 0.9, label, 1 - label)
    assert not told(noisy, label)
    assert not told(RANDOM.normal(size=ROWS), label)
    assert not told(np.array([str(n).encode() for n in range(ROWS)], object), label)
    assert not told(np.zeros(ROWS), label)
    rare = (RANDOM.uniform(size=ROWS) < 0.01).astype(int)  # Right in 99 % by the class alone.
    assert not told(RANDOM.normal(size=ROWS), rare)


def test_a_column_that_tells_a_quantity() -> None:
    quantity = RANDOM.lognormal(size=4 * ROWS)
    assert told(2 * quantity + 1, quantity, of_classes=False)
    assert not told(quantity * RANDOM.lognormal(size=4 * ROWS), quantity, of_classes=False)
    assert not told(RANDOM.normal(size=4 * ROWS), quantity, of_classes=False)


LABELS = np.repeat(RANDOM.integers(0, 2, 100), 5)
USERS = np.repeat(np.array([f"u{number}".encode() for number in range(100)], object), 5)


@pytest.mark.parametrize(
    ("column", "label", "changes", "expected"),
    [
        (USERS, LABELS, {}, True),
        (np.repeat(np.arange(100), 5) * 10**6, LABELS, {}, True),
        (USERS, np.repeat(RANDOM.normal(size=100), 5), {}, True),
        (USERS, RANDOM.permutation(LABELS), {}, False),
        (np.repeat(RANDOM.normal(size=100), 5), LABELS, {}, False),  # A measurement.
        (np.array([b"no", b"yes"], object)[LABELS], LABELS, {}, False),  # The label in words.
        (USERS, LABELS, {"split_by_row": False}, False),
        (USERS, LABELS, {"label_columns": ("column",)}, False),
        (USERS, LABELS, {"weight": "column"}, False),
    ],
)
def test_rows_of_a_group_with_one_label_that_are_in_several_splits(
    column: np.ndarray,
    label: np.ndarray,
    changes: dict[str, Any],
    expected: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    in_train = RANDOM.uniform(size=len(label)) < 0.8
    splits = {"train": in_train, "eval": ~in_train}

    def table(transform: Any, spec: Any, name: str, files: list[str], rows: int) -> Any:
        return {"column": column[splits[files[0]]]} if spec else {}, label[splits[files[0]]]

    monkeypatch.setattr(suspicious_inputs, "_table", table)
    transform = SimpleNamespace(raw_feature_spec=lambda: {"column": tf.io.VarLenFeature(tf.string)})
    plan = tiny_sample.plan(**{"split_by_row": True, **changes})
    of_classes = label.dtype.kind == "i"
    values = LabelValues(400, [], Counter(label.tolist()) if of_classes else None)
    found = suspicious_inputs.findings(plan, transform, ["train"], ["eval"], values)
    assert bool(found) == expected
    if found:
        assert found[0]["headline"].startswith("Rows with the same 'column' have the same label")
        assert 'splits.by: ["column"]' in found[0]["detail"]


@pytest.mark.slow
def test_the_columns_of_examples_are_looked_at(tiny: Sample) -> None:
    from models.common.labels import checks

    plan = tiny_sample.plan()
    label = checks.check(plan, tiny.transform, tiny.train_files)
    found = suspicious_inputs.findings(
        plan, tiny.transform, tiny.train_files, tiny.eval_files, label
    )
    # The label is whether `tips` is above 2, and that is whether `miles` is above 10.
    assert [one["headline"] for one in found] == [
        "The input 'miles' tells the label 'generous' alone"
    ]
    assert "of 60 rows of the eval split are right" in found[0]["detail"]
