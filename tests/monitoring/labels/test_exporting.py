"""Labelled rows as files that training reads."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monitoring.core.errors import MonitoringError
from monitoring.labels import exporting
from monitoring.labels.exporting import Table, export, training_table
from monitoring.labels.store import JoinedRow, LabelStore
from tests.monitoring.trip_profile import profile


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LabelStore]:
    """Labels without any."""
    found = LabelStore(tmp_path / "labels")
    yield found
    found.close()


def join(store: LabelStore, *rows: dict[str, Any], truth: Any = 2.0) -> None:
    with store.transaction():
        before = store.last_joined()
        store.add_joined(
            JoinedRow(f"r{before + number}", 0, 1, 5.0, row, {"tips": truth})
            for number, row in enumerate(rows)
        )


CSV = Table("csv", ("fare", "company", "trip_id", "tips"))


def test_each_row_is_in_one_file_in_the_columns_of_training(
    store: LabelStore, tmp_path: Path
) -> None:
    join(store, {"fare": 1.5, "company": "A, B"}, {"fare": [2.5], "other": 1, "company": None})
    ((path, rows),) = list(export(store, tmp_path, CSV))
    assert (path.name, rows) == ("labelled-1-2.csv", 2)
    with path.open(newline="") as file:
        assert list(csv.reader(file)) == [
            ["fare", "company", "trip_id", "tips"],
            ["1.5", "A, B", "", "2.0"],
            ["2.5", "", "", "2.0"],
        ]
    assert list(export(store, tmp_path, CSV)) == []
    join(store, {"fare": 3.5})
    assert [path.name for path, _ in export(store, tmp_path, CSV)] == ["labelled-3-3.csv"]


def test_large_exports_are_several_files(
    store: LabelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "_MOST_ROWS", 2)
    join(store, *({"fare": float(number)} for number in range(5)))
    assert [rows for _, rows in export(store, tmp_path, CSV)] == [2, 2, 1]


def test_parquet_has_the_types_of_training(store: LabelStore, tmp_path: Path) -> None:
    schema = pa.schema(
        [
            ("fare", pa.float32()), ("seconds", pa.int64()), ("company", pa.string()),
            ("stops", pa.list_(pa.float64())), ("tips", pa.float64()),
        ]
    )  # fmt: skip
    rows: list[dict[str, Any]] = [
        {"fare": 1, "seconds": 60.0, "company": 7, "stops": [1.0, 2.0]},
        {"fare": [1.5], "seconds": None, "stops": 3.0},
    ]
    join(store, *rows, truth=1)
    ((path, _),) = list(export(store, tmp_path, Table("parquet", tuple(schema.names), schema)))
    table = pq.read_table(path)
    assert table.schema.equals(schema)
    assert table.to_pylist() == [
        {"fare": 1.0, "seconds": 60, "company": "7", "stops": [1.0, 2.0], "tips": 1.0},
        {"fare": 1.5, "seconds": None, "company": None, "stops": [3.0], "tips": 1.0},
    ]


@pytest.mark.parametrize(
    ("table", "row", "told"),
    [
        (CSV, {"fare": [1.0, 2.0]}, "'fare' has lists"),
        (Table("parquet", ("fare",), pa.schema([("fare", pa.float32())])), {"fare": "x"}, "'fare'"),
    ],
)
def test_what_does_not_fit_leaves_no_file(
    store: LabelStore, tmp_path: Path, table: Table, row: dict[str, Any], told: str
) -> None:
    join(store, row)
    to = tmp_path / "to"
    with pytest.raises(MonitoringError, match=told):
        list(export(store, to, table))
    assert list(to.iterdir()) == []


def test_a_kill_before_the_file_is_whole_writes_the_same_file_again(
    store: LabelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    join(store, {"fare": 1.0}, {"fare": 2.0})

    def killed(*arguments: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(exporting, "_write", killed)
        with pytest.raises(KeyboardInterrupt):
            list(export(store, tmp_path, CSV))
    join(store, {"fare": 3.0})
    names = [(path.name, rows) for path, rows in export(store, tmp_path, CSV)]
    assert names == [("labelled-1-2.csv", 2), ("labelled-3-3.csv", 1)]


def test_a_full_disk_is_told_and_nothing_is_left(store: LabelStore, tmp_path: Path) -> None:
    join(store, {"fare": 1.0})
    (tmp_path / "file").write_text("")
    with pytest.raises(MonitoringError, match="cannot be written"):
        list(export(store, tmp_path / "file" / "below", CSV))


def test_the_training_table_is_found_by_config_yaml(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one = profile()
    assert training_table(tmp_path / "models", "trips", one).columns[-1] == "tips"
    config = tmp_path / "models" / "trips" / "config.yaml"
    config.parent.mkdir(parents=True)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "labelled-1-2.csv").write_text("wrong\n")
    (tmp_path / "data" / "trips.csv").write_text("fare,tips,id\n1,2,3\n")
    for path in ("data/*.csv", "data"):
        config.write_text(f"data: {{path: {path}}}")
        assert training_table(tmp_path / "models", "trips", one) == Table(
            "csv", ("fare", "tips", "id")
        )
    pq.write_table(pa.table({"fare": [1.0]}), tmp_path / "data" / "a.parquet")
    found = training_table(tmp_path / "models", "trips", one)
    assert (found.kind, found.columns) == ("parquet", ("fare",))
