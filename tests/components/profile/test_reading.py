"""The rows of a split: all, or a fair sample in bounded memory, as columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.profile import reading
from tests.components.profile.examples import column, example, write

pytestmark = pytest.mark.tfx

ROWS = [
    {"x": 0.1, "n": 3, "name": "Tör", "tags": ["a", "b"]},
    {"x": float("nan"), "n": -(2**63), "name": ""},
    {"n": 0, "tags": ["", "c"]},
    {"x": float("inf"), "name": b"\xff"},
]


def test_what_stands_for_a_missing_value_is_none() -> None:
    serialized = [example(row) for row in ROWS]
    found = reading.columns(serialized, ["x", "n", "name", "tags", "nowhere"])
    assert found["x"].values.tolist() == [np.float32(0.1)] and found["x"].missing == 3
    assert found["n"].values.tolist() == [3, 0] and found["n"].lengths.tolist() == [1, 0, 1, 0]
    assert found["name"].values.tolist() == ["Tör".encode(), b"\xff"]
    assert found["tags"].values.tolist() == [b"a", b"b", b"c"]
    assert found["tags"].lengths.tolist() == [2, 0, 1, 0] and not found["tags"].is_scalar
    assert found["tags"].rows_of_values.tolist() == [0, 0, 2]
    assert found["nowhere"].missing == 4 and not len(found["nowhere"].values)


def test_a_column_that_only_some_batches_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_BATCH_BYTES", 1)  # A batch for each row.
    rows: list[dict[str, Any]] = [{"a": "x"}, {}, {"b": 2}, {"a": "y", "b": 3}]
    found = reading.columns([example(row) for row in rows], ["a", "b"])
    assert found["a"].filled(b"-").tolist() == [b"x", b"-", b"-", b"y"]
    assert found["b"].filled(0).tolist() == [0, 0, 2, 3]


def test_batches_have_every_row_once_and_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_BATCH_BYTES", 10)
    rows = [b"x" * size for size in (1, 4, 4, 4, 30, 1, 1, 1, 1)]
    found = list(reading.batches(rows, 3))
    assert [row for batch in found for row in batch] == rows
    assert all(len(b) <= 3 and (len(b) == 1 or sum(map(len, b)) <= 10) for b in found)
    assert list(reading.batches([])) == []


def test_one_value_a_row_is_the_first() -> None:
    found = column([[5, 6], None, 7])
    assert found.filled(0).tolist() == [5, 0, 7]
    assert column([None, None]).filled(0).tolist() == [0, 0]
    assert column([None]).filled(b"").tolist() == [b""]


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    parts = [range(2_000), range(2_000, 5_000)]
    return [
        write(tmp_path / f"{number}.gz", ({"n": n} for n in part))
        for number, part in enumerate(parts)
    ]


def numbers(rows: reading.Rows) -> list[int]:
    return reading.columns(rows.serialized, ["n"])["n"].values.tolist()


def test_few_rows_are_all_there_in_order(files: list[str]) -> None:
    found = reading.sampled(files)
    assert found.of == 5_000 and numbers(found) == list(range(5_000))
    assert reading.sampled([]) == reading.Rows([], 0)


@pytest.mark.parametrize("by_bytes", [False, True])
def test_of_many_rows_each_is_as_likely(
    files: list[str], monkeypatch: pytest.MonkeyPatch, by_bytes: bool
) -> None:
    """The sample's mean is the data's, by a test that fails by chance once in a billion seeds."""
    if by_bytes:
        monkeypatch.setattr(reading, "MOST_BYTES", 500 * len(example({"n": 300})))
    found = reading.sampled(files, 10_000 if by_bytes else 500)
    sample = numbers(found)
    assert found.of == 5_000 and len(set(sample)) == len(sample) and 400 <= len(sample) <= 600
    deviation = np.sqrt((5_000**2 - 1) / 12 / len(sample) * (1 - len(sample) / 5_000))
    assert abs(np.mean(sample) - 2_499.5) < 6 * deviation
    assert numbers(reading.sampled(files, 10_000 if by_bytes else 500)) == sample
