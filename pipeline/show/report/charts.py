"""The report's charts with axes: SVG by matplotlib that takes its colours from the page."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from pipeline.record.run_details import (
    CalibrationBin,
    Confusion,
    Curve,
    LoggedSeries,
    Plots,
    RocPoint,
    Trial,
)

# Stand-ins that no chart uses otherwise; each becomes a variable of the page's style sheet, so that
# charts follow light and dark.
_INK, _MUTED, _LINE, _ACCENT, _SECOND = "#010203", "#010204", "#010205", "#010206", "#010207"
_COLOURS: dict[Any, Any] = {
    _INK: "currentColor",
    _MUTED: "var(--muted)",
    _LINE: "var(--line)",
    _ACCENT: "var(--accent)",
    _SECOND: "var(--second)",
}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "text.parse_math": False,  # A dollar sign in a name is a dollar sign.
    "font.size": 8.5,
    "axes.edgecolor": _LINE,
    "axes.labelcolor": _MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": _LINE,
    "grid.linewidth": 0.4,
    "xtick.color": _LINE,
    "ytick.color": _LINE,
    "xtick.labelcolor": _MUTED,
    "ytick.labelcolor": _MUTED,
    "text.color": _INK,
    "legend.frameon": False,
    "legend.labelcolor": _INK,
    "lines.linewidth": 1.6,
}
_SIZE = (4.0, 2.9)
_NAMED_CLASSES = 12


def curve(pair: Sequence[Curve]) -> Markup:
    """One metric of the training, its splits beside each other."""
    metric = pair[0].metric

    def draw(axes: Any) -> None:
        for curve in pair:
            values = [float("nan") if value is None else value for value in curve.values]
            colour = _ACCENT if curve.split == "eval" else _SECOND
            epochs = range(1, len(values) + 1)
            marker = "o" if len(values) < 30 else ""
            axes.plot(epochs, values, marker=marker, markersize=3, color=colour, label=curve.split)
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        axes.legend(loc="best")

    said = [
        f"{curve.split}: {', '.join(f'{value:.4g}' for value in curve.values if value is not None)}"
        for curve in pair
    ]
    return _chart(f"curve-{metric}", f"{metric} by epoch", "; ".join(said), draw)


def logged(found: Sequence[LoggedSeries]) -> Markup:
    """What the model's code has logged under one name, a line for each trial that has."""
    name = found[0].name

    def draw(axes: Any) -> None:
        for series in found:
            steps = [step for step, _ in series.points]
            values = [float("nan") if value is None else value for _, value in series.points]
            colour = _ACCENT if series.trial is None else _SECOND
            marker = "o" if len(values) < 30 else ""
            label = "training" if series.trial is None else f"trial {series.trial}"
            axes.plot(steps, values, marker=marker, markersize=3, color=colour, label=label)
        axes.set_xlabel("step")
        axes.xaxis.set_major_locator(MaxNLocator(nbins=8))
        if len(found) == 1:
            axes.legend(loc="best")

    last = [(series.trial, series.points[-1]) for series in found]
    said = "; ".join(
        f"{'training' if trial is None else f'trial {trial}'}: "
        f"{'no number' if value is None else format(value, '.4g')} at step {step:g}"
        for trial, (step, value) in last
    )
    return _chart(f"logged-{name}", f"{name} by step", said, draw)


def trials(found: Sequence[Trial]) -> Markup:
    """The score of each trial, the best one marked."""
    scored = [(trial.number, trial.score, trial.best) for trial in found if trial.score is not None]

    def draw(axes: Any) -> None:
        for number, score, best in scored:
            axes.plot(number, score, "o", color=_ACCENT if best else _SECOND, markersize=6)
        axes.set_xlabel("trial")
        axes.set_ylabel(found[0].objective)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))

    said = ", ".join(f"trial {number}: {score:.4g}" for number, score, _ in scored)
    return _chart("trials", "Score of each trial", said, draw)


def roc(points: Sequence[RocPoint]) -> Markup:
    """True against false positives."""

    def draw(axes: Any) -> None:
        axes.plot([0, 1], [0, 1], color=_LINE, linewidth=1)
        axes.plot(
            [point.false_positive_rate for point in points],
            [point.true_positive_rate for point in points],
            color=_ACCENT,
        )
        axes.set_xlabel("false positive rate")
        axes.set_ylabel("true positive rate")

    said = f"{len(points)} thresholds, from {points[0].threshold:.4g} to {points[-1].threshold:.4g}"
    return _chart("roc", "ROC: true against false positives", said, draw)


def calibration(bins: Sequence[CalibrationBin]) -> Markup:
    """Mean label against mean prediction; the size of a point is the number of rows."""
    most = max(one.count for one in bins)

    def draw(axes: Any) -> None:
        ends = [value for one in bins for value in (one.prediction, one.label)]
        axes.plot([min(ends), max(ends)], [min(ends), max(ends)], color=_LINE, linewidth=1)
        axes.plot([b.prediction for b in bins], [b.label for b in bins], color=_ACCENT, alpha=0.5)
        for one in bins:
            size = 2.5 + 6 * (one.count / most) ** 0.5
            axes.plot(one.prediction, one.label, "o", color=_ACCENT, markersize=size)
        axes.set_xlabel("mean prediction")
        axes.set_ylabel("mean label")

    said = "; ".join(
        f"predicted {one.prediction:.4g}, was {one.label:.4g} ({one.count:,.0f} rows)"
        for one in bins
    )
    return _chart("calibration", "Calibration: mean label against mean prediction", said, draw)


def residuals(plots: Plots) -> Markup:
    """How far off the predictions are."""

    def draw(axes: Any) -> None:
        buckets = plots.residuals
        axes.bar(
            [bucket.low for bucket in buckets],
            [bucket.count for bucket in buckets],
            [bucket.high - bucket.low for bucket in buckets],
            align="edge",
            color=_ACCENT,
            alpha=0.8,
        )
        axes.axvline(0, color=_MUTED, linewidth=1)
        axes.set_xlabel("label minus prediction")
        axes.set_ylabel("rows")

    ends = plots.residuals[0].low, plots.residuals[-1].high
    said = f"{len(plots.residuals)} buckets from {ends[0]:.4g} to {ends[1]:.4g}"
    return _chart("residuals", "Residuals: label minus prediction", said, draw)


def confusion(found: Confusion) -> Markup:
    """Actual classes down, predicted ones across; darker where more of a row's total is."""
    number = len(found.classes)

    def draw(axes: Any) -> None:
        for row, counts in enumerate(found.counts):
            total = sum(counts) or 1
            for column, count in enumerate(counts):
                share = count / total
                box = mpl.patches.Rectangle(
                    (column - 0.5, row - 0.5), 1, 1, color=_ACCENT, alpha=0.04 + 0.75 * share, lw=0
                )
                axes.add_patch(box)
                if number <= _NAMED_CLASSES:
                    label = f"{count:,.0f}"
                    axes.text(column, row, label, ha="center", va="center", fontsize=7)
        axes.set_xlim(-0.5, number - 0.5)
        axes.set_ylim(number - 0.5, -0.5)
        axes.grid(visible=False)
        axes.set_xticks(range(number), [_cut(name) for name in found.classes], rotation=90)
        axes.set_yticks(range(number), [_cut(name) for name in found.classes])
        axes.set_xlabel("predicted")
        axes.set_ylabel("actual")

    right = sum(found.counts[index][index] for index in range(number))
    said = f"{number} classes; {right:,.0f} of {sum(map(sum, found.counts)):,.0f} rows are right"
    side = 3.4 + 0.1 * number
    margin = 0.11 + 0.014 * max(len(_cut(name)) for name in found.classes)
    title = "Confusion: actual against predicted"
    return _chart("confusion", title, said, draw, (side, side), margin)


def _chart(
    key: str,
    title: str,
    text: str,
    draw: Callable[[Any], None],
    size: tuple[float, float] = _SIZE,
    margin: float = 0.165,
) -> Markup:
    """Draws into new axes and returns the SVG element, with a title and a text for who cannot see.

    Args:
        key: What tells this chart from the others of the page.
        title: Its title, as it is read out.
        text: What it shows, in words.
        draw: Draws into matplotlib's axes.
        size: Width and height in inches.
        margin: The part of the width and of the height that the labels of the axes need.
    """
    buffer = io.StringIO()
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Glyphs that the font lacks: the browser has others.
        # Room for the labels of the axes; matplotlib's own search for it takes as long as drawing.
        figure = Figure(figsize=size)
        figure.subplots_adjust(left=margin, bottom=margin, right=0.97, top=0.97)
        draw(figure.add_subplot())
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    return _inline(buffer.getvalue(), re.sub(r"\W+", "-", key), title, text)


def _inline(svg: str, key: str, title: str, text: str) -> Markup:
    """Makes of a file an element: ids that are the page's only ones, colours of the page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    # The attributes of the root element are replaced: the page decides on the size.
    box = re.search(r'viewBox="[^"]+"', svg)
    inner = svg[svg.index(">") + 1 : svg.rindex("</svg>")]
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', inner))
    inner = re.sub(
        r' id="([^"]*)"',
        lambda found: f' id="{key}-{found[1]}"' if found[1] in used else "",
        inner,
    )
    inner = re.sub(r'(href="#|url\(#)', rf"\g<1>{key}-", inner)
    inner = re.sub(r"'DejaVu Sans'[^;\"]*", "sans-serif", inner)
    for stand_in, colour in _COLOURS.items():
        inner = inner.replace(stand_in, colour)
    opening = Markup(
        '<svg class="chart" xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink" {box} role="img" '
        'aria-labelledby="{key}-title {key}-text"><title id="{key}-title">{title}</title>'
        '<desc id="{key}-text">{text}</desc>'
    ).format(box=Markup(box[0] if box else ""), key=key, title=title, text=text)
    return opening + Markup(inner) + Markup("</svg>")


def _cut(name: str) -> str:
    return name if len(name) <= 12 else f"{name[:11]}…"
