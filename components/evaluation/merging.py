"""Merges TFMA's partial results right, however a runner hands them over.

Several of TFMA's combiners start from `next(iter(accumulators))` and then go over all of
`accumulators`: of a list, which some runners hand over, the first partial result is counted twice
(cross entropies, mean errors and others, in TFMA 0.47.1 and 0.52.0). And most of them add to the
first one in place, which the jackknife needs again.

All metrics go through one CombineFn, so they are mended there. Importing this module is what mends
it: Beam's workers import it with the metric `JudgedRows`, which every evaluation has.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from typing import Any

from tensorflow_model_analysis.evaluators import metrics_plots_and_validations_evaluator as tfma

COMBINER = tfma._ComputationsCombineFn
"""What computes all metrics of a slice: a tuple of combiners, one for each metric."""


def _merge(self: Any, accumulators: Iterable[Iterable[Any]]) -> list[Any]:
    """Adds one partial result after the other to a fresh one, and leaves them as they were.

    Of each a copy is added, as some combiners keep parts of what they merge and add to these later.
    """
    merged = self.create_accumulator()
    for accumulator in accumulators:
        merged = [
            combiner.merge_accumulators(iter((mine, pickle.loads(pickle.dumps(other)))))  # noqa: S301
            for combiner, mine, other in zip(self._combiners, merged, accumulator, strict=True)
        ]
    return merged


COMBINER.merge_accumulators = _merge
