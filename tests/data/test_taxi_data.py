"""The shipped taxi data is TFX's, and its README says so truly."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import re
from pathlib import Path

import pytest

from tests.helpers.paths import ROOT

FOLDER = ROOT / "data" / "taxi"
TRIPS = FOLDER / "trips.csv"
README = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_it_is_the_file_in_the_tfx_package() -> None:
    package = importlib.util.find_spec("tfx")  # Finds it without importing it.
    assert package and package.origin
    sample = "examples/chicago_taxi_pipeline/data/simple/data.csv"
    assert (Path(package.origin).parent / sample).read_bytes() == TRIPS.read_bytes()


def test_the_readme_has_its_checksum() -> None:
    assert hashlib.sha256(TRIPS.read_bytes()).hexdigest() in README


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with TRIPS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_readme_describes_every_column_in_order(rows: list[dict[str, str]]) -> None:
    assert re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE) == list(rows[0])


def test_the_readme_counts_rows_and_missing_values(rows: list[dict[str, str]]) -> None:
    assert f"{len(rows):,} taxi trips" in README
    missing = re.findall(
        r"^\| `(\w+)` \| \w+ \| (?:([\d.]+) % \(([\d,]+) rows\)|none) \|", README, re.M
    )
    assert len(missing) == len(rows[0])
    for column, share, count in missing:
        empty = sum(row[column] == "" for row in rows)
        assert (share, count) == (
            (f"{empty / len(rows):.2%}"[:-1], f"{empty:,}") if empty else ("", "")
        )
