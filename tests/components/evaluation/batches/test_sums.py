"""Sums are those of all rows, however these come."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from components.evaluation.batches import sums
from components.evaluation.batches.sums import Table, in_all, in_cells


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 60), st.integers(1, 3), st.lists(st.integers(0, 60), max_size=5))
def test_any_order_gives_the_sums_of_each_cell(rows: int, samples: int, cuts: list[int]) -> None:
    generator = np.random.default_rng(rows)
    cells = generator.integers(0, 7, rows)
    values = generator.normal(size=(rows, 2))
    draws = generator.poisson(1, (rows, samples)).astype(float)
    table, other = Table(), Table()
    for number, piece in enumerate(np.split(np.arange(rows), sorted(min(x, rows) for x in cuts))):
        local = np.arange(len(piece))
        (other if number % 2 else table).add(
            in_cells(cells[piece], values[piece], draws[piece], local)
        )
    table.merge(other)
    found = table.totals()
    assert found is not None and found.cells.tolist() == sorted(set(cells.tolist()))
    for cell, got in zip(found.cells, found.values, strict=True):
        members = cells == cell
        np.testing.assert_allclose(got, draws[members].T @ values[members], atol=1e-12)


def test_many_small_parts_are_added_up_on_the_way() -> None:
    table = Table()
    for _ in range(3 * sums._FEW):
        table.add(in_all(np.ones((2, 1)), np.ones((2, 1))))
    assert len(table._parts) <= 2 * sums._FEW + 1
    found = table.totals()
    assert found and found.values.ravel().tolist() == [6 * sums._FEW]


def test_what_is_infinite_counts_only_where_it_was_drawn() -> None:
    values = np.array([[np.inf], [2.0]])
    draws = np.array([[1, 0, 1], [1, 1, 0]])
    for found in (in_all(values, draws), in_cells(np.zeros(2, int), values, draws, np.arange(2))):
        assert found.values.ravel().tolist() == [np.inf, 2.0, np.inf]


def test_no_rows_have_no_sums() -> None:
    assert Table().totals() is None
