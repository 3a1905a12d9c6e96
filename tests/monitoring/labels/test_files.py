"""Files of true labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monitoring.core.errors import MonitoringError
from monitoring.labels.files import LabelRow, read_labels


def read(path: Path, row: str | None = None, label: str = "tips") -> list[LabelRow]:
    return [one for batch in read_labels(path, "request_id", row, [label]) for one in batch]


def test_csv_and_parquet_say_the_same(tmp_path: Path) -> None:
    text = tmp_path / "truth.csv"
    text.write_text("tips,request_id,row,other\n1.5,007,0,x\n,a,1,y\n2,a,0,\nCash,b,0,\n")
    values: list[Any] = [1.5, None, 2, "Cash"]
    expected = [
        LabelRow(one, row, {"tips": value})
        for one, row, value in zip(["007", "a", "a", "b"], [0, 1, 0, 0], values, strict=True)
    ]
    assert read(text, "row") == expected
    table = tmp_path / "truth.parquet"
    rows = {"request_id": ["007", "a", "a"], "row": [0, 1, 0], "tips": [1.5, None, 2.0]}
    pq.write_table(pa.table(rows), table)
    assert read(table, "row") == expected[:3]
    assert [one.row for one in read(table)] == [None] * 3


def test_a_large_file_comes_in_batches(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    lines = "".join(f"request-{number:030},{number}\n" for number in range(30_000))
    path.write_text("request_id,tips\n" + lines)
    batches = list(read_labels(path, "request_id", None, ["tips"]))
    assert len(batches) > 1
    assert sum(map(len, batches)) == 30_000


@pytest.mark.parametrize("text", ["1_000", "\uff11", "nanny", "0x10"])
def test_what_is_no_number_stays_text(tmp_path: Path, text: str) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(f"request_id,tips\na,{text}\n", encoding="utf-8")
    assert read(path)[0].truth == {"tips": text}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read as labels"),
        (b"", "cannot be read as labels"),
        (b'request_id,tips\n"a\n', "cannot be read as labels"),
        (b"request_id,tips\na,1,2\n", "cannot be read as labels"),
        (b"request_id,tips\na,\xff\n", "cannot be read as labels"),
        (b"id,tips\na,1\n", "'request_id' is not there"),
        (b"request_id,tips,tips\na,1,2\n", "'tips' is twice"),
        (b"request_id,tips\na,1\n,2\n", "row 3: `request_id`"),
    ],
)
def test_bad_files_are_refused(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "truth.csv"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(MonitoringError, match=told) as refused:
        read(path)
    assert str(path) in str(refused.value)
    assert refused.value.remedy


@pytest.mark.parametrize("row", ["-1", "1.5", "x", ""])
def test_bad_row_numbers_are_refused(tmp_path: Path, row: str) -> None:
    path = tmp_path / "truth.csv"
    path.write_text(f"request_id,row,tips\na,{row},1\n")
    with pytest.raises(MonitoringError, match="row 2: `row` cannot be used"):
        read(path, "row")


def test_a_text_file_that_is_called_parquet_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "truth.parquet"
    path.write_text("request_id,tips\n")
    with pytest.raises(MonitoringError, match="cannot be read as labels"):
        read(path)
