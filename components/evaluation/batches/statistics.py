"""What each combiner of TFMA adds row by row, of all rows of a chunk at once.

A statistic gives sums by cell, and makes of these what the combiner itself would have by then. So
the result is made by the combiner, as ever.
"""

from __future__ import annotations

from typing import Any, ClassVar

import apache_beam as beam
import numpy as np

from components.evaluation.batches import tfma_parts
from components.evaluation.batches.chunk import Chunk, Flat, View, is_plain
from components.evaluation.batches.sums import Sums, in_all

Accumulator = Any
"""What a combiner of TFMA keeps."""


class Statistic:
    """The sums that a combiner needs; a subclass for each kind of combiner.

    Args:
        combiner: Of TFMA.

    Raises:
        RunError: This version of TFMA has another kind of combiner under that name.
    """

    NEEDS: ClassVar[tuple[str, ...]] = ()
    """The combiner's attributes that are read."""

    def __init__(self, combiner: beam.CombineFn) -> None:
        tfma_parts.check_attributes(combiner, self.NEEDS)
        self.combiner: Any = combiner

    def is_plain(self) -> bool:
        """Whether the combiner looks at rows in the common way."""
        own = self.combiner
        return is_plain(own._aggregation_type, own._class_weights)

    def setup(self) -> None:
        """Is called before the first rows, where they are."""

    def sums(self, chunk: Chunk) -> Sums | None:
        """The sums of a chunk; None where TFMA has to take its rows one by one."""
        raise NotImplementedError

    def accumulator(self, cells: np.ndarray, values: np.ndarray) -> Accumulator:
        """What the combiner would have made of all rows.

        Args:
            cells: [cells], ascending.
            values: [cells, sums].
        """
        raise NotImplementedError

    def result(self, cells: np.ndarray, values: np.ndarray) -> dict[Any, Any]:
        """The metrics by their keys; the arguments are those of `accumulator`."""
        return dict(self.combiner.extract_output(self.accumulator(cells, values)))


class OfEntries(Statistic):
    """Sums over one entry for each row and class."""

    def view(self) -> View:
        """What the combiner looks at."""
        own = self.combiner
        return View.of(own._key, own._eval_config, example_weighted=own._example_weighted)

    def sums(self, chunk: Chunk) -> Sums | None:
        """The sums of a chunk."""
        flat = chunk.flat(self.view())
        if flat is None:
            return None
        with np.errstate(all="ignore"):
            return in_all(self.terms(flat), chunk.draws, flat.rows)

    def terms(self, flat: Flat) -> np.ndarray:
        """[entries, sums]."""
        raise NotImplementedError


class OfRows(Statistic):
    """Sums over one value for each row, and over its weight."""

    NEEDS: ClassVar[tuple[str, ...]] = (
        *("_metric_key", "_eval_config", "_example_weighted", "_aggregation_type"),
        "_class_weights",
    )

    def sums(self, chunk: Chunk) -> Sums | None:
        """The sums of a chunk."""
        own = self.combiner
        view = View.of(own._metric_key, own._eval_config, example_weighted=own._example_weighted)
        seen = chunk.seen(view)
        if seen is None:
            return None
        widths = {seen.labels.shape[1], seen.predictions.shape[1]}
        if len(widths - {1}) > 1:
            return None
        with np.errstate(all="ignore"):
            values = self.values(seen.labels, seen.predictions)
            return in_all(np.stack([values * seen.weights, seen.weights], axis=1), chunk.draws)

    def values(self, labels: np.ndarray, predictions: np.ndarray) -> np.ndarray:
        """[rows].

        Args:
            labels: [rows, 1 or classes].
            predictions: [rows, 1 or classes].
        """
        raise NotImplementedError
