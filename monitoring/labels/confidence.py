"""Confidence sequences: intervals that hold at all times at once, however often one looks."""

from __future__ import annotations

import math

import numpy as np

from monitoring.core.record import Record

_MOST_LAMBDA = 0.5


class MeanSequence(Record):
    """The mean of numbers from 0 to 1, with an interval around it, after any number of them.

    The predictable plug-in empirical-Bernstein confidence sequence of Waudby-Smith and Ramdas 2023,
    "Estimating means of bounded random variables by betting", theorem 2: with a probability of at
    least 1 - alpha the mean is within the interval at all times. Its only assumption is that the
    numbers are bounded and that the mean of each, given those before, is the same. Its size does
    not grow with the numbers.
    """

    alpha: float
    count: int = 0
    total: float = 0.0
    squares: float = 0.0
    """Of differences from the means that were estimated by then."""
    weights: float = 0.0
    weighted: float = 0.0
    penalty: float = 0.0
    lower: float = 0.0
    upper: float = 1.0

    @property
    def mean(self) -> float | None:
        """None before there is a number."""
        return self.total / self.count if self.count else None

    def after(self, numbers: np.ndarray) -> MeanSequence:
        """The sequence after more numbers, of shape [n], each from 0 to 1, in their order."""
        if not len(numbers):
            return self
        x = np.asarray(numbers, dtype=np.float64)
        times = self.count + np.arange(1, len(x) + 1)
        sums = self.total + np.cumsum(x)
        means = (0.5 + sums) / (times + 1)
        means_before = np.concatenate([[(0.5 + self.total) / (self.count + 1)], means[:-1]])
        squares = self.squares + np.cumsum((x - means) ** 2)
        squares_before = np.concatenate([[self.squares], squares[:-1]])
        variances = (0.25 + squares_before) / times
        level = math.log(2 / self.alpha)
        weights = np.minimum(
            np.sqrt(2 * level / (variances * times * np.log(1 + times))), _MOST_LAMBDA
        )
        penalties = (-np.log1p(-weights) - weights) * (x - means_before) ** 2
        all_weights = self.weights + np.cumsum(weights)
        weighted = self.weighted + np.cumsum(weights * x)
        penalty = self.penalty + np.cumsum(penalties)
        centers, widths = weighted / all_weights, (level + penalty) / all_weights
        return MeanSequence(
            alpha=self.alpha,
            count=int(times[-1]),
            total=float(sums[-1]),
            squares=float(squares[-1]),
            weights=float(all_weights[-1]),
            weighted=float(weighted[-1]),
            penalty=float(penalty[-1]),
            lower=max(self.lower, float((centers - widths).max())),
            upper=min(self.upper, float((centers + widths).min())),
        )
