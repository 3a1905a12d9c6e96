"""BigQuery's types as it says them and as it sends them are the same."""

from __future__ import annotations

import pyarrow as pa
import pytest
from google.cloud.bigquery import SchemaField

from components.bigquery import types
from components.tables.formats import columnar
from tests.components.bigquery.bigquery_service import REST_TYPES


@pytest.mark.parametrize(("arrow", "name"), REST_TYPES.items())
def test_a_column_is_what_its_name_of_a_type_says(arrow: str, name: str) -> None:
    fields = [SchemaField("a", name), SchemaField("b", name, mode="REPEATED")]
    schema = types.arrow_schema(fields)
    assert [str(field.type) for field in schema] == [arrow, f"list<item: {arrow}>"]


@pytest.mark.parametrize("name", ["RECORD", "RANGE", "SOMETHING_NEW"])
def test_what_is_not_known_is_no_example(name: str) -> None:
    schema = types.arrow_schema([SchemaField("a", name)])
    batch = columnar.as_read(schema, [pa.nulls(0, field.type) for field in schema])
    [field] = types.with_names_of_types(batch, schema).schema
    assert "STRUCT" in str(columnar.unreadable(field))


def test_a_value_that_does_not_fit_keeps_its_reason() -> None:
    schema = pa.schema([("a", pa.uint64())])
    batch = columnar.as_read(schema, [pa.array([2**64 - 1], pa.uint64())])
    [field] = types.with_names_of_types(batch, schema).schema
    assert "does not fit" in str(columnar.unreadable(field))
