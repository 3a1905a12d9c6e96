"""What is kept of a table has a fixed size and is a fair sample of it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from pipeline.scaffold.reading.sketches import RowSample, ValueSketch


def batches(rows: int, size: int = 1000) -> list[pa.RecordBatch]:
    numbers = np.arange(rows)
    return [
        pa.RecordBatch.from_arrays([pa.array(numbers[start : start + size])], names=["n"])
        for start in range(0, rows, size)
    ]


def test_a_small_table_is_kept_whole_and_in_order() -> None:
    sample = RowSample(100)
    for batch in batches(90, 7):
        sample.add(batch)
    columns, places = sample.columns()
    assert columns["n"].to_pylist() == list(range(90)) == places.tolist()


def test_a_sample_has_its_size_and_every_part_of_the_table_in_it() -> None:
    sample = RowSample(2_000)
    for batch in batches(100_000):
        sample.add(batch)
    columns, places = sample.columns()
    assert len(places) == 2_000 == len(set(places.tolist()))
    assert columns["n"].to_pylist() == places.tolist() == sorted(places.tolist())
    # 200 in each tenth; five standard deviations are 67.
    tenths = np.bincount(places // 10_000, minlength=10)
    assert tenths.min() > 130 and tenths.max() < 270


def test_a_sample_is_the_same_in_each_run() -> None:
    def places() -> list[int]:
        sample = RowSample(50)
        for batch in batches(3_000, 100):
            sample.add(batch)
        return [int(place) for place in sample.columns()[1]]

    assert places() == places()


def test_a_column_that_a_batch_lacks_is_missing_there() -> None:
    sample = RowSample(10)
    sample.add(pa.RecordBatch.from_arrays([pa.array(["x"])], names=["a"]))
    sample.add(pa.RecordBatch.from_arrays([pa.array([1.5])], names=["b"]))
    columns, _ = sample.columns()
    assert columns["a"].to_pylist() == ["x", None] and columns["b"].to_pylist() == [None, 1.5]


@pytest.mark.parametrize("kind", [pa.string(), pa.int64(), pa.float64()])
def test_few_values_are_counted_exactly(kind: pa.DataType) -> None:
    sketch = ValueSketch(64)
    for _ in range(10):
        sketch.add(pa.array([number % 60 for number in range(240)]).cast(kind).dictionary_encode())
    assert sketch.is_exact and sketch.distinct() == 60
    assert {count for _, count in sketch.counts()} == {40}


@pytest.mark.parametrize("kind", [pa.string(), pa.int64()])
def test_many_values_are_estimated_and_those_kept_are_counted_exactly(kind: pa.DataType) -> None:
    sketch = ValueSketch(512)
    for start in range(0, 60_000, 5_000):
        numbers = [number // 3 for number in range(start, start + 5_000)]
        sketch.add(pa.array(numbers).cast(kind).dictionary_encode())
    assert not sketch.is_exact
    # Four standard errors of 1 / sqrt(510).
    assert sketch.distinct() == pytest.approx(20_000, rel=0.18)
    assert {count for _, count in sketch.counts()} == {3}
    assert len(sketch.counts()) <= 1024


def test_nulls_are_no_value() -> None:
    sketch = ValueSketch(8)
    sketch.add(pa.array(["a", None, "a"]).dictionary_encode())
    sketch.add(pa.array([None, None], pa.string()).dictionary_encode())
    assert sketch.counts() == [("a", 2)]
