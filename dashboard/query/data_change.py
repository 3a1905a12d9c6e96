"""What the training data of one run has that another's had not, feature by feature.

From the summaries that `details.json` keeps: the most frequent values of a feature of words, about
ten quantiles of a numeric one. Only what they tell for certain is told: where the earlier run's
values are not all known, a value that is not among them may have been there.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import Any

from dashboard.records.fields import Fields

SPLIT = "train"
_LEVEL = 0.95
_EACH = 0.975
"""The level of either test of a numeric feature, so that both together keep 0.95."""
_KOLMOGOROV = math.sqrt(-math.log((1 - _EACH) / 2) / 2)
"""The quantile of Kolmogorov's distribution at that level, by its first term."""
_SKETCH = 0.002
"""What TFDV's approximate quantiles may add to a share."""
_MOST_VALUES = 20


@dataclass(frozen=True)
class Distance:
    """How far a feature has moved."""

    measure: str
    """`mean`: the difference of the means, in standard deviations (Cohen's d);
    `Kolmogorov-Smirnov`: the largest difference of the share of values up to a number, as far as it
    is certain; `L-infinity`: the largest difference of a value's share; `PSI`: as the run itself
    recorded it."""
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
    """What is new, in words, beyond chance."""
    aside: list[str] = field(default_factory=list)
    """What is new and may be chance: a rare value, a number beyond the range of before."""

    @property
    def attention(self) -> float:
        """Greater for what deserves more of it; up to 1 nothing is more than chance."""
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

    Where the later run measured its drift against the earlier one, that is what is told: it had all
    of the data.

    Args:
        before: The earlier run's `details.json`.
        after: The later one's.
    """
    was, now = _features(before), _features(after)
    measured = bool(after.get("drift_from")) and after.get("drift_from") == before.get("run")
    found = [FeatureChange(name, "removed") for name in was if name not in now]
    found += [FeatureChange(name, "added") for name in now if name not in was]
    for name in now:
        if name in was:
            change = _changed(name, was[name], now[name])
            recorded = _recorded(now[name]) if measured else None
            found.append(dataclasses.replace(change, distance=recorded or change.distance))
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
        news, rare = _values(was, now)
        return FeatureChange(name, "both", l_infinity(was, now), said + news, rare)
    found = [one for one in (mean_shift(was, now), kolmogorov_smirnov(was, now)) if one]
    farthest = max(found, key=lambda one: one.value / max(one.expected, 1e-12), default=None)
    return FeatureChange(name, "both", farthest, said, _range(was, now))


def mean_shift(was: Fields, now: Fields) -> Distance | None:
    """The difference of the means in standard deviations of both together; None without values."""
    means, stds = ([part.number(key) for part in (was, now)] for key in ("mean", "std"))
    if None in means or None in stds:
        return None
    sizes = [_present(part) for part in (was, now)]
    pooled = math.sqrt(
        sum(size * float(std or 0) ** 2 for size, std in zip(sizes, stds, strict=True)) / sum(sizes)
    )
    apart = abs(float(means[1] or 0) - float(means[0] or 0))
    if not apart:
        return Distance("mean", 0.0, _z(_EACH) * _scale(sizes))
    return Distance("mean", apart / pooled if pooled else 1e6, _z(_EACH) * _scale(sizes))


def kolmogorov_smirnov(was: Fields, now: Fields) -> Distance | None:
    """The largest difference of the shares of values up to the edges of either's buckets.

    Where a bucket's values lie within it is not known: many may be at its very ends. So only the
    part of a difference is counted that is certain. The bound is that of Kolmogorov and Smirnov for
    two samples; None where a feature has no values or its buckets were left out.
    """
    one, other = _buckets(was), _buckets(now)
    if not one or not other:
        return None
    value = 0.0
    for edge in {edge for low, high, _ in (*one, *other) for edge in (low, high)}:
        (least, most), (other_least, other_most) = _up_to(edge, one), _up_to(edge, other)
        value = max(value, other_least - most, least - other_most)
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
    z = _z(1 - (1 - _LEVEL) / max(1, len(deviations) - 1))
    return Distance("L-infinity", max(differences), z * max(deviations))


def _missing(was: Fields, now: Fields, rows: tuple[float, float]) -> list[str]:
    """A share of missing values that chance does not explain."""
    counts = was.number("missing") or 0, now.number("missing") or 0
    a, b = counts[0] / rows[0], counts[1] / rows[1]
    share = sum(counts) / sum(rows)
    noise = _z(_LEVEL) * math.sqrt(max(share * (1 - share), 0))
    if abs(b - a) <= noise * _scale(rows):
        return []
    return [f"missing in {_percent(b)} of the rows, {_percent(a)} before"]


def _values(was: Fields, now: Fields) -> tuple[list[str], list[str]]:
    """Values that were not there before and those that are gone, beyond chance and not.

    Of a value with c rows in one run, all of its rows would be in that run by a chance of the c-th
    power of the run's part of all rows.
    """
    said, aside = [], []
    for word, there, other in (("new", now, was), ("gone", was, now)):
        known = _top(other)
        if not _all_known(other, known):
            continue
        part = _present(there) / (_present(there) + _present(other))
        fewest = math.log(1 - _LEVEL) / math.log(part)
        unseen = {value: count for value, count in _top(there).items() if value not in known}
        if often := [value for value, count in unseen.items() if count >= fewest]:
            said.append(f"{word}: {_listed(often)}")
        if rare := [value for value, count in unseen.items() if count < fewest]:
            aside.append(f"{word}, and rare: {_listed(rare)}")
    return said, aside


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


def _up_to(edge: float, buckets: Iterable[tuple[float, float, float]]) -> tuple[float, float]:
    """The least and the greatest share of the values that may be at most `edge`."""
    least = most = total = 0.0
    for low, high, count in buckets:
        total += count
        least += count if high <= edge else 0.0
        most += count if low <= edge else 0.0
    return least / total, most / total


def _recorded(feature: Fields) -> Distance | None:
    drift = feature.part("drift")
    value, expected = drift.number("value"), drift.number("expected")
    if value is None or expected is None:
        return None
    return Distance(drift.text("measure"), float(value), float(expected))


def _z(level: float) -> float:
    """The two-sided quantile of the normal distribution."""
    return NormalDist().inv_cdf(1 - (1 - level) / 2)


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
