"""What is told of a table names column, count and example, and what to do; for every format."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from components import tables
from components.tables import ColumnType, TableSource
from components.tables.quality import findings
from components.tables.quality.findings import Finding
from tests.components.tables.table_files import (
    avro_file,
    csv_column,
    csv_file,
    csv_folder,
    parquet_file,
)

INF, NAN = float("inf"), float("nan")


def parquet(values: list[Any] | pa.Array, kind: pa.DataType | None = None) -> TableSource:
    return parquet_file({"c": pa.array(values, kind)})


def avro(kind: Any, values: list[Any]) -> TableSource:
    return avro_file({"c": kind}, {"c": values})


TOLD: dict[str, tuple[Callable[[], TableSource], bool, str, str]] = {
    # what: (the table, whether it stops, a part of the headline, a part of the remedy)
    "a word among numbers": (
        lambda: csv_column(["1.5"] * 342 + ["NA", "NA"]),
        False,
        "is text because 2 of 344 cells are `NA`",
        'data.missing: ["NA"]',
    ),
    "words among numbers": (
        lambda: csv_column(["1", "2", "3", "", "n/a", "?"] * 2 + ["4"] * 9),
        False,
        "is text because 4 of 19 cells are not numbers, such as `n/a`, `?`",
        'data.missing: ["n/a", "?"]',
    ),
    "a word among numbers in Parquet": (
        lambda: parquet(["1", "2", "NA"]),
        False,
        "is text because 1 of 3 cells are `NA`",
        "data.missing",
    ),
    "NaN in CSV": (
        lambda: csv_column(["1.5", "NaN", "nan"]),
        False,
        "has NaN for 2 values in 3 rows",
        "count as missing",
    ),
    "NaN in Parquet": (lambda: parquet([0.5, NAN]), False, "has NaN for 1 values in 2 rows", ""),
    "NaN in Avro": (lambda: avro("double", [0.5, NAN]), False, "has NaN for 1 values", "missing"),
    "infinity in CSV": (
        lambda: csv_column(["1.5", "-inf", "1e999"]),
        True,
        "has infinity for 2 values in 3 rows, such as `-inf`, `1e999`",
        'data.missing: ["-inf", "1e999"]',
    ),
    "infinity in Parquet": (
        lambda: parquet([0.5, INF], pa.float32()),
        True,
        "has infinity for 1 values",
        'data.missing: ["inf"]',
    ),
    "infinity in lists": (lambda: parquet([[0.5, INF]]), True, "has infinity for 1 values", ""),
    "infinity in Avro": (lambda: avro("float", [0.5, -INF]), True, "infinity for 1", "inf"),
    "empty text in Parquet": (
        lambda: parquet(["x", ""]),
        False,
        "has empty text for 1 values in 2 rows",
        "missing",
    ),
    "more digits than 64 bits": (
        lambda: csv_column(["12345678901234567890123", "1"]),
        False,
        "1 whole numbers in 2 rows that a 32-bit float does not hold exactly, such as "
        "`12345678901234567890123`",
        "type: BYTES",
    ),
    "numbers that identify, with one of a fraction": (
        lambda: csv_column(["123456789", "123456790.5"]),
        False,
        "does not hold exactly, such as `123456789`",
        "last digits are lost",
    ),
    "whole numbers in one file and floats in another": (
        lambda: csv_folder({"a.csv": "c,d\n123456789,0\n", "b.csv": "c,d\n0.5,0\n"}),
        False,
        "1 whole numbers in 2 rows",
        "last digits",
    ),
    "decimals of many digits": (
        lambda: parquet([Decimal(10**30 + 1)]),
        False,
        "1 whole numbers in 1 rows",
        "last digits",
    ),
    "64-bit floats of many digits": (
        lambda: parquet([1_700_000_000.0625 + step / 8 for step in range(50)]),
        False,
        "become equal to others as 32-bit floats",
        "7 digits",
    ),
    "too large for 32 bits": (lambda: avro("double", [1e39]), True, "that are infinity", "unit"),
    "too small for 32 bits": (lambda: parquet([1e-60, 1.0]), False, "that are 0", "unit"),
    "beyond 64 bits": (
        lambda: parquet([2**63], pa.uint64()),
        True,
        "uint64, with a value that does not fit",
        "passed over",
    ),
    "leading zeros": (
        lambda: csv_column(["01067", "90210"]),
        False,
        "has 1 numbers in 2 rows with leading zeros, such as `01067`",
        "BYTES",
    ),
    "line breaks in CSV": (
        lambda: csv_file('c,d\n"a\nb",1\n"a\r\nb",2\nc,3\n'),
        False,
        r"has 2 texts in 3 rows with line breaks, which a vocabulary cannot keep, such as `a\nb`",
        "regex_replace",
    ),
    "line breaks in a list": (lambda: parquet([["a\rb", "c"]]), False, "1 texts in 1 rows", ""),
    "arrays with holes": (
        lambda: parquet([[1.0, None, 3.0], [1.0, 2.0, 3.0]]),
        True,
        "has 1 lists in 2 rows with missing elements, such as [1.0, None, 3.0]",
        "would move up",
    ),
    "lists with holes": (
        lambda: parquet([["a", None], ["a", "b", "c"]]),
        False,
        "has 1 lists in 2 rows with missing elements",
        "left out",
    ),
    "some bytes that are no text": (
        lambda: parquet([b"a", b"b", b"c", b"\xff"]),
        False,
        r"has 1 texts in 4 rows that are not UTF-8, such as `\xff`",
        "UTF-8",
    ),
}


def told(source: TableSource, hints: dict[str, ColumnType] | None = None) -> list[Finding]:
    return findings.find(tables.scan(source), hints)


@pytest.mark.parametrize("what", TOLD)
def test_what_is_lost_is_told(what: str) -> None:
    make, stops, headline, remedy = TOLD[what]
    [finding] = [one for one in told(make()) if one.column == "c"]
    assert headline in finding.headline
    assert remedy in finding.remedy and finding.remedy
    assert finding.stops is stops


SILENT: dict[str, Callable[[], TableSource]] = {
    "numbers": lambda: csv_column(["1", "", "300"]),
    "identifiers of 64 bits": lambda: csv_column(["9223372036854775807", "1"]),
    "fractions": lambda: csv_column(["0.1", "0.2", "1e-3"]),
    "large measurements": lambda: csv_column(["6.02e23", "1e30"]),
    "words": lambda: csv_column(["a", "b", "12", ""]),
    "times as text": lambda: csv_column(["2024-01-01", "2024-01-02"]),
    "images": lambda: parquet([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]),
    "lists": lambda: parquet([["a"], [], None, ["b", "c"]]),
    "arrays": lambda: parquet([[0.5, 1.0], [0.0, 2.0]], pa.list_(pa.float32(), 2)),
    "booleans": lambda: parquet([True, None]),
    "prices": lambda: parquet([Decimal("1.25"), Decimal("99.90")]),
    "nothing": lambda: csv_column(["", ""]),
}


@pytest.mark.parametrize("what", SILENT)
def test_what_is_held_exactly_is_not_told(what: str) -> None:
    assert told(SILENT[what]()) == []


def test_a_schema_that_wants_text_is_not_told_that_it_is() -> None:
    assert told(csv_column(["007", "1", "2", "NA"]), {"c": "STRING"}) == []


def test_whole_numbers_that_a_schema_makes_floats_are_told() -> None:
    source = csv_column(["123456789"])
    assert told(source) == []
    [finding] = told(source, {"c": "FLOAT"})
    assert "1 whole numbers" in finding.headline


def test_text_in_one_file_and_numbers_in_another_is_told_by_file() -> None:
    first = tables.TableSummary(("a.parquet",), 1, (tables.Column("c", "INT"),))
    second = tables.TableSummary(("b.parquet",), 1, (tables.Column("c", "STRING"),))
    [finding] = findings.find(tables.merge([first, second], "parquet"))
    assert finding.stops and "numbers in a.parquet, text in b.parquet" in finding.headline
    assert findings.find(tables.merge([first, second], "csv")) == []


def test_what_stops_comes_first_and_findings_keep_on_their_way() -> None:
    source = csv_file("a,b\nNaN,inf\n1.5,2\n")
    found = told(source)
    assert [(one.column, one.stops) for one in found] == [("b", True), ("a", False)]
    assert findings.from_json(findings.to_json(found)) == found
