"""The Evaluator's metrics with the bounds of the config, overall and by slice."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from components.evaluation.metric_values import MetricValue
from components.evaluation.slice_names import OVERALL, SliceKey
from components.profile.format import Metric, SliceMetric, Value

Limits = tuple[float | None, float | None]
"""The lowest and the highest value that is allowed; None: no limit."""
MOST_SLICES = 100
"""Slices without a bound that a metric is told of."""


@dataclass(frozen=True)
class Judged:
    """A metric as `evaluation.metrics` has it."""

    metric: str
    """Its class."""
    options: Mapping[str, Any]
    limits: Limits
    better: Literal["higher", "lower"] | None
    """None: neither the config nor a bound says it."""
    per_slice: tuple[tuple[SliceKey, Limits], ...]
    """Bounds by the slices that they are for."""

    def to_json(self) -> dict[str, Any]:
        """As `from_json` reads it."""
        return {
            "metric": self.metric,
            "options": dict(self.options),
            "limits": self.limits,
            "better": self.better,
            "per_slice": [[key.pairs, limits] for key, limits in self.per_slice],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Judged:
        """What `to_json` gave, after JSON made lists of tuples."""
        per_slice = (
            (SliceKey(tuple((name, wanted) for name, wanted in pairs)), (low, high))
            for pairs, (low, high) in value["per_slice"]
        )
        low, high = value["limits"]
        return cls(
            value["metric"], value["options"], (low, high), value["better"], tuple(per_slice)
        )

    def limits_of(self, pairs: Sequence[tuple[str, str]]) -> Limits:
        """The tightest bounds that hold in a slice."""
        values = dict(pairs)
        found = [limits for key, limits in self.per_slice if key.covers(values)]
        lower = [low for low, _ in found if low is not None]
        upper = [high for _, high in found if high is not None]
        return max(lower, default=None), min(upper, default=None)


def describe(
    judged: Mapping[str, Judged], values: Sequence[MetricValue], slices: Collection[str]
) -> dict[str, Metric]:
    """Each metric, in the config's order.

    Args:
        judged: The config's metrics by name.
        values: What the Evaluator found.
        slices: Names of the slices that served rows are told apart by: a metric is told in these,
            in those with a bound, and in a few others.
    """
    overall = {value.metric: value.value for value in values if value.slice == OVERALL}
    return {
        name: Metric(
            metric=one.metric,
            value=overall.get(name),
            settings={key: _setting(option) for key, option in one.options.items()},
            lower=one.limits[0],
            upper=one.limits[1],
            better=one.better,
            slices=_slices(one, [value for value in values if value.metric == name], slices),
        )
        for name, one in judged.items()
    }


def _slices(
    one: Judged, values: Sequence[MetricValue], slices: Collection[str]
) -> dict[str, SliceMetric]:
    found: dict[str, SliceMetric] = {}
    for value in values:
        lower, upper = one.limits_of(value.pairs)
        bounded = (lower, upper) != (None, None)
        told = value.slice in slices or bounded or len(found) < MOST_SLICES
        if value.slice != OVERALL and told:
            found[value.slice] = SliceMetric(value.value, lower, upper)
    return found


def _setting(option: Any) -> Value | bool:
    plain = option is None or isinstance(option, str | int | float)
    return option if plain else json.dumps(option)
