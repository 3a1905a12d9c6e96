"""Which version of a table is read: found without reading it, the same until it changes.

A version ends in a moment, in milliseconds since 1970, at which BigQuery had exactly this version:
one millisecond after the last change. So whoever has the version can read just that one, though the
table has changed since. What has no version of its own, such as a table that rows stream into, has
a new one each time it is asked for.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from components.bigquery import clients
from components.bigquery.address import Table, table
from components.tables.source import TableSource
from models.common.errors import DataError

if TYPE_CHECKING:
    from google.cloud import bigquery

_DAY = 24 * 60 * 60 * 1000
"""Milliseconds. BigQuery keeps what was for two days at least."""
_CLOCKS = 10_000
"""Milliseconds by which this machine's clock may be ahead of BigQuery's."""
_MOST_VIEWS = 16
"""So deep are views that are made of views, at most."""
_MOST_TABLES = 50
"""BigQuery names no more of those that a query reads."""
_KINDS = {"TABLE", "SNAPSHOT"}
"""What the Storage Read API reads."""
_CHANGES_BY_ITSELF = re.compile(
    r"\bCURRENT_(?:DATE|TIME|DATETIME|TIMESTAMP)\b|\b(?:RAND|GENERATE_UUID|SESSION_USER|"
    r"EXTERNAL_QUERY)\s*\(|\bINFORMATION_SCHEMA\b|\bTABLESAMPLE\b|\bML\s*\.|\bAI\s*\.",
    re.IGNORECASE,
)
"""A mention in a comment counts too: it costs a reading, where a missed one would cost a change."""
_NOT_SETTLED = "x"
"""The last letter of a version's first part that is found but once."""


@dataclass(frozen=True)
class _State:
    """What a version is made of."""

    what: tuple[Any, ...]
    moment: int
    """In milliseconds since 1970."""
    known: bool = True
    """Whether it changes where the content does, and only there."""


def tables(source: TableSource) -> dict[str | None, Table]:
    """The tables that a source names, by their splits where these are given.

    Raises:
        DataError: A name is of no table.
    """
    names = {split: f"{source.pattern}.{name}" for split, name in (source.given or {}).items()}
    try:
        if not names:
            return {None: table(source.pattern)}
        return {split: table(name) for split, name in names.items()}
    except ValueError as error:
        raise DataError(
            f"{', '.join(names.values()) or source.pattern}: not a table of BigQuery",
            f"Received: {error}.",
            "Correct data.path" + (" or splits.given." if names else "."),
        ) from None


def fingerprint(source: TableSource) -> str:
    """The version of a table or of what a query reads; see the module.

    Raises:
        DataError: BigQuery refused, did not answer, or has no such table.
    """
    if source.query is not None:
        with clients.errors(source.pattern):
            client = clients.asking("")
            return _version(list(_of_query(source.query, client)), source.query)
    found = []
    for split, one in tables(source).items():
        with clients.errors(str(one)):
            described = clients.asking(one.project).get_table(str(one), **clients.patience())
        check_kind(described, str(one))
        state = _of_table(described)
        found.append(_State((split, *state.what), state.moment, state.known))
    return _version(found, "")


def is_settled(version: str) -> bool:
    """Whether the same version is found again as long as nothing changes."""
    return not version.partition("-")[0].endswith(_NOT_SETTLED)


def moment_of(source: TableSource, version: str) -> int:
    """A moment at which BigQuery has a version and keeps what it had then.

    Args:
        source: Tables.
        version: What `fingerprint` gave for them, some time ago.

    Returns:
        Milliseconds since 1970.

    Raises:
        DataError: It changed so long after its version that nobody can say when.
    """
    moment = int(version.rpartition("-")[2])
    oldest = int(time.time() * 1000) - _DAY
    if moment >= oldest:
        return moment
    if fingerprint(source) != version:
        raise changed(source)
    return oldest


def changed(source: TableSource) -> DataError:
    """The error for data that is no longer what its version says."""
    return DataError(
        f"{source.pattern} changed while it was read",
        "Expected: the version that the run began with. Nothing of what was read is kept.",
        "Run again.",
    )


def is_version(text: str) -> bool:
    """Whether a text is a version as `fingerprint` gives it."""
    return re.fullmatch(r"[0-9a-f]{31}[0-9a-f" + _NOT_SETTLED + r"]-\d{13}", text) is not None


def check_kind(described: bigquery.Table, name: str) -> None:
    """Refuses what is no table, and has no rows of its own.

    Raises:
        DataError: It is a view or an external table.
    """
    if described.table_type in _KINDS:
        return
    kind = str(described.table_type).lower().replace("_", " ")
    raise DataError(
        f"{name} is not a table that can be read as it is",
        f"Expected: a table. Received: of the type {kind}.",
        f"Write SELECT * FROM `{name}` into a file such as data/query.sql, and let data.path name "
        "that file.",
    )


def _version(states: list[_State], query: str) -> str:
    digest = hashlib.sha256(json.dumps([query, [one.what for one in states]]).encode()).hexdigest()
    known = all(one.known for one in states)
    moment = max((one.moment for one in states), default=0)
    return f"{digest[:31]}{digest[31] if known else _NOT_SETTLED}-{moment:013}"


def _of_table(described: bigquery.Table) -> _State:
    name = f"{described.project}.{described.dataset_id}.{described.table_id}"
    created, modified = _milliseconds(described.created), _milliseconds(described.modified)
    if described.streaming_buffer is not None or described.table_type not in _KINDS:
        now = max(_now(), created + 1)
        return _State((name, created, now), now, known=False)
    return _State((name, created, modified), modified + 1)


def _of_query(query: str, client: bigquery.Client, views: int = 0) -> Iterator[_State]:
    """The states of all that a query reads, through views."""
    from google.api_core import exceptions

    job = try_query(query, client)
    # The client has no property for it.
    said = job._properties.get("statistics", {}).get("query", {})
    if said.get("referencedRoutines") or _CHANGES_BY_ITSELF.search(query):
        yield _State((_now(),), _now(), known=False)
    read = sorted(job.referenced_tables, key=str)
    if len(read) >= _MOST_TABLES:
        yield _State((_now(),), _now(), known=False)
    for one in read:
        try:
            described = client.get_table(one, **clients.patience())
        except exceptions.NotFound:  # A wildcard, or what BigQuery has under no name.
            yield _State((str(one), _now()), _now(), known=False)
            continue
        definition = described.view_query or described.mview_query
        if definition and described.view_use_legacy_sql is not True and views < _MOST_VIEWS:
            yield _State((str(one), definition), 0)
            yield from _of_query(definition, client, views + 1)
        else:
            yield _of_table(described)


def try_query(query: str, client: bigquery.Client) -> bigquery.QueryJob:
    """What BigQuery knows of a query that it does not run.

    Raises:
        DataError: It would do something else than read.
    """
    from google.cloud import bigquery

    settings = bigquery.QueryJobConfig(dry_run=True, use_query_cache=False)
    job = client.query(query, job_config=settings, job_retry=None, **clients.patience())
    if job.statement_type != "SELECT":
        raise DataError(
            "The query does not only read",
            f"Expected: one SELECT. Received: {job.statement_type}, {query.strip()!r:.80}.",
            "Let data.path name a file with one SELECT. Nothing was run.",
        )
    return job


def _milliseconds(moment: Any) -> int:
    # `timestamp()` is a float of 53 bits, which has microseconds for centuries.
    return round(moment.timestamp() * 1000) if moment else 0


def _now() -> int:
    return int(time.time() * 1000) - _CLOCKS
