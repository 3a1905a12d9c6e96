"""Sums over rows by cell, for each sample of the rows: what metrics of a common kind need to know.

A cell is a bucket of a histogram, a pair of classes, or the only one of a mean.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_FEW = 4096
"""Cells that wait before they are added up."""


class Sums(NamedTuple):
    """Sums by cell."""

    cells: np.ndarray
    """[cells], whole numbers, each once."""
    values: np.ndarray
    """[cells, samples, sums]."""


def in_all(values: np.ndarray, draws: np.ndarray, rows: np.ndarray | None = None) -> Sums:
    """Sums over all entries, as the cell 0.

    Args:
        values: [entries, sums].
        draws: [rows, samples]: how often each row is in each sample.
        rows: [entries], the row of each; None: entry and row are the same.
    """
    if draws.shape[1] == 1:
        return Sums(np.zeros(1, np.int64), values.sum(axis=0, dtype=float)[None, None])
    drawn = (draws if rows is None else draws[rows]).T
    if np.isfinite(values).all():
        totals = drawn @ values.astype(float)
    else:
        totals = np.stack([_times(values.T, times).sum(axis=1) for times in drawn])
    return Sums(np.zeros(1, np.int64), totals[None])


def in_cells(cells: np.ndarray, values: np.ndarray, draws: np.ndarray, rows: np.ndarray) -> Sums:
    """Sums over the entries of each cell.

    Args:
        cells: [entries], whole numbers.
        values: [entries, sums].
        draws: [rows, samples]: how often each row is in each sample.
        rows: [entries], the row of each.
    """
    found, place = np.unique(cells, return_inverse=True)
    columns = np.ascontiguousarray(values.T, dtype=float)
    drawn = np.ascontiguousarray(draws[rows].T)
    made = np.empty((len(found), len(drawn), len(columns)))
    for sample, times in enumerate(drawn):
        for number, column in enumerate(_times(columns, times)):
            made[:, sample, number] = np.bincount(place, column, len(found))
    return Sums(found.astype(np.int64), made)


def _times(columns: np.ndarray, times: np.ndarray) -> np.ndarray:
    """[sums, entries] as often as they were drawn: infinity not once is nothing."""
    if np.isfinite(columns).all():
        return columns * times
    with np.errstate(invalid="ignore"):
        return np.where(times > 0, columns * times, 0.0)


class Table:
    """Sums that grow; takes no more memory than there are cells."""

    def __init__(self) -> None:
        self._parts: list[Sums] = []
        self._waiting = 0

    def add(self, sums: Sums) -> None:
        """Adds the sums of more rows."""
        self._parts.append(sums)
        self._waiting += len(sums.cells)
        if self._waiting > 2 * max(_FEW, len(self._parts[0].cells)):
            self._add_up()

    def merge(self, other: Table) -> None:
        """Adds the sums of another table, which is not to be used after."""
        for part in other._parts:
            self.add(part)

    def totals(self) -> Sums | None:
        """The sums by cell, in ascending order of cells; None of no rows."""
        self._add_up()
        return self._parts[0] if self._parts else None

    def _add_up(self) -> None:
        if len(self._parts) > 1:
            cells = np.concatenate([part.cells for part in self._parts])
            values = np.concatenate([part.values for part in self._parts])
            order = np.argsort(cells, kind="stable")
            cells = cells[order]
            first = np.flatnonzero(np.diff(cells, prepend=cells[:1] - 1))
            added = np.add.reduceat(values[order], first, axis=0) if len(first) else values
            self._parts = [Sums(cells[first], added)]
        self._waiting = sum(len(part.cells) for part in self._parts)
