"""Rows as `tf.Example`s in split files: nothing lost, and splits by content alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from components import examples_writer

pytestmark = pytest.mark.tfx

VALUES = st.none() | st.integers(-9, 9)


def batch(**columns: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(columns)


@pytest.mark.parametrize(
    ("column", "kind", "values"),
    [
        (pa.array([1, None]), pa.int64(), [[1], []]),
        (pa.array([0.5, None]), pa.float32(), [[0.5], []]),
        (pa.array(["é", None]), pa.binary(), [["é".encode()], []]),
        (pa.array([b"\xff", b""]), pa.binary(), [[b"\xff"], [b""]]),
        (pa.array([[1, 2], None]), pa.int64(), [[1, 2], []]),
        (pa.array([[], ["x"]]), pa.binary(), [[], [b"x"]]),
        (pa.array([None, None], pa.float64()), pa.float32(), [[], []]),
    ],
)
def test_every_column_is_a_list_of_what_an_example_holds(
    column: pa.Array, kind: pa.DataType, values: list[Any]
) -> None:
    [found] = examples_writer.to_lists(batch(c=column)).columns
    assert found.type == pa.list_(kind)
    assert found.to_pylist() == values


def test_columns_are_sorted_and_those_without_a_type_left_out() -> None:
    rows = batch(b=pa.array([1]), a=pa.array([2]), n=pa.nulls(1), m=pa.array([[None]]))
    assert examples_writer.to_lists(rows).schema.names == ["a", "b"]


def hashes(**columns: Any) -> list[int]:
    return list(examples_writer.row_hashes(examples_writer.to_lists(batch(**columns))))


def test_a_rows_hash_is_the_same_in_every_run() -> None:
    # Another hash would put every row of every table into another split.
    assert hashes(a=pa.array([1, None]), b=pa.array(["x", "y"])) == [
        0x97616A4A473EE0C2,
        0x10ED9EFD9CCDACEC,
    ]


@given(st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=8))
def test_a_rows_hash_is_that_of_its_content(rows: list[tuple[int | None, int | None]]) -> None:
    a, b = (pa.array(column, pa.int64()) for column in zip(*rows, strict=True))
    found = hashes(a=a, b=b)
    assert found == hashes(b=b, a=a), "the order of columns is not content"
    assert found[1:] == hashes(a=a[1:], b=b[1:]), "neither are the rows before"
    assert len(set(found)) == len(set(rows)), "other rows have other hashes"


def written(folder: Path, split: str) -> list[int]:
    """The values of `a` in a split."""
    files = sorted(str(path) for path in folder.glob(f"{split}/*"))
    records = tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator()
    examples = map(tf.train.Example.FromString, records)
    return [example.features.feature["a"].int64_list.value[0] for example in examples]


def write(folder: Path, batches: Sequence[pa.RecordBatch], splits: dict[str, int]) -> None:
    folders = {split: str(folder / split) for split in splits}
    examples_writer.write(batches, splits, folders, "00000")


def test_each_row_is_in_one_split_by_its_share(tmp_path: Path) -> None:
    rows = list(range(2_000))
    write(tmp_path, [batch(a=rows[:700]), batch(a=rows[700:])], {"train": 3, "eval": 1})
    train, evaluated = written(tmp_path, "train"), written(tmp_path, "eval")
    assert sorted(train + evaluated) == rows
    assert len(train) == pytest.approx(1_500, abs=100)
    assert train == sorted(train), "rows keep their order"


def test_a_split_without_rows_gets_no_file(tmp_path: Path) -> None:
    write(tmp_path, [batch(a=[1])], {"train": 1, "eval": 0})
    assert [path.name for path in tmp_path.iterdir()] == ["train"]
    assert written(tmp_path, "train") == [1]


def test_many_rows_make_several_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples_writer, "_ROWS_A_FILE", 10)
    write(tmp_path, [batch(a=[number] * 4) for number in range(6)], {"train": 1})
    assert sorted(path.name for path in (tmp_path / "train").iterdir()) == [
        f"data_tfrecord-00000-0000{number}.gz" for number in range(3)
    ]
    assert sorted(written(tmp_path, "train")) == sorted([*range(6)] * 4)


@pytest.mark.parametrize(
    ("column", "kept"),
    [
        ({"y": [1, None, 3, None]}, [0, 2]),
        ({"y": [None, 2.5, None, 1.0]}, [1, 3]),
        ({"y": ["a", "", None, "b"]}, [0, 3]),
        ({"y": [None, None, "", "b"]}, [3]),
        ({"y": [[1, 2], [], None, [3]]}, [0, 3]),
        ({"y": pa.array([None] * 4, pa.int64())}, []),
        ({"y": [None] * 4}, []),
        ({}, []),
        ({"y": [0, 0, 0, 0]}, [0, 1, 2, 3]),
    ],
)
def test_rows_without_a_required_value_are_left_out_and_counted(
    tmp_path: Path, column: dict[str, Any], kept: list[int]
) -> None:
    rows = pa.RecordBatch.from_pydict({"a": [0, 1, 2, 3], **column})
    folders = {"train": str(tmp_path / "train")}
    assert examples_writer.write([rows], {"train": 1}, folders, "00000", ["y"]) == 4 - len(kept)
    assert (sorted(written(tmp_path, "train")) if kept else []) == kept
