"""A version is the same until what it is of changes."""

from __future__ import annotations

import time

import pyarrow as pa
import pytest

from components.bigquery import streams, versions
from components.bigquery.describing import describe
from components.bigquery.versions import fingerprint
from components.tables import TableSource
from models.common.errors import DataError
from tests.components.bigquery.bigquery_service import BigQueryService, Held

NAME = "my-project.trips.taxi"
SOURCE = TableSource(NAME, "bigquery")
TABLE = pa.table({"a": [1]})
QUERY = f"SELECT * FROM `{NAME}`"
BY_QUERY = TableSource("query.sql", "bigquery", query=QUERY)


def test_it_is_the_same_until_the_table_changes(service: BigQueryService) -> None:
    service.put(NAME, TABLE)
    version = fingerprint(SOURCE)
    assert versions.is_version(version)
    assert versions.is_settled(version)
    assert fingerprint(SOURCE) == version
    assert version.endswith("-1764000000001")
    service.put(NAME, TABLE, 1_764_000_000_500)
    assert fingerprint(SOURCE) != version
    assert service.sessions == []  # Nothing was read for it.


def test_tables_of_other_names_have_other_versions(service: BigQueryService) -> None:
    service.put(NAME, TABLE)
    service.put("my-project.trips.other", TABLE)
    assert fingerprint(SOURCE) != fingerprint(TableSource("my-project.trips.other", "bigquery"))


def test_a_table_made_anew_has_another(service: BigQueryService) -> None:
    service.put(NAME, TABLE, 1_763_000_000_000)
    service.put(NAME, TABLE)
    version = fingerprint(SOURCE)
    service.tables[NAME] = Held([(1_764_000_000_000, TABLE)])
    assert fingerprint(SOURCE) != version


def test_a_table_that_rows_stream_into_has_a_new_one_each_time(service: BigQueryService) -> None:
    service.put(NAME, TABLE, streaming=True)
    first = fingerprint(SOURCE)
    time.sleep(0.002)
    assert fingerprint(SOURCE) != first
    assert versions.is_version(first)
    assert not versions.is_settled(first)
    # Some seconds ago, for clocks differ, and BigQuery knows nothing of what is to come.
    assert 5 < time.time() - versions.moment_of(SOURCE, first) / 1000 < 15


@pytest.mark.parametrize("kind", ["VIEW", "MATERIALIZED_VIEW", "EXTERNAL"])
def test_what_has_no_rows_of_its_own_is_refused(service: BigQueryService, kind: str) -> None:
    service.put(NAME, TABLE, kind=kind)
    with pytest.raises(DataError) as caught:
        fingerprint(SOURCE)
    assert kind.lower().replace("_", " ") in caught.value.detail
    assert f"SELECT * FROM `{NAME}`" in caught.value.remedy


def test_a_query_goes_by_its_text_and_by_all_tables_that_it_reads(
    service: BigQueryService,
) -> None:
    other = "my-project.trips.zones"
    service.put(NAME, TABLE)
    service.put(other, TABLE)
    for text in (QUERY, f"{QUERY} "):
        service.queries[text] = ([NAME, other], TABLE)
    version = fingerprint(BY_QUERY)
    assert fingerprint(BY_QUERY) == version
    assert fingerprint(TableSource("query.sql", "bigquery", query=f"{QUERY} ")) != version
    for name in (NAME, other):
        service.put(name, TABLE, 1_764_000_001_000)
        assert fingerprint(BY_QUERY) != version
        version = fingerprint(BY_QUERY)
    assert service.ran == []


def test_a_query_goes_by_what_views_read(service: BigQueryService) -> None:
    view, beneath = "my-project.trips.view", "SELECT * FROM beneath"
    service.put(NAME, TABLE)
    service.put(view, TABLE, kind="VIEW", query=beneath)
    service.queries |= {QUERY: ([view], TABLE), beneath: ([NAME], TABLE)}
    version = fingerprint(BY_QUERY)
    assert fingerprint(BY_QUERY) == version
    service.put(NAME, TABLE, 1_764_000_001_000)
    changed = fingerprint(BY_QUERY)
    assert changed != version
    service.tables[view].query = "SELECT a FROM beneath"
    service.queries["SELECT a FROM beneath"] = ([NAME], TABLE)
    assert fingerprint(BY_QUERY) != changed


@pytest.mark.parametrize(
    ("text", "settled"),
    [
        ("SELECT 1 AS a", True),
        ("SELECT brand, rand, a FROM t", True),
        ("SELECT '#', '--', RAND ( )", False),
        ("SELECT a -- not RAND()\nFROM t", False),
        ("SELECT * FROM ML.PREDICT(MODEL m, TABLE t)", False),
        ("SELECT a FROM t WHERE day < CURRENT_DATE()", False),
        ("SELECT a FROM t ORDER BY rand()", False),
        ("SELECT a FROM t TABLESAMPLE SYSTEM (10 PERCENT)", False),
        ("SELECT SESSION_USER() AS a", False),
    ],
)
def test_a_query_that_changes_by_itself_has_a_new_one_each_time(
    service: BigQueryService, text: str, settled: bool
) -> None:
    service.put(NAME, TABLE)
    service.queries[text] = ([NAME], TABLE)
    version = fingerprint(TableSource("query.sql", "bigquery", query=text))
    assert versions.is_version(version)
    assert versions.is_settled(version) == settled


@pytest.mark.parametrize("kind", ["routine", "wildcard", "external", "many", "deep"])
def test_what_a_query_reads_and_nobody_can_know_makes_a_new_one_each_time(
    service: BigQueryService, kind: str
) -> None:
    names = [NAME]
    service.put(NAME, TABLE)
    if kind == "routine":
        service.routines[QUERY] = [{"projectId": "p", "datasetId": "d", "routineId": "f"}]
    elif kind == "wildcard":
        names = ["my-project.trips.events_*"]
    elif kind == "external":
        service.tables[NAME].kind = "EXTERNAL"
    elif kind == "many":
        names = [f"my-project.trips.t{number}" for number in range(50)]
        for name in names:
            service.put(name, TABLE)
    else:  # A view that reads itself, as no real one can.
        service.tables[NAME] = Held([(1, TABLE)], "VIEW", query=QUERY)
    service.queries[QUERY] = (names, TABLE)
    version = fingerprint(BY_QUERY)
    assert not versions.is_settled(version)


@pytest.mark.parametrize("kind", ["DELETE", "DROP_TABLE", "SCRIPT", "CREATE_TABLE_AS_SELECT"])
def test_a_query_that_does_not_only_read_is_never_run(service: BigQueryService, kind: str) -> None:
    service.put(NAME, TABLE)
    service.queries[QUERY], service.statements[QUERY] = ([NAME], TABLE), kind
    known = f"{'0' * 32}-{1_764_000_000_000}"
    for ask in (fingerprint, describe, lambda source: streams.open_streams(source, known)):
        with pytest.raises(DataError, match="does not only read") as caught:
            ask(BY_QUERY)
        assert kind in caught.value.detail
    assert service.ran == []
