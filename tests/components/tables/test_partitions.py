"""Hive folders as columns: the same values and types as pyarrow has of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components import tables
from components.tables import TableSource, content_hash, partitions
from models.common.errors import DataError
from tests.components.tables.table_files import read

VALUES = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), min_size=1, max_size=4)


def write(folder: str, **columns: list[Any]) -> None:
    Path(folder).mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), f"{folder}/t.parquet")


@given(st.lists(VALUES | st.integers(-99, 9999).map(str), min_size=1, max_size=3, unique=True))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_a_column_is_what_pyarrow_makes_of_it(
    tmp_path_factory: pytest.TempPathFactory, values: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("hive")
    for value in values:
        write(f"{folder}/day={quote(value, safe='')}", a=[1, 2])
    found = read(TableSource("", "parquet", root=str(folder)))
    theirs = pyarrow.dataset.dataset(folder, partitioning="hive").to_table().to_pydict()
    assert sorted(found["day"]) == sorted(theirs["day"])


@pytest.mark.parametrize(
    ("pattern", "days"),
    [
        ("part", [1, 1, 2, 2]),
        ("part/*", [1, 1, 2, 2]),
        ("part/**/*.parquet", [1, 1, 2, 2]),
        ("part/year=2025/day=02", [2, 2]),
    ],
)
def test_every_way_to_name_the_folder_has_the_columns(pattern: str, days: list[int]) -> None:
    for day in ("01", "02"):
        write(f"part/year=2025/day={day}", a=[1, 2])
    found = read(TableSource(pattern, "parquet"))
    assert found["day"] == days and set(found["year"]) == {2025}


def test_csv_has_them_too_and_a_wider_type_where_it_is_asked_for() -> None:
    for day in ("01", "x"):
        Path(f"p/day={day}").mkdir(parents=True)
        Path(f"p/day={day}/t.csv").write_text("a\n1\n")
    assert read(TableSource("p"))["day"] == ["01", "x"]
    assert read(TableSource("p/day=01"), {"day": "FLOAT"})["day"] == [1.0]


def test_a_value_that_is_missing_is() -> None:
    write("p/day=__HIVE_DEFAULT_PARTITION__", a=[1])
    write("p/day=3", a=[1])
    assert read(TableSource("p", "parquet"))["day"] == [3, None]


def test_the_files_own_column_holds() -> None:
    write("p/day=3", day=[4])
    assert read(TableSource("p", "parquet"))["day"] == [4]


def test_folders_above_the_root_say_nothing() -> None:
    assert partitions.values("/x=1/project/data/y=2/t.csv", "/x=1/project") == {"y": "2"}


def test_files_beside_the_folders_are_told() -> None:
    write("p", a=[1])
    write("p/day=3", a=[1])
    with pytest.raises(DataError, match="has other columns than"):
        tables.scan(TableSource("p", "parquet"))


def test_another_folder_is_other_data() -> None:
    write("p/day=3", a=[1])
    before = content_hash(TableSource("p", "parquet"))
    Path("p/day=3").rename("p/day=4")
    assert content_hash(TableSource("p", "parquet")) != before
