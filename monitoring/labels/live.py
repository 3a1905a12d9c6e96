"""Live metrics: what joined labels say of a version, overall and by slice, against its bounds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from pydantic import Field

from monitoring.core.finding import Finding
from monitoring.core.record import Record
from monitoring.core.settings import Settings
from monitoring.labels import metrics
from monitoring.labels.metrics import Interval, Joined
from monitoring.profile.reference_profile import Metric, ReferenceProfile

ALL = ""
"""The slice of all rows."""


class LiveMetrics(Record):
    """What is kept of a version's joined labels; its size depends on the profile alone."""

    model: str
    version: int
    rows: int = 0
    """That were joined."""
    metrics: dict[str, dict[str, Joined]] = Field(default_factory=dict)
    """By the metric's name and the slice's; the slice of all rows has an empty name."""


def begun(profile: ReferenceProfile, version: int, settings: Settings) -> LiveMetrics:
    """Before the first label.

    The chance of a false alarm is divided among the kinds that may raise one, as in a look, and of
    that of metrics among all comparisons with a bound.
    """
    known = metrics.tracked(profile)
    judged = sum(
        1
        for one in known.values()
        for part in (ALL, *profile.slices)
        if any(bound is not None for bound in bounds(one, part))
    )
    alpha = settings.false_alarms / max(1, len(settings.alarm_on)) / max(1, judged)
    return LiveMetrics(
        model=profile.model,
        version=version,
        metrics={
            name: {
                part: metrics.begun(one, alpha, bounds(one, part)[1])
                for part in (ALL, *profile.slices)
            }
            for name, one in known.items()
        },
    )


def after(
    before: LiveMetrics,
    profile: ReferenceProfile,
    labels: np.ndarray,
    answers: np.ndarray,
    slices: Mapping[str, np.ndarray],
) -> LiveMetrics:
    """After more labels.

    Args:
        before: What was kept.
        profile: The version's.
        labels: [rows]: 0 or 1, the class's place, or a number.
        answers: [rows], or [rows, classes].
        slices: For each slice, [rows]: whether a row is in it.
    """
    known = metrics.tracked(profile)
    everything = np.ones(len(labels), dtype=bool)
    kept = {
        name: {
            part: metrics.after(one, known[name], labels[mask], answers[mask])
            for part, one in parts.items()
            for mask in [everything if part == ALL else slices.get(part, ~everything)]
        }
        for name, parts in before.metrics.items()
        if name in known
    }
    return before.model_copy(update={"rows": before.rows + len(labels), "metrics": kept})


def bounds(metric: Metric, part: str) -> tuple[float | None, float | None]:
    """A metric's bounds of all rows or of a slice."""
    if part == ALL:
        return metric.lower, metric.upper
    one = metric.slices.get(part)
    return (one.lower, one.upper) if one else (None, None)


def live_findings(
    joined: LiveMetrics, profile: ReferenceProfile, settings: Settings
) -> tuple[Finding, ...]:
    """Each live metric, against the bounds that `config.yaml` has for it.

    It differs when its whole interval is beyond a bound, which in the course of all looks happens
    to a version within its bounds with a probability of `false_alarms` at most.

    Args:
        joined: The labels that were joined.
        profile: The version's.
        settings: The model's.
    """
    known = metrics.tracked(profile)
    found = [
        _finding(known[name], name, part, metrics.interval(one, known[name]), settings)
        for name, parts in joined.metrics.items()
        if name in known
        for part, one in parts.items()
        if part == ALL or one.rows
    ]
    order = {"differs": 0, "too early": 1, "differs little": 2, "same": 3}
    return tuple(sorted(found, key=lambda one: (order[one.verdict], one.slice, one.name)))


def _finding(metric: Metric, name: str, part: str, live: Interval, settings: Settings) -> Finding:
    lower, upper = bounds(metric, part)
    reference = metric.value if part == ALL else None
    if part in metric.slices:
        reference = metric.slices[part].value
    high = None if live.cut else live.upper
    below = lower is not None and high is not None and high < lower
    above = upper is not None and live.lower > upper
    inside = (lower is None or live.lower >= lower) and (
        upper is None or (live.upper is not None and live.upper <= upper)
    )
    bounded = lower is not None or upper is not None
    verdict = "differs" if below or above else "same" if inside else "too early"
    said = f"{name}{f' of {part}' if part else ''}"
    value = "no value yet" if live.value is None else f"{live.value:.4g}"
    top = "no limit" if high is None else f"{high:.4g}"
    words = f"{said} is {value} on {live.rows} labelled rows, between {live.lower:.4g} and {top}"
    if below:
        words += f": below its bound, at least {lower:.4g}."
    elif above:
        words += f": above its bound, at most {upper:.4g}."
    elif not bounded:
        words += "; it has no bound."
    elif verdict == "same":
        words += ", within its bounds."
    else:
        words += ": more labels are needed to tell."
    nearest = lower if lower is not None and (upper is None or below) else upper
    effect = None if live.value is None or nearest is None else live.value - nearest
    return Finding(
        subject="metric",
        name=name,
        slice=part,
        test="bound",
        against="bound",
        statistic=metric.metric,
        effect=effect,
        reference=reference,
        served=live.value,
        low=live.lower,
        high=high,
        matters_from=nearest,
        rows=live.rows,
        verdict=verdict,  # type: ignore[arg-type]
        counts=bounded and "metrics" in settings.alarm_on,
        words=words,
    )
