"""Columns and types without a row being read."""

from __future__ import annotations

import datetime

import pyarrow as pa
import pytest

from components import tables
from components.bigquery.describing import describe
from components.tables import TableSource
from models.common.errors import DataError
from tests.components.bigquery.bigquery_service import BigQueryService

NAME = "my-project.trips.taxi"
SOURCE = TableSource(NAME, "bigquery")
TABLE = pa.table(
    {
        "number": [1, 2],
        "text": ["a", "b"],
        "list": [[1.5], [2.5, 3.5]],
        "day": [datetime.date(2026, 1, 1)] * 2,
        "record": [{"a": 1}, {"a": 2}],
    }
)
QUERY = "SELECT *"


@pytest.mark.parametrize(
    "source",
    [SOURCE, TableSource("q.sql", "bigquery", query=QUERY)],
    ids=["table", "query"],
)
def test_it_says_what_reading_finds(service: BigQueryService, source: TableSource) -> None:
    service.put(NAME, TABLE)
    service.queries[QUERY] = ([NAME], TABLE)
    [summary] = describe(source)
    assert service.sessions == [] and service.ran == []
    read = tables.scan(source)
    assert tables.shown(summary.files[0]) == tables.shown(read.files[0]) == source.pattern
    for said, found in zip(summary.columns, read.columns, strict=True):
        assert (said.name, said.type) == (found.name, found.type)
        # Of a record's fields nothing is said that is read.
        assert str(said.unreadable)[:6] == str(found.unreadable)[:6]


def test_a_day_to_split_by_is_text(service: BigQueryService) -> None:
    service.put(NAME, TABLE)
    [summary] = describe(TableSource(NAME, "bigquery", times=("day",)))
    assert summary.column("day").type == "STRING"


def test_each_given_table_is_described(service: BigQueryService) -> None:
    service.put("p.d.a", TABLE)
    service.put("p.d.b", TABLE)
    given = {"train": "a", "eval": "b", "test": "c"}
    with pytest.raises(DataError, match=r"no such table.*: p\.d\.c"):
        describe(TableSource("p.d", "bigquery", given=given))
    service.put("p.d.c", TABLE)
    assert len(describe(TableSource("p.d", "bigquery", given=given))) == 3


def test_a_table_without_rows_is_told_unless_they_are_on_their_way(
    service: BigQueryService,
) -> None:
    service.put(NAME, TABLE.slice(0, 0))
    with pytest.raises(DataError, match=f"{NAME} has no rows"):
        describe(SOURCE)
    service.tables[NAME].streaming = True
    assert len(describe(SOURCE)) == 1


def test_a_view_is_refused(service: BigQueryService) -> None:
    service.put(NAME, TABLE, kind="VIEW")
    with pytest.raises(DataError, match="not a table"):
        describe(SOURCE)
