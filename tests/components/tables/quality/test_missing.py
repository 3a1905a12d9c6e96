"""What stands for a missing value does so in every format."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from components import tables
from components.tables.quality import missing
from components.tables.quality.account import Tally
from tests.components.tables.table_files import avro_file, csv_file, parquet_file, read

NAN = float("nan")
SMALLEST = -(2**63)


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([1.5, NAN, None], pa.float64(), [1.5, None, None]),
        ([1, SMALLEST], pa.int64(), [1, None]),
        (["", "x"], pa.string(), [None, "x"]),
        ([b"", b"x"], pa.binary(), [None, b"x"]),
        ([None], pa.null(), [None]),
        ([[1.5, NAN], [NAN], None, []], pa.list_(pa.float32()), [[1.5], [], None, []]),
        ([["", "x", None], ["y"]], pa.list_(pa.string()), [["x"], ["y"]]),
        ([float("inf")], pa.float64(), [float("inf")]),
    ],
)
def test_markers_are_missing(values: list[Any], kind: pa.DataType, expected: list[Any]) -> None:
    array = pa.array(values, kind, from_pandas=False)
    assert missing.without_markers(array).to_pylist() == expected
    assert missing.counted(array)[0].to_pylist() == expected


@pytest.mark.parametrize(
    ("values", "named", "expected"),
    [
        (["NA", "?", "x"], ["NA", "?"], [None, None, "x"]),
        ([b"NA", b"x"], ["NA"], [None, b"x"]),
        ([-999, 1], ["NA", "-999"], [None, 1]),
        ([-999.0, 1.5], ["-999"], [None, 1.5]),
        ([float("inf"), 1.5], ["inf"], [None, 1.5]),
        ([[-1, 3], [-1]], ["-1"], [[3], []]),
        ([2, 1], ["1.5", "1e300", "nan"], [2, 1]),
    ],
)
def test_what_the_config_names_is_missing(
    values: list[Any], named: list[str], expected: list[Any]
) -> None:
    assert missing.without_markers(pa.array(values), named).to_pylist() == expected


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (pa.array([1.5, NAN, None]), {"nan": Tally(1, ("nan",))}),
        (pa.array(["", "x"]), {"empty": Tally(1, ("",))}),
        (pa.array([SMALLEST]), {"smallest": Tally(1, (str(SMALLEST),))}),
        (pa.array([[1, None, 3], [4, 5, 6]]), {"elements": Tally(1, ("[1, None, 3]",))}),
        (pa.array([[None], [4]]), {}),
        (pa.array([1.5, None]), {}),
    ],
)
def test_what_a_file_has_besides_null_is_counted(values: pa.Array, found: dict[str, Tally]) -> None:
    assert missing.counted(values)[1] == found


def test_what_is_named_is_not_told() -> None:
    assert missing.counted(pa.array(["NA", "x"]), ["NA"])[1] == {}


def tables_with_marks(format: str) -> tables.TableSource:
    """The same table, with NA, -999 and a number that is not there."""
    if format == "csv":
        return csv_file("word,whole,half\nNA,-999,0.5\nx,1,NaN\ny,2,NA\n", missing=("NA", "-999"))
    columns: dict[str, list[Any]] = {
        "word": ["NA", "x", "y"],
        "whole": [-999, 1, 2],
        "half": [0.5, NAN, -999.0],
    }
    kinds = {"word": "string", "whole": "long", "half": "double"}
    made = parquet_file(columns) if format == "parquet" else avro_file(kinds, columns)
    return tables.TableSource(made.pattern, made.format, missing=("NA", "-999"))


@pytest.mark.parametrize("format", ["csv", "parquet", "avro"])
def test_every_format_has_the_same_missing_values(format: str) -> None:
    source = tables_with_marks(format)
    assert read(source) == {
        "word": [None, "x", "y"],
        "whole": [None, 1, 2],
        "half": [0.5, None, None],
    }
    summary = tables.scan(source)
    assert [(c.type, c.missing) for c in summary.columns] == [
        ("STRING", 1), ("INT", 1), ("FLOAT", 2),
    ]  # fmt: skip
    assert summary.column("half").losses["nan"].count == 1


def test_a_source_keeps_what_is_missing_on_its_way() -> None:
    source = tables.TableSource("t.csv", missing=("NA",))
    assert tables.TableSource.from_json(source.to_json()) == source
