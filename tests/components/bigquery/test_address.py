"""Names of tables, and paths of what is read of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.bigquery import address
from components.bigquery.address import Table
from components.tables import partitions, shown


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("my-project.trips.taxi", Table("my-project", "trips", "taxi")),
        ("example.com:my-project.trips.taxi", Table("example.com:my-project", "trips", "taxi")),
        ("p1.d_2.a table-with é", Table("p1", "d_2", "a table-with é")),
    ],
)
def test_a_table_has_three_names(name: str, expected: Table) -> None:
    assert address.table(name) == expected
    assert str(expected) == name


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("taxi", "project.dataset.table"),
        ("trips.taxi", "project.dataset.table"),
        ("data/taxi/*.csv", "write a query"),
        ("p.d.events_*", "write a query"),
        ("p.d.events_{YYYY}", "write a query"),
        ("p.d.t$20260101", "no partition or moment"),
        ("p.d.t@-3600000", "no partition or moment"),
        ("my-project:trips.taxi", "my-project.trips.taxi"),
        ("`p.d.t`", "without backquotes"),
        ("p.d.t.u", "project.dataset.table"),
        ("P.d.t", "project.dataset.table"),
        ("", "project.dataset.table"),
    ],
)
def test_what_is_no_table_is_told(name: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace(".", r"\.")):
        address.table(name)


@pytest.mark.parametrize("name", ["p.d", "example.com:p.d"])
def test_a_data_set_has_two_names(name: str) -> None:
    assert address.dataset(name) == name


@pytest.mark.parametrize("name", ["p", "p.d.t", "p.d-e", "data/x", "p.d/"])
def test_what_is_no_data_set_is_told(name: str) -> None:
    with pytest.raises(ValueError, match="tables they name"):
        address.dataset(name)


NAMES = st.text(st.characters(codec="utf-8"), min_size=1)


@given(NAMES, NAMES, st.binary())
def test_a_path_has_all_that_its_reader_needs_and_no_folder(
    name: str, stream: str, schema: bytes
) -> None:
    path = address.part(name, stream, schema)
    assert address.of_part(path) == (name, stream, schema)
    assert shown(path) == name
    assert partitions.values(path) == {}
