"""P-values of several tests together, and quantiles."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np


def holm(p_values: Mapping[str, float]) -> dict[str, float]:
    """Adjusts p-values so that all together err with the probability of one.

    Holm's step-down procedure (Scandinavian Journal of Statistics 6, 1979, pages 65-70).
    """
    adjusted: dict[str, float] = {}
    least = 0.0
    for rank, (name, p) in enumerate(sorted(p_values.items(), key=lambda item: item[1])):
        least = max(least, min(1.0, (len(p_values) - rank) * p))
        adjusted[name] = least
    return {name: adjusted[name] for name in p_values}


def quantile(values: Sequence[float] | np.ndarray, q: float) -> float:
    """A sample's quantile, NaN of none."""
    return float(np.quantile(np.asarray(values), q)) if len(values) else math.nan
