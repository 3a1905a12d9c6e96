"""BigQuery's types: which an example can hold, and what a query can make of the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pyarrow as pa

from components.tables.formats import columnar

if TYPE_CHECKING:
    from google.cloud import bigquery

_ARROW: dict[str, pa.DataType] = {
    **dict.fromkeys(("INTEGER", "INT64"), pa.int64()),
    **dict.fromkeys(("FLOAT", "FLOAT64"), pa.float64()),
    **dict.fromkeys(("BOOLEAN", "BOOL"), pa.bool_()),
    **dict.fromkeys(("STRING", "GEOGRAPHY", "JSON"), pa.string()),
    "NUMERIC": pa.decimal128(38, 9),
    "BIGNUMERIC": pa.decimal256(76, 38),
    "BYTES": pa.binary(),
    "DATE": pa.date32(),
    "DATETIME": pa.timestamp("us"),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
    "TIME": pa.time64("us"),
    "INTERVAL": pa.month_day_nano_interval(),
    **dict.fromkeys(("RECORD", "STRUCT", "RANGE"), pa.struct([])),
}
"""Each type as the Storage Read API sends it; of a structure, not its fields."""

_IN_A_QUERY = {
    "DATE": "UNIX_DATE(x) is a number, CAST(x AS STRING) a text",
    "DATETIME": "DATETIME_DIFF(x, '1970-01-01', SECOND) is a number, CAST(x AS STRING) a text",
    "TIMESTAMP": "UNIX_SECONDS(x) is a number, CAST(x AS STRING) a text",
    "TIME": "TIME_DIFF(x, '00:00:00', SECOND) is a number, CAST(x AS STRING) a text",
    "INTERVAL": "EXTRACT(DAY FROM x) is a number",
    "STRUCT": "x.field is a column for each field",
}
"""What a query makes of a column `x` that no example can hold."""


def arrow_schema(fields: Iterable[bigquery.SchemaField]) -> pa.Schema:
    """The Arrow schema of what is read of columns, by what BigQuery says of them."""
    return pa.schema(
        pa.field(one.name, pa.list_(kind) if one.mode == "REPEATED" else kind)
        for one in fields
        for kind in [_ARROW.get(one.field_type, pa.struct([]))]
    )


def with_names_of_types(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """Rows as `columnar.as_read` gives them, which calls types as BigQuery does.

    Args:
        batch: The rows.
        schema: The schema of what they were before.
    """
    if not any(map(columnar.unreadable, batch.schema)):
        return batch
    fields = [
        columnar.unreadable_field(field.name, _reason(before.type) or reason)
        if (reason := columnar.unreadable(field))
        else field
        for field, before in zip(batch.schema, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(batch.columns, schema=pa.schema(fields))


def _reason(arrow: pa.DataType) -> str | None:
    """Why no example can hold a type, and what a query makes of it; None: not for its type."""
    if pa.types.is_list(arrow):
        inside = _name(arrow.value_type)
        return inside and f"ARRAY<{inside}> (in a query, of each element x: {_IN_A_QUERY[inside]})"
    name = _name(arrow)
    return name and f"{name} (in a query, {_IN_A_QUERY[name]})"


def _name(arrow: pa.DataType) -> str | None:
    types = pa.types
    if types.is_date(arrow):
        return "DATE"
    if types.is_timestamp(arrow):
        return "TIMESTAMP" if arrow.tz else "DATETIME"
    if types.is_time(arrow):
        return "TIME"
    if types.is_struct(arrow):
        return "STRUCT"
    return "INTERVAL" if types.is_interval(arrow) else None
