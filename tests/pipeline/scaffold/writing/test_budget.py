"""Larger tables get smaller ensembles; the smallest ones by far the most epochs."""

from __future__ import annotations

from pipeline.scaffold.writing import budget


def test_budgets_by_rows() -> None:
    found = [budget.for_rows(rows) for rows in (10, 1_999, 2_000, 50_000, 10**7)]
    assert [one.members for one in found] == [32, 32, 8, 8, 8]
    assert [one.bins for one in found] == [8, 8, 32, 32, 32]
    epochs = [one.epochs for one in found]
    assert min(epochs[:2]) > 3 * max(epochs[2:])
    assert all(one.patience < one.epochs for one in found)
    assert [one.batch_size for one in found] == sorted(one.batch_size for one in found)
