"""Charts over time: a value with its confidence sequence, its bounds and the alarms, as SVG."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from markupsafe import Markup

from monitoring.look.look import Look
from monitoring.report import formatting

_WIDTH = 400
_HEIGHT = 150
_LEFT = 46
_RIGHT = 8
_TOP = 8
_LINE = 16
_MOST_POINTS = 400
"""Looks that a chart has room for; of more, the latest."""
_MOST_DRAWN = 1e100
"""Values beyond it have no place on an axis."""
_MOST_MARKED = 60
"""With more points than this, the line has no dots."""


@dataclass(frozen=True)
class Point:
    """A value at a look, with the ends of its confidence sequence where there is one."""

    time: datetime
    value: float
    low: float | None = None
    high: float | None = None
    alarm: bool = False


@dataclass(frozen=True)
class Line:
    """A level that values are compared with."""

    label: str
    value: float


@dataclass(frozen=True)
class Series:
    """What a chart shows: points in the order of time, and levels."""

    title: str
    points: Sequence[Point]
    lines: Sequence[Line] = field(default_factory=tuple)
    from_zero: bool = False


def draw(series: Series) -> Markup:
    """An SVG element; empty where fewer than two values are there.

    The confidence sequence is a band, levels are dashed lines with their name, and an alarm is a
    triangle.
    """
    points = [point for point in latest(series.points) if _can_be_drawn(point)]
    if len(points) < 2:
        return Markup("")
    lines = [line for line in series.lines if abs(line.value) < _MOST_DRAWN]
    low, high = _range(points, lines, from_zero=series.from_zero)
    x, y = _Scale(_stamps(points), _LEFT, _WIDTH - _RIGHT), _Scale((low, high), _HEIGHT, _TOP)
    parts = [
        *_ticks(low, high, y),
        _band(points, x, y),
        *_levels(lines, y),
        *_drawn_line(points, x, y),
    ]
    first, last = formatting.moment(points[0].time), formatting.moment(points[-1].time)
    parts.append(_text(_LEFT, _HEIGHT + _LINE, first))
    parts.append(_text(_WIDTH - _RIGHT, _HEIGHT + _LINE, last, "end"))
    said = f"{series.title}: {len(points)} looks from {first} to {last}; the values are below"
    return _svg(parts, _HEIGHT + _LINE + 6, said)


def strip(looks: Sequence[Look]) -> Markup:
    """The verdicts over time: a triangle for an alarm, a ring for too early, a tick for nothing."""
    looks = looks[-_MOST_POINTS:]
    x = _Scale(_stamps(looks), 8, _WIDTH - 8)
    ticks, rings, triangles = [], [], []
    for look in looks:
        at = x(formatting.utc(look.time).timestamp())
        if look.verdict == "alarm":
            triangles.append(_triangle(at, 14))
        elif look.verdict == "too early":
            rings.append(Markup('<circle class="ring" cx="{:.1f}" cy="18" r="3"/>').format(at))
        else:
            ticks.append(f"M{at:.1f} 12v12")
    parts = [
        Markup('<path class="base" d="M0 24H{}"/><path class="tick" d="{}"/>').format(
            _WIDTH, "".join(ticks)
        ),
        *rings,
        *triangles,
        _text(0, 40, formatting.moment(looks[0].time)),
        _text(_WIDTH, 40, formatting.moment(looks[-1].time), "end"),
    ]
    alarms = formatting.plural(len(triangles), "alarm")
    return _svg(parts, 46, f"{alarms} in {formatting.plural(len(looks), 'look')}")


def latest(points: Sequence[Point]) -> Sequence[Point]:
    """The points that a chart has room for."""
    return points[-_MOST_POINTS:]


def _can_be_drawn(point: Point) -> bool:
    return all(abs(v) < _MOST_DRAWN for v in (point.value, point.low, point.high) if v is not None)


class _Scale:
    """From values to places."""

    def __init__(self, ends: tuple[float, float], start: float, end: float) -> None:
        self._low, high = ends
        self._start = start
        self._per_unit = (end - start) / (high - self._low) if high > self._low else 0.0

    def __call__(self, value: float) -> float:
        return self._start + (value - self._low) * self._per_unit


def _stamps(timed: Sequence[Point] | Sequence[Look]) -> tuple[float, float]:
    stamps = [formatting.utc(one.time).timestamp() for one in timed]
    return min(stamps), max(stamps)


def _range(
    points: Sequence[Point], lines: Sequence[Line], *, from_zero: bool
) -> tuple[float, float]:
    values = [v for p in points for v in (p.value, p.low, p.high) if v is not None]
    values += [line.value for line in lines]
    low, high = min(values), max(values)
    margin = (high - low or abs(high) or 1) * 0.06
    return (0.0 if from_zero and low >= 0 else low - margin), high + margin


def _ticks(low: float, high: float, y: _Scale) -> Iterator[Markup]:
    for value in nice_ticks(low, high):
        at = y(value)
        yield Markup('<path class="grid" d="M{} {:.1f}H{}"/>').format(_LEFT, at, _WIDTH - _RIGHT)
        yield _text(_LEFT - 5, at + 4, formatting.number(value), "end")


def nice_ticks(low: float, high: float, most: int = 4) -> list[float]:
    """At most about `most` round numbers between two ends: multiples of 1, 2 or 5 times 10^n."""
    if not high > low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first = math.ceil(low / step)
    count = math.floor(high / step) - first + 1
    return [round((first + index) * step, 12) for index in range(max(count, 0))]


def _band(points: Sequence[Point], x: _Scale, y: _Scale) -> Markup:
    """The confidence sequence; nothing where there is none."""
    ends = [
        (x(formatting.utc(p.time).timestamp()), y(p.low), y(p.high))
        for p in points
        if p.low is not None and p.high is not None
    ]
    if not ends:
        return Markup("")
    over = "L".join(f"{at:.1f} {high:.1f}" for at, _, high in ends)
    back = "L".join(f"{at:.1f} {low:.1f}" for at, low, _ in reversed(ends))
    return Markup('<path class="band" d="M{}L{}Z"/>').format(over, back)


def _levels(lines: Sequence[Line], y: _Scale) -> Iterator[Markup]:
    taken: list[float] = []
    for line in lines:
        at = y(line.value)
        yield Markup('<path class="level" d="M{} {:.1f}H{}"/>').format(_LEFT, at, _WIDTH - _RIGHT)
        label = max(at - 3, 10)
        while any(abs(label - other) < 11 for other in taken):  # Two labels on one spot.
            label += 11
        taken.append(label)
        yield _text(_LEFT + 3, label, line.label, kind="level-label")


def _drawn_line(points: Sequence[Point], x: _Scale, y: _Scale) -> Iterator[Markup]:
    places = [(x(formatting.utc(p.time).timestamp()), y(p.value)) for p in points]
    path = "L".join(f"{at:.1f} {value:.1f}" for at, value in places)
    yield Markup('<path class="line" d="M{}"/>').format(path)
    for (at, value), point in zip(places, points, strict=True):
        if point.alarm:
            yield _triangle(at, value - 5)
        elif len(points) <= _MOST_MARKED:
            yield Markup('<circle class="dot" cx="{:.1f}" cy="{:.1f}" r="2.2"/>').format(at, value)


def _triangle(x: float, y: float) -> Markup:
    return Markup('<path class="alarm" d="M{:.1f} {:.1f}l5 9h-10z"/>').format(x, y)


def _text(x: float, y: float, text: str, anchor: str = "start", kind: str = "") -> Markup:
    cls = Markup(' class="{}"').format(kind) if kind else Markup("")
    return Markup('<text x="{:g}" y="{:.1f}" text-anchor="{}"{}>{}</text>').format(
        x, y, anchor, cls, text
    )


def _svg(parts: Iterable[Markup], height: float, said: str) -> Markup:
    opening = Markup('<svg class="chart" viewBox="0 0 {} {:g}" role="img" aria-label="{}">').format(
        _WIDTH, height, said
    )
    return opening + Markup("").join(parts) + Markup("</svg>")
