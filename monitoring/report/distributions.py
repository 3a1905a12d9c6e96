"""Drawings of one feature or output: training, served and the last window over each other.

They tell the three apart without colour: training is filled, served is an outline, the last window
a dashed one.
"""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from monitoring.look.look import Distribution
from monitoring.report import formatting

_WIDTH = 320
_HEIGHT = 110
_LINE = 15
_BAR = 7
_LONGEST_LABEL = 34


def draw(distribution: Distribution, title: str, *, ordered: bool) -> Markup:
    """An SVG element.

    Args:
        distribution: Shares in the same bins.
        title: What it is of, as it is read out.
        ordered: Whether the bins are ranges in their order: columns side by side; otherwise they
            are values: a pair of bars for each, one below the other.
    """
    series = shares(distribution)
    most = max((value for _, values in series for value in values), default=0) or 1
    count = len(distribution.labels)
    if count == 0:
        return Markup("")
    drawn = _columns(distribution, series, most) if ordered else _bars(distribution, series, most)
    height = _HEIGHT + _LINE if ordered else count * _row_height(series)
    opening = Markup(
        '<svg class="distribution" viewBox="0 0 {} {}" role="img" aria-label="{}">'
    ).format(_WIDTH, height, title)
    return opening + drawn + Markup("</svg>")


def shares(distribution: Distribution) -> list[tuple[str, Sequence[float]]]:
    """The series there are, by the name of their class in the page's style."""
    found: list[tuple[str, Sequence[float]]] = [
        ("training", distribution.reference),
        ("served", distribution.served),
    ]
    if distribution.last_window is not None:
        found.append(("last", distribution.last_window))
    bins = len(distribution.labels)
    return [(name, [*values[:bins], *[0.0] * (bins - len(values))]) for name, values in found]


def _columns(
    distribution: Distribution, series: list[tuple[str, Sequence[float]]], most: float
) -> Markup:
    """A column for each bin, all of the same width: bins may be ranges of any width."""
    step = _WIDTH / len(distribution.labels)
    parts = []
    for name, values in series:
        tops = [_HEIGHT - value / most * (_HEIGHT - 4) for value in values]
        outline = "".join(f"V{y:.1f}H{(i + 1) * step:.1f}" for i, y in enumerate(tops))
        parts.append(Markup('<path class="{}" d="M0 {}{}V{}"/>').format(
            name, _HEIGHT, outline, _HEIGHT
        ))  # fmt: skip
    parts.append(Markup('<path class="base" d="M0 {}H{}"/>').format(_HEIGHT, _WIDTH))
    first, last = distribution.labels[0], distribution.labels[-1]
    parts.append(_text(0, _HEIGHT + 12, first))
    if len(distribution.labels) > 1:
        parts.append(_text(_WIDTH, _HEIGHT + 12, last, "end"))
    return Markup("").join(parts)


def _bars(
    distribution: Distribution, series: list[tuple[str, Sequence[float]]], most: float
) -> Markup:
    parts = []
    for index, label in enumerate(distribution.labels):
        y = index * _row_height(series)
        before, after = (values[index] for _, values in series[:2])
        parts.append(_text(0, y + 11, label, longest=_LONGEST_LABEL))
        change = f"{formatting.share(before)} → {formatting.share(after)}"
        parts.append(_text(_WIDTH, y + 11, change, "end"))
        y += _LINE
        for name, values in series:
            width = max(values[index] / most * (_WIDTH - 2), 0.5)
            parts.append(Markup(
                '<rect class="{}" x="1" y="{}" width="{:.1f}" height="{}"/>'
            ).format(name, y, width, _BAR - 2))  # fmt: skip
            y += _BAR
    return Markup("").join(parts)


def _row_height(series: Sequence[object]) -> int:
    return _LINE + len(series) * _BAR + 6


def _text(x: float, y: float, text: str, anchor: str = "start", longest: int = 22) -> Markup:
    return Markup('<text x="{:g}" y="{:g}" text-anchor="{}">{}</text>').format(
        x, y, anchor, formatting.cut(text, longest)
    )
