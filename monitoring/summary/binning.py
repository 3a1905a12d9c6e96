"""The bins of many numbers at once."""

from __future__ import annotations

import numpy as np

_FEW_EDGES = 8
"""Up to so many are searched as fast."""
_DIVISIONS = ((1 << 10, False), (1 << 12, False), (1 << 12, True), (1 << 14, False))
"""Numbers of cells, and whether they are of one width of the logarithm, until no cell has two."""


class Bins:
    """Finds the bin of each number: bin i is above edge i - 1 and up to edge i.

    Between the first and the last edge lie cells of one width, or of one width of the logarithm. In
    most of them is one edge or none, so that a number's cell and one comparison say its bin; in the
    others it is searched. Searching them all takes several times as long, and gives the same bins,
    as rounding keeps order.

    Args:
        edges: Ascending.
    """

    def __init__(self, edges: np.ndarray) -> None:
        self._edges = edges + 0.0  # Of two zeros, the one with a sign has other bits.
        self._scale = 0.0
        if len(edges) <= _FEW_EDGES or not np.isfinite(edges).all():
            return
        for cells, logarithmic in _DIVISIONS:
            self._divide(cells, logarithmic)
            if self._crowded is None:
                break

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """[numbers]: the bin of each; none is NaN."""
        if not self._scale:
            return np.searchsorted(self._edges, numbers, side="left")
        cells = self._cells(numbers)
        found: np.ndarray = self._bins[cells] + (numbers > self._edge[cells])
        if self._crowded is not None:
            several = np.flatnonzero(self._crowded[cells])
            found[several] = np.searchsorted(self._edges, numbers[several], side="left")
        return found

    def _divide(self, cells: int, logarithmic: bool) -> None:
        edges = self._edges
        self._last, self._logarithmic = cells - 1, logarithmic
        self._first, last = self._keys(edges[[0, -1]])
        with np.errstate(over="ignore"):
            self._scale = self._last / (last - self._first)
        if not 0 < self._scale < np.inf:
            self._scale, self._crowded = 0.0, None
            return
        inside = np.bincount(self._cells(edges), minlength=cells)
        # Edges in earlier cells; with the one in its own a number has to be compared.
        self._bins = np.cumsum(inside) - inside
        self._edge = np.where(inside > 0, edges[np.minimum(self._bins, len(edges) - 1)], np.inf)
        self._crowded = inside > 1 if inside.max() > 1 else None

    def _cells(self, numbers: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            found = (self._keys(numbers) - self._first) * self._scale
        np.clip(found, 0, self._last, out=found)
        return found.astype(np.int64)

    def _keys(self, numbers: np.ndarray) -> np.ndarray:
        """Numbers, or others in the same order: the bits of a float ascend like its logarithm."""
        if not self._logarithmic:
            return numbers
        bits = np.ascontiguousarray(numbers, dtype=np.float64).view(np.int64)
        return (bits ^ ((bits >> 63) & np.int64(2**63 - 1))).astype(np.float64)
