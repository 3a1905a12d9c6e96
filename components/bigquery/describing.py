"""What BigQuery says of a table or a query without any row being read: columns and types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pyarrow as pa

from components.bigquery import address, clients, versions
from components.bigquery.types import arrow_schema, with_names_of_types
from components.tables.columns import Column, TableSummary
from components.tables.formats import columnar
from components.tables.source import TableSource
from models.common.errors import DataError

if TYPE_CHECKING:
    from google.cloud import bigquery


def describe(source: TableSource) -> list[TableSummary]:
    """The columns of each table of a source, or of its query's result.

    Returns:
        One a table. Of columns only name and type are known; of a query's result, no number of
        rows, which is 0.

    Raises:
        DataError: BigQuery refused, did not answer, has no such table, or it has no rows.
    """
    if source.query is not None:
        with clients.errors(source.pattern):
            fields = _of_query(source.query)
        return [_summary(source, source.pattern, fields, 0)]
    found = []
    for table in versions.tables(source).values():
        name = str(table)
        with clients.errors(name):
            described = clients.asking(table.project).get_table(name, **clients.patience())
        versions.check_kind(described, name)
        # What streams in is not counted until it is in the table itself.
        if not described.num_rows and described.streaming_buffer is None:
            raise DataError(
                f"{name} has no rows",
                "Expected: rows to train on. Received: none.",
                "Fill the table, or correct data.path.",
            )
        found.append(_summary(source, name, described.schema, described.num_rows or 0))
    return found


def _of_query(query: str) -> Iterable[bigquery.SchemaField]:
    return versions.try_query(query, clients.asking("")).schema or ()


def _summary(
    source: TableSource, name: str, fields: Iterable[bigquery.SchemaField], rows: int
) -> TableSummary:
    schema = arrow_schema(fields)
    nothing = [pa.nulls(0, field.type) for field in schema]
    batch = with_names_of_types(columnar.as_read(schema, nothing, source.times), schema)
    columns = tuple(
        Column(
            field.name,
            columnar.type_of(field.type),
            is_list=pa.types.is_list(field.type),
            unreadable=columnar.unreadable(field),
        )
        for field in batch.schema
    )
    return TableSummary((address.whole(name),), rows, columns)
