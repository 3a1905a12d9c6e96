"""Parquet exports of the log; test_windows.py has that they say what the log says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monitoring.core.errors import MonitoringError
from monitoring.log import parquet
from monitoring.log.bodies import Names
from monitoring.log.parquet import ParquetFile

NAMES = Names(("fare",), ("probability",))


def table(rows: int, **changes: Any) -> pa.Table:
    """As BigQuery exports it: whole numbers have 64 bits."""
    columns: dict[str, Any] = {
        "id": [f"r{number}" for number in range(rows)],
        "time": pa.array([number * 10**6 for number in range(rows)], pa.timestamp("us", tz="UTC")),
        "model": ["trips"] * rows,
        "version": [1] * rows,
        "status": [200] * rows,
        "row": [0] * rows,
        "input_fare": [float(number) for number in range(rows)],
        "output_probability": [0.5] * rows,
        "request": pa.nulls(rows, pa.string()),
        "response": pa.nulls(rows, pa.string()),
    }
    return pa.table({**columns, **changes})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "requests.parquet"


def test_goes_on_within_groups_of_rows(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_BATCH_ROWS", 4)
    pq.write_table(table(10), path, row_group_size=5)
    for after in range(11):
        file, read, fares = ParquetFile(path, "trips"), after, list[float]()
        while (chunk := file.chunk(read, lambda version: NAMES)) is not None:
            for rows in chunk.rows(np.arange(len(chunk.times))):
                fares += [value.as_py() for value in rows.inputs["fare"]]
            read = int(chunk.reads[-1])
        assert fares == list(range(after, 10))
    file = ParquetFile(path, "trips")
    assert (file.first_id(), file.last(), file.next_time(7)) == ("r0", 10, 7.0)
    assert file.next_time(10) is None


def test_ids_come_alone_and_the_entries_of_some_numbers(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "_BATCH_ROWS", 4)
    models = ["other" if number % 3 == 0 else "trips" for number in range(20)]
    pq.write_table(table(20, model=models), path, row_group_size=6)
    file = ParquetFile(path, "trips")
    for after in (0, 3, 7, 19, 20):
        found = list(file.ids(after, 20))
        mine = [number for number in range(after, 20) if number % 3]
        assert [number for numbers, _ in found for number in numbers] == [n + 1 for n in mine]
        assert [one for _, ids in found for one in ids] == [f"r{number}" for number in mine]
    for wanted in ([1], [6, 7], [2, 3, 14, 20], [*range(1, 21)]):
        chunks = list(file.entries(np.array(wanted), lambda version: NAMES))
        assert [one for chunk in chunks for one in chunk.ids()] == [f"r{n - 1}" for n in wanted]
        assert [number for chunk in chunks for number in chunk.reads] == wanted


def test_rows_in_json_are_read_as_they_are(path: Path) -> None:
    request = [None, '{"fare": "x", "Fare": 1}', '{"instances": [{"fare": 1}, {"fare": 2}]}']
    response = [None, None, '{"predictions": [0.1, 0.2]}']
    pq.write_table(table(3, request=request, response=response), path)
    chunk = ParquetFile(path, "trips").chunk(0, lambda version: NAMES)
    assert chunk is not None
    assert chunk.sizes.tolist() == [1, 1, 2]
    typed, row, whole = chunk.rows(np.arange(3))
    assert list(map(str, typed.inputs["fare"])) == ["0.0"]
    assert (row.inputs, row.outputs) == (
        {"fare": ["x"], "Fare": [1]}, {"probability": [0.5]},
    )  # fmt: skip
    assert (whole.inputs, whole.outputs) == (
        {"fare": [1, 2]}, {"probability": [0.1, 0.2]},
    )  # fmt: skip


def test_another_models_rows_and_refused_requests(path: Path) -> None:
    version = pa.array([1, None, 1], pa.int64())
    pq.write_table(
        table(3, model=["other", "trips", "trips"], version=version, status=[200, 400, 200]), path
    )
    chunk = ParquetFile(path, "trips").chunk(0, lambda version: NAMES)
    assert chunk is not None
    assert chunk.reads.tolist() == [2, 3]
    assert chunk.sizes.tolist() == [0, 1]
    assert ParquetFile(path, "trips").next_time(0) == 1.0


@pytest.mark.parametrize(("back", "fits"), [(1, True), (400, False)])
def test_rows_in_no_order_are_refused_and_a_clock_that_was_set_is_not(
    path: Path, back: int, fits: bool
) -> None:
    times = np.arange(1_000) * 10**6
    times[10 : 10 + 2 * back : 2] -= 7_200 * 10**6
    pq.write_table(table(1_000, time=pa.array(times, pa.timestamp("us", tz="UTC"))), path)
    if fits:
        assert ParquetFile(path, "trips").next_time(0) == 0
        return
    with pytest.raises(MonitoringError, match="in no order") as error:
        ParquetFile(path, "trips").next_time(0)
    assert "ORDER BY time" in error.value.remedy


@pytest.mark.parametrize("damage", ["cut", "empty", "columns"])
def test_other_files_are_refused(path: Path, damage: str) -> None:
    pq.write_table(table(100).drop(["model"] if damage == "columns" else []), path)
    content = path.read_bytes()
    if damage != "columns":
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else b"")
    with pytest.raises(MonitoringError, match=str(path)) as error:
        ParquetFile(path, "trips").next_time(0)
    assert "export" in error.value.remedy


def test_a_file_that_is_gone_says_so(path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ParquetFile(path, "trips").last()


def test_of_long_rows_fewer_are_held_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_BATCH_BYTES", 100_000)
    values = np.random.default_rng(0).random((100, 1_000))
    pq.write_table(table(100, input_vector=list(values)), path)
    file = ParquetFile(path, "trips")
    sizes: list[int] = []
    while (chunk := file.chunk(sum(sizes), lambda version: NAMES)) is not None:
        sizes.append(len(chunk.times))
    assert sum(sizes) == 100
    assert max(sizes) <= 13
