"""What the training data of one run has that another's had not, feature by feature.

From the summaries that `details.json` keeps: the most frequent values of a feature of words, about
ten quantiles of a numeric one. Only what they tell for certain is told: where the earlier run's
values are not all known, a value that is not among them may have been there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

from dashboard.records.fields import Fields

SPLIT = "train"
_LEVEL = 0.95
_KOLMOGOROV = 1.358
"""The 0.95 quantile of Kolmogorov's distribution."""
_SKETCH = 0.002
"""What TFDV's approximate quantiles may add to a share."""
_MOST_VALUES = 20


@dataclass(frozen=True)
class Distance:
    """How far a feature has moved."""

    measure: str
    """`Kolmogorov-Smirnov`: the largest difference of the share of values below a number; or
    `L-infinity`: the largest difference of a value's share."""
    value: float
    expected: float
    """What two samples of the same data of these sizes stay below, 19 times out of 20."""


@dataclass(frozen=True)
class FeatureChange:
    """A feature in both runs, or in one of them."""

    name: str
    state: str
    """`added`, `removed`, `type changed`, or `both`."""
    distance: Distance | None = None
    said: list[str] = field(default_factory=list)
    """What is new, in words."""

    @property
    def attention(self) -> float:
        """Greater for what deserves more of it; below 1 nothing is more than chance."""
        if self.state != "both":
            return math.inf
        moved = self.distance.value / max(self.distance.expected, 1e-12) if self.distance else 0.0
        return moved + (1e3 if self.said else 0.0)

    def as_json(self) -> dict[str, Any]:
        """What a page is told."""
        distance = self.distance.__dict__ if self.distance else None
        differs = self.attention > 1
        return {**self.__dict__, "distance": distance, "differs": differs}


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FeatureChange]:
    """Every feature of either run, what deserves the most attention first.

    Args:
        before: The earlier run's `details.json`.
        after: The later one's.
    """
    was, now = _features(before), _features(after)
    found = [FeatureChange(name, "removed") for name in was if name not in now]
    found += [FeatureChange(name, "added") for name in now if name not in was]
    found += [_changed(name, was[name], now[name]) for name in now if name in was]
    return sorted(found, key=lambda one: (-one.attention, one.name))


def _features(details: Mapping[str, Any]) -> dict[str, Fields]:
    found = Fields(dict(details)).parts("features")
    return {one.text("name"): one for one in found if one.part("splits").part(SPLIT).content}


def _changed(name: str, before: Fields, after: Fields) -> FeatureChange:
    kinds = before.text("type"), after.text("type")
    if kinds[0] != kinds[1]:
        return FeatureChange(name, "type changed", said=[f"{kinds[0]} before, {kinds[1]} now"])
    was, now = before.part("splits").part(SPLIT), after.part("splits").part(SPLIT)
    rows = (was.number("rows") or 0, now.number("rows") or 0)
    if min(rows) < 1:
        return FeatureChange(name, "both")
    said = _missing(was, now, rows)
    if was.number("unique") is not None and now.number("unique") is not None:
        return FeatureChange(name, "both", l_infinity(was, now), said + _values(was, now))
    return FeatureChange(name, "both", kolmogorov_smirnov(was, now), said + _range(was, now))


def kolmogorov_smirnov(was: Fields, now: Fields) -> Distance | None:
    """The largest difference of the shares of values below the edges of either's quantiles.

    Within a bucket values are taken to be spread evenly. The bound is that of Kolmogorov and
    Smirnov for two samples; None where a feature has no values or its quantiles were left out.
    """
    one, other = _buckets(was), _buckets(now)
    if not one or not other:
        return None
    edges = {edge for low, high, _ in (*one, *other) for edge in (low, high)}
    value = max(abs(_below(edge, one) - _below(edge, other)) for edge in edges)
    sizes = [_present(part) for part in (was, now)]
    return Distance("Kolmogorov-Smirnov", value, _KOLMOGOROV * _scale(sizes) + 2 * _SKETCH)


def l_infinity(was: Fields, now: Fields) -> Distance:
    """The largest difference of a value's share; of a value that is not among the most frequent
    ones of one run, the part that is certain. The bound is Bonferroni's over the known values.
    """
    (p, p_rest), (q, q_rest) = _shares(was), _shares(now)
    sizes = [_present(part) for part in (was, now)]
    differences, deviations = [0.0], [0.0]
    for value in {**p, **q}:
        a, b = p.get(value), q.get(value)
        if a is not None and b is not None:
            differences.append(abs(b - a))
        else:
            differences.append(max(0.0, (a or 0.0) - q_rest, (b or 0.0) - p_rest))
        share = ((a or 0.0) * sizes[0] + (b or 0.0) * sizes[1]) / (sum(sizes) or 1)
        deviations.append(math.sqrt(max(share * (1 - share), 0.0)) * _scale(sizes))
    z = NormalDist().inv_cdf(1 - (1 - _LEVEL) / (2 * max(1, len(deviations) - 1)))
    return Distance("L-infinity", max(differences), z * max(deviations))


def _missing(was: Fields, now: Fields, rows: tuple[float, float]) -> list[str]:
    """A share of missing values that chance does not explain."""
    counts = was.number("missing") or 0, now.number("missing") or 0
    a, b = counts[0] / rows[0], counts[1] / rows[1]
    share = sum(counts) / sum(rows)
    noise = NormalDist().inv_cdf(1 - (1 - _LEVEL) / 2) * math.sqrt(max(share * (1 - share), 0))
    if abs(b - a) <= noise * _scale(rows):
        return []
    return [f"missing in {_percent(b)} of the rows, {_percent(a)} before"]


def _values(was: Fields, now: Fields) -> list[str]:
    """Values that were not there before, and those that are gone."""
    old, new = _top(was), _top(now)
    said = []
    if _all_known(was, old) and (unseen := [value for value in new if value not in old]):
        said.append(f"new: {_listed(unseen)}")
    if _all_known(now, new) and (gone := [value for value in old if value not in new]):
        said.append(f"gone: {_listed(gone)}")
    return said


def _range(was: Fields, now: Fields) -> list[str]:
    """Values beyond the range of before by more than a tenth of it, as any new row may by less."""
    low, high = was.number("min"), was.number("max")
    least, most = now.number("min"), now.number("max")
    if low is None or high is None or least is None or most is None:
        return []
    margin = (high - low) / 10
    said = []
    if least < low - margin:
        said.append(f"down to {least:,.6g}, {low:,.6g} before")
    if most > high + margin:
        said.append(f"up to {most:,.6g}, {high:,.6g} before")
    return said


def _buckets(split: Fields) -> list[tuple[float, float, float]]:
    found = []
    for bucket in split.parts("quantiles") or split.parts("histogram"):
        low, high, count = (bucket.number(key) for key in ("low", "high", "count"))
        if low is not None and high is not None and count and high >= low:
            found.append((float(low), float(high), float(count)))
    return found


def _below(edge: float, buckets: Iterable[tuple[float, float, float]]) -> float:
    """The share of the values that are at most `edge`."""
    below = total = 0.0
    for low, high, count in buckets:
        total += count
        if high <= edge:
            below += count
        elif low < edge:
            below += count * (edge - low) / (high - low)
    return below / total


def _top(split: Fields) -> dict[str, float]:
    return {one.text("value"): float(one.number("count") or 0) for one in split.parts("top")}


def _all_known(split: Fields, top: Mapping[str, float]) -> bool:
    return (split.number("unique") or 0) <= len(top)


def _shares(split: Fields) -> tuple[dict[str, float], float]:
    """The share of each known value, and the most that another may have."""
    top, total = _top(split), _present(split)
    shares = {value: count / total for value, count in top.items()}
    rest = 0.0 if _all_known(split, top) else min(shares.values(), default=1.0)
    return shares, rest


def _present(split: Fields) -> float:
    """How many values there are."""
    rows = (split.number("rows") or 0) - (split.number("missing") or 0)
    values = split.number("values")
    return max(float(rows if values is None else values), 1.0)


def _scale(sizes: Iterable[float]) -> float:
    return math.sqrt(sum(1 / max(size, 1.0) for size in sizes))


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _listed(values: list[str]) -> str:
    shown = ", ".join(value or "(empty)" for value in values[:_MOST_VALUES])
    more = len(values) - _MOST_VALUES
    return f"{shown} and {more} more" if more > 0 else shown
