"""What a row of Parquet means to a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.components.tables.table_files import pickle_that_writes, with_pickle
from tests.serving.batch.reading import instances

pytestmark = pytest.mark.tfx


@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("n", pa.array([1.0, None]), [{"n": 1}, {}]),
        ("n", pa.array([1.5, 2.0]), [{"n": 1.5}, {"n": 2}]),
        ("s", pa.array([7, 8]), [{"s": "7"}, {"s": "8"}]),
        ("s", pa.array([b"\xff", None]), [{"s": {"b64": "/w=="}}, {}]),
        ("l", pa.array([1, 2]), [{"l": [1]}, {"l": [2]}]),
        ("l", pa.array([[1, 2], []]), [{"l": [1, 2]}, {"l": []}]),
        ("b", pa.array([True, False]), [{"b": True}, {"b": False}]),
        ("other", pa.array([1, 2]), [{}, {}]),
    ],
)
def test_parquet(
    signature: Any, tmp_path: Path, column: str, values: pa.Array, expected: list[Any]
) -> None:
    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"x": [0.5, 1.5], column: values}), path)
    wanted = [{"x": x, **row} for x, row in zip((0.5, 1.5), expected, strict=True)]
    # In JSON, 1 and 1.0 differ, as they do to the server.
    assert json.dumps(instances(path, signature)) == json.dumps(wanted)


def test_rows_of_parquet_are_numbered_and_asked_alike_whatever_its_groups(
    signature: Any, tmp_path: Path
) -> None:
    from serving.batch import parquet_format

    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"x": [float(n) for n in range(25)]}), path, row_group_size=4)
    chunks = list(parquet_format.read(path, signature, 10))
    assert [len(chunk) for chunk in chunks] == [10, 10, 5]
    assert [row.number for chunk in chunks for row in chunk] == list(range(1, 26))
    assert [row.instance["x"] for chunk in chunks for row in chunk] == list(range(25))


def test_a_file_does_not_run_code(signature: Any, tmp_path: Path) -> None:
    from serving.core.errors import ServingError

    evidence, path = tmp_path / "evidence", tmp_path / "rows.parquet"
    rows = with_pickle(pickle_that_writes(evidence)).append_column("x", pa.array([0.5, 1.5]))
    pq.write_table(rows, path)
    try:
        assert instances(path, signature) == [{"x": 0.5}, {"x": 1.5}]
    except ServingError as error:
        assert "a column whose type is Python code" in str(error)
    assert not evidence.exists()


def test_a_damaged_page_names_the_file(signature: Any, tmp_path: Path) -> None:
    from serving.core.errors import Code, ServingError

    path = tmp_path / "rows.parquet"
    pq.write_table(pa.table({"x": [n / 7 for n in range(5_000)]}), path, compression="gzip")
    content = bytearray(path.read_bytes())
    content[200:260] = b"\xff" * 60
    path.write_bytes(content)
    with pytest.raises(ServingError, match=r"rows\.parquet is damaged") as raised:
        instances(path, signature)
    assert raised.value.code is Code.DATA_LOSS
