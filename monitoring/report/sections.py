"""What the page of a look says, section by section."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from monitoring.look.look import Distribution, Finding, Look
from monitoring.profile.reference_profile import Metric, ReferenceProfile
from monitoring.report import charts, distributions, formatting
from monitoring.report.charts import Line, Point, Series

MOST_CHANGES = 12
MOST_DRAWN = 24
"""Cards with their drawing in sight; the others unfold."""
MOST_CARDS = 200
MOST_CHARTS = 12
MOST_ROWS = 2_000
"""Of the table of all comparisons; the look's own file has every one."""
MOST_WORDS = 400
"""Rows of it that have their words beside their numbers."""
MOST_LOOKS = 200
"""Of the table of looks."""


@dataclass(frozen=True)
class Card:
    """A feature or output: what was found, and its distributions over each other."""

    name: str
    kind: str
    verdict: str
    findings: Sequence[Finding]
    drawing: Markup
    distribution: Distribution
    series: Sequence[tuple[str, Sequence[float]]]


@dataclass(frozen=True)
class Chart:
    """A chart over time, with its values."""

    title: str
    drawing: Markup
    points: Sequence[Point]


@dataclass(frozen=True)
class MetricRow:
    """A metric of what is served, or an estimate of it."""

    finding: Finding
    bound: str
    estimate: bool


def in_order(look: Look) -> list[Finding]:
    """The findings, alarms first; within one rank as the look has them."""
    return sorted(look.findings, key=formatting.rank)


def changes(ordered: Sequence[Finding]) -> list[Finding]:
    """What differs, most important first."""
    return [finding for finding in ordered if formatting.rank(finding) < 3][:MOST_CHANGES]


def cards(look: Look, profile: ReferenceProfile, ordered: Sequence[Finding]) -> list[Card]:
    """Outputs and features that have a distribution, in the order of their findings."""
    places: dict[tuple[str, str], list[Finding]] = {}
    for finding in ordered:
        places.setdefault((finding.subject, finding.name), []).append(finding)
    there = [("output", name) for name in look.outputs]
    there += [("feature", name) for name in look.features]
    rank = {key: (formatting.rank(found[0]), n) for n, (key, found) in enumerate(places.items())}
    there.sort(key=lambda key: rank.get(key, (5, 0)))
    return [
        _card(look, profile, subject, name, places.get((subject, name), []))
        for subject, name in there[:MOST_CARDS]
    ]


def _card(
    look: Look, profile: ReferenceProfile, subject: str, name: str, found: Sequence[Finding]
) -> Card:
    source = look.outputs if subject == "output" else look.features
    distribution = source[name]
    shown = formatting.cut(name)
    return Card(
        name=shown,
        kind=subject,
        verdict=formatting.verdict(found[0]) if found else "",
        findings=[finding for finding in found if formatting.rank(finding) < 4][:4],
        drawing=distributions.draw(
            distribution,
            f"Shares of {shown} in training and as served; the values are below",
            ordered=_is_ordered(profile, subject, name),
        ),
        distribution=distribution,
        series=distributions.shares(distribution),
    )


def _is_ordered(profile: ReferenceProfile, subject: str, name: str) -> bool:
    """Whether the bins are ranges of numbers."""
    known = profile.outputs.get(name) if subject == "output" else profile.features.get(name)
    return known is not None and known.categories is None


def metrics(ordered: Sequence[Finding], profile: ReferenceProfile) -> list[MetricRow]:
    """Live metrics and estimates, those of all rows first."""
    found = [finding for finding in ordered if finding.subject == "metric"]
    found.sort(key=lambda finding: bool(finding.slice))
    return [
        MetricRow(finding, bound_in_words(finding, profile), finding.test == "estimate")
        for finding in found
    ]


def bound_in_words(finding: Finding, profile: ReferenceProfile) -> str:
    """`at least 0.9`, as `config.yaml` has it; empty where there is none."""
    return " and ".join(
        f"{label} {formatting.number(value)}" for label, value in _bounds(finding, profile)
    )


def _bounds(finding: Finding, profile: ReferenceProfile) -> Iterator[tuple[str, float]]:
    metric = profile.metrics.get(finding.name)
    limits = metric.slices.get(finding.slice) if metric and finding.slice else metric
    if limits is not None and limits.lower is not None:
        yield "at least", limits.lower
    if limits is not None and limits.upper is not None:
        yield "at most", limits.upper


def history(look: Look, earlier: Sequence[Look]) -> list[Look]:
    """This look and those before it, of the same version, in the order of time."""
    same = {
        formatting.utc(one.time): one
        for one in (*earlier, look)
        if (one.model, one.version) == (look.model, look.version)
        and formatting.utc(one.time) <= formatting.utc(look.time)
    }
    return [same[time] for time in sorted(same)]


def metric_charts(looks: Sequence[Look], profile: ReferenceProfile) -> list[Chart]:
    """Each metric of all rows over time, with its confidence sequence and bounds."""
    points: dict[tuple[str, bool], list[Point]] = {}
    kinds: dict[tuple[str, bool], Finding] = {}
    for look in looks:
        for one in look.findings:
            if one.subject == "metric" and not one.slice and one.served is not None:
                key = one.name, one.test == "estimate"
                alarm = formatting.is_alarm(one)
                point = Point(look.time, one.served, one.low, one.high, alarm)
                points.setdefault(key, []).append(point)
                kinds[key] = one
    found = []
    for (name, estimate), at in points.items():
        lines = [Line(f"{label} {formatting.number(value)}", value)
                 for label, value in _bounds(kinds[name, estimate], profile)]  # fmt: skip
        metric: Metric | None = profile.metrics.get(name)
        if metric is not None and metric.value is not None:
            lines.append(Line("test split", metric.value))
        title = formatting.cut(name) + (", estimated before labels" if estimate else "")
        found.append(_chart(title, at, lines))
    return [chart for chart in found if chart.drawing][:MOST_CHARTS]


def output_charts(looks: Sequence[Look]) -> list[Chart]:
    """How far each output is from the test split's over time."""
    points: dict[str, list[Point]] = {}
    latest: dict[str, Finding] = {}
    for look in looks:
        for one in look.findings:
            if _is_output_distribution(one) and one.effect is not None:
                point = Point(look.time, one.effect, alarm=formatting.is_alarm(one))
                points.setdefault(one.name, []).append(point)
                latest[one.name] = one
    found = []
    for name, at in points.items():
        one = latest[name]
        levels = (("alarm from", one.matters_from), ("noise", one.noise))
        lines = [Line(label, value) for label, value in levels if value is not None]
        title = f"{formatting.cut(name)}: {formatting.cut(one.statistic)}"
        found.append(_chart(title, at, lines, from_zero=True))
    return [chart for chart in found if chart.drawing][:MOST_CHARTS]


def _is_output_distribution(finding: Finding) -> bool:
    return (
        (finding.subject, finding.test, finding.against) == ("output", "distribution", "training")
        and not finding.slice
    )  # fmt: skip


def _chart(
    title: str,
    points: Sequence[Point],
    lines: Sequence[Line],
    *,
    from_zero: bool = False,
) -> Chart:
    drawing = charts.draw(Series(title, points, lines, from_zero))
    return Chart(title, drawing, charts.latest(points))
