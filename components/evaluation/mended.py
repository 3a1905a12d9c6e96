"""What is wrong in TFMA's combiners, mended; importing this module does it.

Merges: several combiners start from `next(iter(accumulators))` and then go over all of
`accumulators`: of a list, which some runners hand over, the first partial result is counted twice
(cross entropies, mean errors and others, in TFMA 0.47.1 and 0.52.0). And most of them add to the
first one in place, which the jackknife needs again. All metrics go through one CombineFn, so they
are mended there.

Cross entropies: a probability of exactly 0 or 1, which is what float32 has for one nearer than
6e-8 to 1, makes the binary one undefined though it be right, and the categorical one forgets such a
0 though it be wrong. Here it counts as the number next to it. The categorical one also divides the
predictions by their sum in place, where all metrics see them.

Beam's workers import it with the metric `JudgedRows`, which every evaluation has.
"""

from __future__ import annotations

import functools
import pickle
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from tensorflow_model_analysis.evaluators import metrics_plots_and_validations_evaluator as tfma
from tensorflow_model_analysis.metrics import cross_entropy_metrics

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


_NEXT_TO_0 = float(np.finfo(np.float32).tiny)
_NEXT_TO_1 = float(np.nextafter(np.float32(1), np.float32(0)))


def between_0_and_1(probabilities: np.ndarray) -> np.ndarray:
    """The probabilities, as float64, with the next float32 for those that are 0 or 1."""
    found = np.asarray(probabilities, np.float64)
    return np.where(found == 0, _NEXT_TO_0, np.where(found == 1, _NEXT_TO_1, found))


def _mended(cross_entropy: Callable[..., float]) -> Callable[..., float]:
    @functools.wraps(cross_entropy)
    def mended(self: Any, label: np.ndarray, prediction: np.ndarray) -> float:
        own = np.array(prediction) if self._from_logits else between_0_and_1(prediction)
        return cross_entropy(self, label, own)

    return mended


for _combiner in (
    cross_entropy_metrics._BinaryCrossEntropyCombiner,
    cross_entropy_metrics._CategoricalCrossEntropyCombiner,
):
    _combiner._cross_entropy = _mended(_combiner._cross_entropy)
