"""Rows as `tf.Example`s in split files: nothing lost, and splits by content alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import tensorflow as tf

from components import examples_writer
from components.tables.splits import SplitRule

pytestmark = pytest.mark.tfx


def batch(**columns: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(columns)


def written(folder: Path, split: str) -> list[int]:
    """The values of `a` in a split."""
    files = sorted(str(path) for path in folder.glob(f"{split}/*"))
    records = tf.data.TFRecordDataset(files, "GZIP").as_numpy_iterator()
    examples = map(tf.train.Example.FromString, records)
    return [example.features.feature["a"].int64_list.value[0] for example in examples]


def write(folder: Path, batches: Sequence[pa.RecordBatch], splits: dict[str, int]) -> None:
    folders = {split: str(folder / split) for split in splits}
    examples_writer.write(batches, SplitRule(splits), folders, "00000", "t.csv")


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
    left_out = examples_writer.write([rows], SplitRule({"train": 1}), folders, "0", "a.csv", ["y"])
    assert left_out == 4 - len(kept)
    assert (sorted(written(tmp_path, "train")) if kept else []) == kept
