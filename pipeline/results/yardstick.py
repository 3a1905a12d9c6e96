"""Whether a network is worth its place beside gradient boosting, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.record.metric_direction import badness
from pipeline.record.run_record import OVERALL, RunRecord, SliceMetric, Yardstick

_SHOWN = 0.00005
"""Differences below this cannot be seen in four decimals."""


@dataclass(frozen=True)
class _Compared:
    """One metric of both."""

    metric: str
    network: float
    boosting: float
    gain: float
    """By how much the network is better, in the metric's own unit."""
    noise: float | None
    """Differences below this are chance; None: the test split has too few rows to tell."""

    @property
    def state(self) -> str:
        """`better` or `worse`, the network; or `same`: chance may have made the difference."""
        if self.noise is None or abs(self.gain) < max(self.noise, _SHOWN):
            return "same"
        return "better" if self.gain > 0 else "worse"


def take_over(run: RunRecord, found: Mapping[str, Any]) -> None:
    """Puts what gradient boosting reaches into the record.

    Args:
        run: The run's record.
        found: What the component wrote.
    """
    names = run.config.evaluation.metrics
    values: dict[str, dict[str, float | None]] = {}
    for metric, name, value in found["values"]:
        if metric in names:
            values.setdefault(metric, {})[name] = value
    noise = {name: width for name, width in found["noise"].items() if name in names}
    run.yardstick = Yardstick(**{**found, "values": values, "noise": noise})
    compare(run)


def compare(run: RunRecord) -> None:
    """Puts its values beside the network's, once both are there: in a cloud either may come first.

    Args:
        run: The run's record, with or without metrics and yardstick.
    """
    if run.yardstick is None:
        return
    for measured in run.metrics:
        # Where the network's is not defined, such as AUC of one class, it is not of these either.
        if measured.value is not None:
            of_metric = run.yardstick.values.get(measured.metric, {})
            measured.yardstick = of_metric.get(measured.slice)
    run.yardstick.verdict = verdict(run) if run.metrics or run.yardstick.failure else ""


def verdict(run: RunRecord) -> str:
    """Whether the network is worth its place; empty where nothing is known of it."""
    yardstick = run.yardstick
    if yardstick is None:
        return ""
    if yardstick.failure:
        return f"Gradient boosting could not be fitted to compare with: {yardstick.failure}."
    compared = list(_compared(run, yardstick))
    if not compared:
        return "No metric that is better or worse could be compared with gradient boosting."
    first, *others = compared
    sentences = [_first_in_words(first, yardstick)]
    for state, words in (
        ("better", "The network is better on"),
        ("worse", "The network is worse on"),
    ):
        names = [one.metric for one in others if one.state == state != first.state]
        if names:
            sentences.append(f"{words} {_listed(names)}.")
    return " ".join([*sentences, *_sampled(yardstick)])


def _compared(run: RunRecord, yardstick: Yardstick) -> Iterator[_Compared]:
    """The metrics that are better or worse, those that judge the model first."""
    judging = sorted((one for one in run.metrics if one.slice == OVERALL), key=_has_no_bound)
    for one in judging:
        if one.value is None or one.yardstick is None:
            continue
        network = badness(run.config, one.metric, one.value)
        boosting = badness(run.config, one.metric, one.yardstick)
        if network is not None and boosting is not None:
            noise = yardstick.noise.get(one.metric)
            yield _Compared(one.metric, one.value, one.yardstick, boosting - network, noise)


def _has_no_bound(measured: SliceMetric) -> bool:
    return measured.at_least is None and measured.at_most is None


def _first_in_words(one: _Compared, yardstick: Yardstick) -> str:
    network, boosting = _number(one.network), _number(one.boosting)
    if one.state == "better":
        return (
            f"The network is worth its place: {one.metric} {network}, gradient boosting on the "
            f"same rows {boosting}."
        )
    if one.state == "worse":
        return (
            f"Gradient boosting on the same rows does better: {one.metric} {boosting}, the "
            f"network {network}."
        )
    rows = f"{yardstick.rows.get('test', 0):,} test rows"
    within = f" (\u00b1 {one.noise:.2g})" if one.noise else ""
    return (
        f"The network is not seen to be better than gradient boosting on the same rows: "
        f"{one.metric} {network} and {boosting}, which {rows} cannot tell apart{within}."
    )


def _sampled(yardstick: Yardstick) -> Iterator[str]:
    parts = [
        f"{number:,} of the {yardstick.of[split]:,} {split} rows"
        for split, number in yardstick.rows.items()
        if number < yardstick.of.get(split, number)
    ]
    if parts:
        yield f"Gradient boosting has seen {_listed(parts)}."


def _number(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 10_000 else f"{value:.4g}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
