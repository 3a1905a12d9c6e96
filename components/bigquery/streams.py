"""Rows of BigQuery, in streams that several workers may read, each in bounded memory.

Beam's own reader is not used, for it can name no moment: a table that changes meanwhile would be
read as no version ever was. It also makes a Python object of each cell.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pyarrow as pa

from components.bigquery import address, clients, versions
from components.bigquery.address import Table
from components.bigquery.types import with_names_of_types
from components.tables.formats import columnar
from components.tables.source import Files, Found, TableSource
from models.common.errors import DataError

if TYPE_CHECKING:
    from google.cloud import bigquery
    from google.cloud.bigquery_storage_v1 import reader

_ROWS = 16_384
"""Rows in a batch."""


def open_streams(source: TableSource, version: str | None = None, most: int = 1) -> Found:
    """Has BigQuery prepare the rows of a version to be read.

    Args:
        source: A table, one for each split, or a query.
        version: What `versions.fingerprint` gave; None: as it is now.
        most: At most so many streams of a table; 0: as many as BigQuery thinks right.

    Returns:
        A path for each stream, which `read` takes, as often as need be in the next six hours.

    Raises:
        DataError: BigQuery refused or did not answer, there are no rows, or it is no longer known
            what that version was.
    """
    if version is None or not versions.is_version(version):
        version = versions.fingerprint(source)
    if source.query is not None:
        _check_same(source, version)  # Before it costs anything.
        with clients.errors(source.pattern):
            table, rows = _run(source)
            parts = _parts(source.pattern, table, None, rows, most)
        _check_same(source, version)
        return Found(tuple(parts), {}, ())
    moment = versions.moment_of(source, version)
    splits: dict[str, str] = {}
    paths: list[str] = []
    for split, table in versions.tables(source).items():
        with clients.errors(str(table)):
            found = _parts(str(table), table, moment, None, most)
        paths += found
        splits |= {} if split is None else dict.fromkeys(found, split)
    return Found(tuple(paths), splits, ())


def _check_same(source: TableSource, version: str) -> None:
    """Refuses what a query reads where it has changed since its version was taken."""
    now = versions.fingerprint(source)
    if versions.is_settled(version) and now != version:
        raise versions.changed(source)


def read(source: TableSource, path: str, files: Files) -> Iterator[pa.RecordBatch]:
    """Yields the rows of a stream; a column is int64, float64, text, bytes, or a list of these.

    A column that no example can hold is there without values; see `columnar.unreadable`.

    Raises:
        DataError: BigQuery refused, did not answer, or what it has sent is not Arrow.
    """
    name, stream, serialized = address.of_part(path)
    schema = pa.ipc.read_schema(pa.py_buffer(serialized))
    yield _plain(schema, [pa.nulls(0, field.type) for field in schema], source)
    with clients.errors(name):
        client = clients.reading()
        rows: reader.ReadRowsStream = client.read_rows(stream, retry=clients.patience()["retry"])
        for message in rows:
            sent = pa.py_buffer(message.arrow_record_batch.serialized_record_batch)
            batch = pa.ipc.read_record_batch(sent, schema)
            for start in range(0, batch.num_rows, _ROWS):
                some = batch.slice(start, _ROWS)
                yield _plain(schema, some.columns, source)


def _plain(schema: pa.Schema, arrays: list[pa.Array], source: TableSource) -> pa.RecordBatch:
    return with_names_of_types(columnar.as_read(schema, arrays, source.times), schema)


def _run(source: TableSource) -> tuple[Table, int]:
    """Runs a query; returns the table that has its result for a day, and its number of rows."""
    assert source.query is not None
    client = clients.asking("")
    job = client.query(source.query, job_retry=None, **clients.patience())
    rows = job.result(retry=clients.patience()["retry"]).total_rows or 0
    return _table(job.destination), rows


def _table(reference: bigquery.TableReference) -> Table:
    return Table(reference.project, reference.dataset_id, reference.table_id)


def _parts(name: str, table: Table, moment: int | None, rows: int | None, most: int) -> list[str]:
    """The paths of the streams of one table, as it is or was at a moment."""
    from google.cloud.bigquery_storage_v1 import types

    wanted = types.ReadSession(table=table.resource, data_format=types.DataFormat.ARROW)
    if moment is not None:
        at = datetime.datetime.fromtimestamp(moment / 1000, datetime.timezone.utc)
        wanted.table_modifiers.snapshot_time = at
    session = clients.reading().create_read_session(
        parent=clients.payer(table.project),
        read_session=wanted,
        max_stream_count=most,
        **clients.patience(),
    )
    if not session.streams or rows == 0:
        raise DataError(
            f"{name} has no rows",
            "Expected: rows to train on. Received: none.",
            "Fill the table, or correct data.path or the query.",
        )
    schema = session.arrow_schema.serialized_schema
    return [address.part(name, stream.name, schema) for stream in session.streams]
