"""How far the data has moved since an earlier run, feature by feature.

Numbers are compared by the population stability index (PSI) over the earlier run's quantiles, with
missing values as a bucket of their own; categories by the largest difference of a share, the
L-infinity distance. Both are above zero for two samples of the very same data, the more so the
smaller they are, so each comes with what such samples stay below 19 times out of 20.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist

from pipeline.record.run_details import Bucket, Drift, Feature, SplitFeature

SPLIT = "train"
_LEVEL = 0.95
_SKETCH = 0.002
"""What TFDV's approximate quantiles may add to or take from a bucket's share."""


def fill(
    current: Sequence[Feature], previous: Sequence[Feature], fine: Mapping[str, Sequence[Bucket]]
) -> None:
    """Gives each feature its drift, where the earlier run had the feature with the same type.

    Args:
        current: The features of this run; each one's `drift` is set.
        previous: The features of the earlier run.
        fine: The training split's quantiles of this run, as finely as they are known.
    """
    before = {feature.name: feature for feature in previous}
    for feature in current:
        old = before.get(feature.name)
        if old is None or old.type != feature.type:
            continue
        if SPLIT not in old.splits or SPLIT not in feature.splits:
            continue
        was, now = old.splits[SPLIT], feature.splits[SPLIT]
        if not was.rows or not now.rows:
            continue
        if was.unique is not None and now.unique is not None:
            feature.drift = l_infinity(was, now)
        elif was.unique is None and now.unique is None:
            feature.drift = psi(was, now, fine.get(feature.name, now.quantiles))


def psi(was: SplitFeature, now: SplitFeature, fine: Sequence[Bucket]) -> Drift:
    """The population stability index: the sum of (q - p) ln(q / p) over the buckets' shares.

    For two samples of n and m rows of the same data it is close to (1/n + 1/m) times a chi-square
    variable with one degree of freedom less than there are buckets (Yurdakul and Naranjo, 2020,
    "Statistical properties of the population stability index", Journal of Risk Model Validation
    14(4)).

    Args:
        was: The feature in the earlier run.
        now: The feature in this run.
        fine: Its quantiles in this run, as finely as they are known.
    """
    before = [bucket.count for bucket in was.quantiles]
    edges = [bucket.high for bucket in was.quantiles[:-1]]
    below = [_count_up_to(edge, fine) for edge in edges]
    after = [high - low for low, high in zip([0, *below], [*below, _total(fine)], strict=True)]
    if not was.quantiles:  # It had no values, so that there is one bucket for all of them.
        before = [0.0]
    if was.missing or now.missing:
        before, after = [*before, was.missing], [*after, now.missing]
    p, q = _shares(before), _shares(after)
    value = sum((b - a) * math.log(b / a) for a, b in zip(p, q, strict=True))
    noise = chi_square_quantile(_LEVEL, len(p) - 1) * (1 / was.rows + 1 / now.rows)
    sketch = sum(_SKETCH**2 / share for share in p) if len(p) > 1 else 0.0
    # Rounded, so that the same statistics are exactly no drift.
    return Drift(measure="PSI", value=round(value, 12), expected=noise + sketch)


def l_infinity(was: SplitFeature, now: SplitFeature) -> Drift:
    """The largest difference of a value's share, missing counting as a value.

    For samples of n and m values, the difference of one share p is close to normal with variance
    p (1 - p) (1/n + 1/m); Bonferroni's correction makes a bound on each a bound on the largest. Of
    a value that is not among the most frequent ones of one of the runs, only the part of the
    difference is counted that is certain.

    Args:
        was: The feature in the earlier run.
        now: The feature in this run.
    """
    n, m = _values(was), _values(now)
    p, p_rest = _value_shares(was, n)
    q, q_rest = _value_shares(now, m)
    differences = [0.0]
    deviations = [0.0]
    for value in {**p, **q}:
        a, b = p.get(value), q.get(value)
        if a is not None and b is not None:
            differences.append(abs(b - a))
        elif a is not None:
            differences.append(max(0.0, a - q_rest))
        elif b is not None:
            differences.append(max(0.0, b - p_rest))
        share = ((a or 0.0) * n + (b or 0.0) * m) / (n + m)
        deviations.append(math.sqrt(share * (1 - share) * (1 / n + 1 / m)))
    z = NormalDist().inv_cdf(1 - (1 - _LEVEL) / (2 * max(1, len(deviations) - 1)))
    return Drift(measure="L-infinity", value=max(differences), expected=z * max(deviations))


def chi_square_quantile(level: float, freedom: int) -> float:
    """A quantile of the chi-square distribution, by the approximation of Wilson and Hilferty
    (1931, "The distribution of chi-square", PNAS 17(12)); within 1 % at the level 0.95 from two
    degrees of freedom.

    Args:
        level: The share of the distribution that lies below, between 0 and 1.
        freedom: Degrees of freedom; none gives 0.
    """
    if freedom < 1:
        return 0.0
    part = 2 / (9 * freedom)
    return freedom * (1 - part + NormalDist().inv_cdf(level) * math.sqrt(part)) ** 3


def _count_up_to(edge: float, buckets: Sequence[Bucket]) -> float:
    """How many values are at most `edge`, evenly spread within a bucket."""
    count = 0.0
    for bucket in buckets:
        if bucket.high <= edge:
            count += bucket.count
        elif bucket.low < edge:
            count += bucket.count * (edge - bucket.low) / (bucket.high - bucket.low)
    return count


def _total(buckets: Sequence[Bucket]) -> float:
    return sum(bucket.count for bucket in buckets)


def _shares(counts: Sequence[float]) -> list[float]:
    """Shares of the total; an empty bucket counts as half a row, so that its logarithm exists."""
    filled = [max(count, 0.5) for count in counts]
    total = sum(filled)
    return [count / total for count in filled]


def _values(split: SplitFeature) -> float:
    """How many values there are, missing ones included."""
    return split.missing + (split.rows - split.missing if split.values is None else split.values)


def _value_shares(split: SplitFeature, total: float) -> tuple[dict[str | None, float], float]:
    """The share of each known value, None being a missing one, and the most that another may
    have."""
    shares: dict[str | None, float] = {top.value: top.count / total for top in split.top}
    complete = split.unique is None or split.unique <= len(split.top)
    rest = 0.0 if complete or not split.top else split.top[-1].count / total
    return {**shares, None: split.missing / total}, rest
