"""A table read once: types, missing values, and the rows without a label."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from components.tables import TableSource
from models.common.errors import DataError
from pipeline.scaffold.reading import profile
from tests.pipeline.scaffold import tables


def test_numbers_with_marks_are_numbers(tmp_path: Path) -> None:
    found = tables.column(tmp_path, "c", ["1.5", "NA", "2", " ? ", None, "NA"])
    assert found.is_number and found.missing == 4 and found.distinct == 2
    assert found.marks == {"NA": 2, " ? ": 1}
    np.testing.assert_array_equal(found.sample, [1.5, np.nan, 2, np.nan, np.nan, np.nan])


def test_marks_of_a_category_are_values_unless_they_are_said_to_be_missing(tmp_path: Path) -> None:
    found = tables.column(tmp_path, "c", ["a", "None", "b", "None", "?"])
    kept, missing = found.settled(["?"]), found.settled(["?", "None"])
    assert (kept.missing, kept.distinct) == (1, 3)
    assert (missing.missing, missing.distinct) == (3, 2)
    assert list(missing.sample) == ["a", None, "b", None, None]


def test_rows_without_a_label_are_counted_for_each_column(tmp_path: Path) -> None:
    columns = {"late": [1, None, 3, None], "other": [1, 2, None, 4], "y": ["a", "NA", "b", None]}
    table = tables.read(tmp_path, columns, "y")
    assert table.without_label == 2
    assert table.columns["late"].without_label == 2
    assert table.columns["other"].without_label == 0


def test_the_same_number_in_several_spellings_is_one_value(tmp_path: Path) -> None:
    found = tables.column(tmp_path, "c", ["1", "1.0", "01", "2.50"])
    assert found.distinct == 2 and dict(found.counts) == {1.0: 3, 2.5: 1}


def test_whole_numbers_beyond_a_float_are_read(tmp_path: Path) -> None:
    found = tables.column(tmp_path, "c", [2**53 + 1, 2**62, 5])
    assert found.is_number and found.distinct == 3


def test_several_files_and_folders_are_one_table(tmp_path: Path) -> None:
    for year in (2024, 2025):
        folder = tmp_path / f"year={year}"
        folder.mkdir()
        tables.write(folder, {"a": [year, 2], "y": [0, 1]})
    table = profile.read(TableSource(str(tmp_path)), ["y"])
    assert table.rows == 4
    assert dict(table.columns["year"].counts) == {2024.0: 2, 2025.0: 2}


def test_lists_and_times_of_parquet(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pa.table(
        {
            "vector": pa.array([[1.0, 2.0], [3.0, 4.0]]),
            "when": pa.array([0, 1], pa.timestamp("s")),
            "y": [0, 1],
        }
    )
    pyarrow.parquet.write_table(table, path)
    found = profile.read(TableSource(str(path), "parquet"), ["y"])
    assert found.columns["vector"].column.lengths == (2, 2)
    assert found.times == ("when",)
    assert [text[:19] for text in found.columns["when"].sample] == [
        "1970-01-01 00:00:00",
        "1970-01-01 00:00:01",
    ]


def test_no_rows_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no rows"):
        tables.read(tmp_path, {"a": [], "y": []}, "y")


def test_what_is_kept_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    found = tables.column(tmp_path, "c", range(50_000))
    assert len(found.sample) == 20_000 and len(found.counts) <= 4_096
    assert found.distinct == pytest.approx(50_000, rel=0.1) and not found.is_exact
    assert found.column.type == "INT" and found.missing == 0
