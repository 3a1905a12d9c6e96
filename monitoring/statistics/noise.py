"""How much samples of the same data differ by chance."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

_SAMPLES = 200
_BELOW = 0.95


class Noise(NamedTuple):
    """A statistic of two samples of the same data."""

    mean: float
    level: float
    """What 95 % of them stay below."""


def noise(
    statistic: Callable[[np.ndarray, np.ndarray], np.ndarray],
    reference: np.ndarray,
    served: np.ndarray,
) -> Noise:
    """What a statistic of counts is for samples of these sizes, if both are of the same data.

    The data are both samples together; 200 pairs are drawn, always the same ones.

    Args:
        statistic: Of counts of the reference and of the served rows, over the last axis.
        reference: Counts of the reference, shape `(bins,)`.
        served: Counts of the served rows.
    """
    together = reference + served
    if np.count_nonzero(together) < 2:
        return Noise(0.0, 0.0)
    shares = together / together.sum()
    generator = np.random.default_rng(0)
    values = statistic(
        generator.multinomial(int(reference.sum()), shares, _SAMPLES),
        generator.multinomial(int(served.sum()), shares, _SAMPLES),
    )
    return Noise(float(values.mean()), _quantile(np.sort(values), _BELOW))


def _quantile(ascending: np.ndarray, share: float) -> float:
    """As `numpy.quantile` has it, which takes longer than to draw the samples."""
    place = share * (len(ascending) - 1)
    low = int(place)
    a, b = (float(each) for each in ascending[low : low + 2])
    part = place - low
    return a + (b - a) * part if part < 0.5 else b - (b - a) * (1 - part)
