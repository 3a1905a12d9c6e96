"""Rows of BigQuery by the real clients, from a service on this machine."""

from __future__ import annotations

import datetime
import decimal
import time
from typing import Any

import grpc
import numpy as np
import pyarrow as pa
import pytest

from components import tables
from components.bigquery import streams, versions
from components.tables import TableSource
from models.common.errors import DataError
from tests.components.bigquery.bigquery_service import BigQueryService

NAME = "my-project.trips.taxi"
SOURCE = TableSource(NAME, "bigquery")


def rows(source: TableSource, version: str | None = None, most: int = 1) -> dict[str, list[Any]]:
    """All values by column."""
    found: dict[str, list[Any]] = {}
    for path in streams.open_streams(source, version, most).paths:
        for batch in streams.read(source, path, tables.source.LOCAL):
            for name, array in zip(batch.schema.names, batch.columns, strict=True):
                found.setdefault(name, []).extend(array.to_pylist())
    return found


def now() -> int:
    return int(time.time() * 1000)


def test_all_rows_come_in_batches_through_as_many_streams(service: BigQueryService) -> None:
    service.put(NAME, pa.table({"a": range(40_000)}))
    service.streams, service.rows_in_a_message = 7, 20_000
    assert sorted(rows(SOURCE, most=0)["a"]) == list(range(40_000))
    assert len(streams.open_streams(SOURCE, most=0).paths) == 7
    [path] = streams.open_streams(SOURCE).paths
    sizes = [batch.num_rows for batch in streams.read(SOURCE, path, tables.source.LOCAL)]
    assert sizes == [0, 16_384, 3_616, 16_384, 3_616]
    assert {str(session.parent) for session in service.sessions} == {"projects/payer"}


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([-(2**63), None, 2**63 - 1], pa.int64(), [-(2**63), None, 2**63 - 1]),
        ([0.1, None, -0.0], pa.float64(), [0.1, None, -0.0]),
        ([True, None, False], pa.bool_(), [1, None, 0]),
        (["é\n", None, ""], pa.string(), ["é\n", None, ""]),
        ([b"\xff\0", None, b""], pa.binary(), [b"\xff\0", None, b""]),
        ([decimal.Decimal("0.125"), None], pa.decimal128(38, 9), [0.125, None]),
        ([decimal.Decimal("-0.125"), None], pa.decimal256(76, 38), [-0.125, None]),
    ],
    ids=lambda value: str(value) if isinstance(value, pa.DataType) else "",
)
def test_each_type_comes_as_what_examples_hold(
    service: BigQueryService, values: list[Any], kind: pa.DataType, expected: list[Any]
) -> None:
    service.put(NAME, pa.table({"a": pa.array(values, kind)}))
    found = rows(SOURCE)["a"]
    if pa.types.is_decimal(kind):  # Arrow is off by the last of 64 bits; examples hold 32.
        found = [value if value is None else float(np.float32(value)) for value in found]
    assert found == expected


def test_arrays_come_as_lists(service: BigQueryService) -> None:
    numbers, texts = [[1, 2], [], None], [["a"], ["b", "c"], []]
    service.put(NAME, pa.table({"a": numbers, "b": texts}))
    assert rows(SOURCE) == {"a": numbers, "b": texts}


def test_times_to_split_by_are_text(service: BigQueryService) -> None:
    day, moment = [datetime.date(2026, 1, 2)], [datetime.datetime(2026, 1, 2, 3)]
    service.put(
        NAME,
        pa.table({"a": day, "b": pa.array(moment, pa.timestamp("us", "UTC")), "c": day}),
    )
    found = rows(TableSource(NAME, "bigquery", times=("a", "b")))
    assert found["a"] == ["2026-01-02"]
    assert found["b"][0].startswith("2026-01-02 03:00:00")
    assert found["c"] == [None]


def test_the_version_that_was_hashed_is_read_though_the_table_has_changed(
    service: BigQueryService,
) -> None:
    service.put(NAME, pa.table({"a": [1, 2]}), now() - 5000)
    version = versions.fingerprint(SOURCE)
    service.put(NAME, pa.table({"a": [3]}), now() - 1000)
    assert rows(SOURCE, version)["a"] == [1, 2]
    assert rows(SOURCE)["a"] == [3]


def test_an_old_version_that_is_there_still_is_read_as_of_a_day_ago(
    service: BigQueryService,
) -> None:
    service.put(NAME, pa.table({"a": [1]}), 1_500_000_000_000)
    assert rows(SOURCE, versions.fingerprint(SOURCE))["a"] == [1]
    at = service.sessions[-1].read_session.table_modifiers.snapshot_time.timestamp()
    assert 0 <= time.time() - at - 24 * 3600 < 60


def test_an_old_version_that_is_gone_is_told_and_not_replaced(service: BigQueryService) -> None:
    service.put(NAME, pa.table({"a": [1]}), 1_500_000_000_000)
    version = versions.fingerprint(SOURCE)
    service.put(NAME, pa.table({"a": [2]}), now())
    with pytest.raises(DataError, match="changed while it was read"):
        streams.open_streams(SOURCE, version)


def test_given_splits_are_tables_of_a_data_set(service: BigQueryService) -> None:
    given = {"train": "first", "eval": "second", "test": "third"}
    for number, name in enumerate(given.values()):
        service.put(f"p.d.{name}", pa.table({"a": [number]}))
    found = streams.open_streams(TableSource("p.d", "bigquery", given=given))
    assert sorted(found.splits.values()) == ["eval", "test", "train"]
    assert set(found.paths) == set(found.splits)
    assert [tables.shown(path) for path in found.paths] == ["p.d.first", "p.d.second", "p.d.third"]


QUERY = "SELECT a FROM `my-project.trips.taxi` WHERE a > 1"
BY_QUERY = TableSource("data/year=2026/query.sql", "bigquery", query=QUERY)


def test_a_querys_result_is_read(service: BigQueryService) -> None:
    service.put(NAME, pa.table({"a": [1, 2, 3]}))
    service.queries[QUERY] = ([NAME], pa.table({"a": [2, 3]}))
    assert rows(BY_QUERY, versions.fingerprint(BY_QUERY))["a"] == [2, 3]
    summary = tables.scan(BY_QUERY)
    assert summary.names == ("a",)  # And no column of the folder's name.
    assert tables.shown(summary.files[0]) == "data/year=2026/query.sql"
    assert service.ran == [QUERY, QUERY]


def test_what_a_query_reads_must_be_of_the_version(service: BigQueryService) -> None:
    service.put(NAME, pa.table({"a": [1, 2, 3]}))
    service.queries[QUERY] = ([NAME], pa.table({"a": [2, 3]}))
    version = versions.fingerprint(BY_QUERY)
    service.put(NAME, pa.table({"a": [4]}), now())
    with pytest.raises(DataError, match=r"query\.sql changed while it was read"):
        streams.open_streams(BY_QUERY, version)


def test_a_table_and_a_result_without_rows_are_told(service: BigQueryService) -> None:
    service.put(NAME, pa.table({"a": pa.array([], pa.int64())}))
    service.queries[QUERY] = ([NAME], pa.table({"a": pa.array([], pa.int64())}))
    for source in (SOURCE, BY_QUERY):
        with pytest.raises(DataError, match=f"{source.pattern} has no rows"):
            streams.open_streams(source)


def test_a_stream_without_rows_has_columns(service: BigQueryService) -> None:
    service.put(NAME, pa.table({"a": [1], "b": ["x"]}))
    service.streams = 3
    found = streams.open_streams(SOURCE, most=3)
    summary = tables.merge((tables.scan_file(SOURCE, path) for path in found.paths), "bigquery")
    assert (summary.rows, summary.names) == (1, ("a", "b"))


def test_a_connection_that_breaks_is_gone_on_with(service: BigQueryService) -> None:
    service.put(NAME, pa.table({"a": range(5000)}))
    service.break_after = 2
    assert rows(SOURCE)["a"] == list(range(5000))
    assert [offset for _, offset in service.read] == [0, 2000]


@pytest.mark.parametrize(
    ("code", "message", "headline"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, "Access Denied", "may not read it"),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "Quota exceeded", "quota of BigQuery is used up"),
        (grpc.StatusCode.UNAUTHENTICATED, "no valid credential", "does not take the login"),
        (grpc.StatusCode.INVALID_ARGUMENT, "Invalid snapshot time", "no longer has it as it was"),
    ],
)
def test_what_the_storage_api_refuses_is_told(
    service: BigQueryService,
    monkeypatch: pytest.MonkeyPatch,
    code: grpc.StatusCode,
    message: str,
    headline: str,
) -> None:
    monkeypatch.setattr("components.bigquery.clients.PATIENCE", 1.0)
    service.put(NAME, pa.table({"a": [1]}))
    service.refuse_reading = code, message
    with pytest.raises(DataError) as caught:
        streams.open_streams(SOURCE)
    assert headline in caught.value.headline
    assert NAME in caught.value.headline
    assert message in caught.value.detail
