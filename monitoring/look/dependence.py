"""Rows of one request resemble each other: for how many independent rows do they count?

A client may send batches of rows of one shop, or of one hour. Of m such rows whose values correlate
by r, the mean varies as that of m / (1 + (m - 1) r) independent ones (the design effect: Kish 1965,
Survey Sampling, section 8.2). The correlation within requests is that of the window's sample of
rows; counts of a window are divided by the design effect before they are compared.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import rankdata

from monitoring.statistics.distributions import effective
from monitoring.summary.window_summary import FeatureSummary, OutputSummary, WindowSummary

_SURE = 1.645
"""Standard errors by which the correlation is taken for larger than it is in the sample."""


def independent(window: WindowSummary, like: WindowSummary) -> WindowSummary:
    """A window with its counts as of so many independent rows as they are worth.

    Outputs, lists and whatever else is not in the sample are taken for as alike as the feature that
    is most alike.

    Args:
        window: What was counted.
        like: A window with a sample of rows, and the same kind of requests.
    """
    effects = design_effects(like)
    most = max(effects.values(), default=1.0)
    if most == 1.0:
        return window
    return window.model_copy(
        update={
            "rows": round(window.rows / most),
            "features": {
                name: _feature(one, effects.get(name, most))
                for name, one in window.features.items()
            },
            "outputs": {name: _output(one, most) for name, one in window.outputs.items()},
            "unknown_features": {
                name: round(rows / most) for name, rows in window.unknown_features.items()
            },
        }
    )


def one_of_each(window: WindowSummary) -> list[int]:
    """The places of the sample's rows that are of different requests."""
    if not window.sample_requests:
        return list(range(max(map(len, window.sample.values()), default=0)))
    found = np.unique(np.array(window.sample_requests), return_index=True)[1]
    return sorted(found.tolist())


def design_effects(window: WindowSummary) -> dict[str, float]:
    """By feature, how many rows count for one; empty where no request has several rows."""
    requests = np.array(window.sample_requests, dtype=np.int64)
    rows = len(requests)
    sizes = np.bincount(np.unique(requests, return_inverse=True)[1]) if rows else np.zeros(0)
    pairs = float((sizes * (sizes - 1)).sum())
    if not pairs:
        return {}
    # Of the window's rows, others of the same request: the sample has a share of them.
    others = pairs / rows * max(1.0, (window.rows - 1) / (rows - 1))
    found = {}
    for name, column in window.sample.items():
        if len(column) == rows:
            within = max(_correlation(each, requests, pairs) for each in _scores(column))
            within = _at_most(within, others + 1, window.rows)
            found[name] = 1 + others * within
    return found


def _scores(column: Sequence[Any]) -> list[np.ndarray]:
    """Columns of numbers by which rows resemble each other, each [rows, scores]."""
    missing = np.array([value is None for value in column])
    found = [missing[:, None].astype(float)]
    present = [value for value in column if value is not None]
    if present and all(isinstance(value, int | float) for value in present):
        ranks = np.zeros(len(column))
        ranks[~missing] = rankdata(np.array(present, dtype=float))
        ranks[missing] = (len(present) + 1) / 2
        found.append(ranks[:, None])
    # Values by name, and numbers by tenths of their ranks: likeness that is no order.
    if len(found) == 2:
        codes = np.ceil(10 * found[1][:, 0] / max(1, len(present))).astype(int)
        codes[missing] = -1
    else:
        codes = np.unique([str(value) for value in column], return_inverse=True)[1]
    places = np.unique(codes, return_inverse=True)[1]
    return [*found, np.eye(places.max() + 1)[places]]


def _correlation(scores: np.ndarray, requests: np.ndarray, pairs: float) -> float:
    """Of two rows of one request, from 0; of several scores their mean, each by its variance."""
    centred = scores - scores.mean(axis=0)
    variance = float((centred**2).sum()) / len(scores)
    if not variance:
        return 0.0
    places = np.unique(requests, return_inverse=True)[1]
    sums = np.zeros((places.max() + 1, scores.shape[1]))
    np.add.at(sums, places, centred)
    products = float((sums**2).sum() - (centred**2).sum())
    return max(0.0, products / pairs / variance)


def _at_most(within: float, size: float, rows: int) -> float:
    """What the correlation is at most, given how few requests there are (Fisher 1925)."""
    requests = max(2.0, rows / size)
    error = (1 - min(1.0, within)) * (1 + (size - 1) * within)
    error *= math.sqrt(2 / (max(1e-9, size * (size - 1)) * (requests - 1)))
    return min(1.0, within + _SURE * error)


def _bins(counts: tuple[int, ...], effect: float) -> tuple[int, ...]:
    if not counts:
        return counts
    return tuple(effective(np.array(counts), round(sum(counts) / effect)).tolist())


def _values(counts: dict[str, int], effect: float) -> dict[str, int]:
    return dict(zip(counts, _bins(tuple(counts.values()), effect), strict=True))


def _feature(one: FeatureSummary, effect: float) -> FeatureSummary:
    def less(count: int) -> int:
        return round(count / effect)

    return one.model_copy(
        update={
            "rows": less(one.rows),
            "missing": less(one.missing),
            "wrong_type": less(one.wrong_type),
            "not_finite": less(one.not_finite),
            "bins": _bins(one.bins, effect),
            "below": less(one.below),
            "above": less(one.above),
            "values": _values(one.values, effect),
            "unseen": _values(one.unseen, effect),
            "unseen_values": less(one.unseen_values),
            "lengths": _bins(one.lengths, effect),
        }
    )


def _output(one: OutputSummary, effect: float) -> OutputSummary:
    return one.model_copy(
        update={
            "rows": round(one.rows / effect),
            "missing": round(one.missing / effect),
            "bins": _bins(one.bins, effect),
            "below": round(one.below / effect),
            "above": round(one.above / effect),
            "values": _values(one.values, effect),
            "unseen_values": round(one.unseen_values / effect),
            "slices": {name: _bins(counts, effect) for name, counts in one.slices.items()},
        }
    )
