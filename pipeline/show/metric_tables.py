"""What the Evaluator measured, as tables: overall against the bounds, and slice by slice."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.config.model_config import ModelConfig
from pipeline.record.run_record import RunRecord, SliceMetric
from pipeline.show import formatting, terminal

OVERALL = "overall"
_SLICES_SHOWN = 12
"""Slices of one feature that are listed; of more, the worst are, and the refused always."""


def metric_tables(record: RunRecord, console: Console) -> Iterator[RenderableType]:
    """The overall table, and one of the slices where there are any."""
    overall = [measured for measured in record.metrics if measured.slice == OVERALL]
    if overall:
        yield _overall(record, overall, console)
    slices = [measured for measured in record.metrics if measured.slice != OVERALL]
    if slices:
        if overall:
            yield Text()
        yield _by_slice(record, slices, console)


def _overall(record: RunRecord, metrics: list[SliceMetric], console: Console) -> RenderableType:
    compared = any(measured.baseline is not None for measured in metrics)
    table = _table()
    table.add_column("Whole test split", min_width=18)
    table.add_column("Value", justify="right")
    table.add_column("", width=1)
    table.add_column("Bound")
    if compared:
        table.add_column("Baseline", justify="right")
        table.add_column("Change", justify="right")
    for measured in metrics:
        refused = _refused(record, measured)
        cells = [
            Text(measured.metric),
            Text(
                formatting.metric(measured.value, measured.metric),
                "bold red" if refused else "bold",
            ),
            Text(terminal.marks(console).failed if refused else "", "red"),
            Text(formatting.bounds_of(measured), "dim"),
        ]
        if compared:
            has = measured.baseline is not None
            cells.append(
                Text(formatting.metric(measured.baseline, measured.metric) if has else "", "dim")
            )
            cells.append(_change(measured, record.config))
        table.add_row(*cells)
    return Padding(table, (0, 0, 0, 2), expand=False)


def _by_slice(record: RunRecord, metrics: list[SliceMetric], console: Console) -> RenderableType:
    """Slices down, metrics across: each value with its change, the worst of each feature marked."""
    cells = {(measured.slice, measured.metric): measured for measured in metrics}
    names = list(dict.fromkeys(measured.metric for measured in metrics))
    groups = _groups(record.config, list(dict.fromkeys(measured.slice for measured in metrics)))
    marks = terminal.marks(console)
    compared = any(measured.baseline is not None for measured in metrics)
    # Name of the slice 2 + 18, then each metric with value 6, mark 2, change 8 and its padding 2.
    changes = compared and console.width >= 22 + 18 * len(names)
    table = _table()
    table.add_column("By slice", min_width=18, overflow="fold")
    for name in names:
        table.add_column(_words(name), justify="left")
    for feature, slices in groups.items():
        limits = (_limits(record.config, name, feature, console) for name in names)
        table.add_row(Text(feature, "bold"), *(Text(limit, "dim") for limit in limits))
        worst = {name: _worst(record.config, cells, name, slices) for name in names}
        shown = _shown(record, slices, worst, cells, names)
        for slice_name, label in slices.items():
            if slice_name not in shown:
                continue
            row: list[Text] = [Text(f"  {label}")]
            for name in names:
                measured = cells.get((slice_name, name))
                is_worst = worst[name] == slice_name
                row.append(_cell(record, measured, is_worst, compared, changes, console))
            table.add_row(*row)
            own = [_limits(record.config, name, slice_name, console) for name in names]
            if any(own):
                table.add_row("", *(Text(limit, "dim") for limit in own))
        if len(shown) < len(slices):
            table.add_row(Text(f"  and {len(slices) - len(shown)} more", "dim"))
    legend = f"{marks.worst} worst of its feature   {marks.failed} outside its bound"
    if compared and not changes:
        legend += f"   {_worse_sign(console)} worse than the baseline"
    return Group(
        Padding(table, (0, 0, 0, 2), expand=False),
        Text(f"  {legend}", style="dim"),
    )


def _cell(
    record: RunRecord,
    measured: SliceMetric | None,
    worst: bool,
    compared: bool,
    changes: bool,
    console: Console,
) -> Text:
    if measured is None:
        return Text()
    marks = terminal.marks(console)
    refused = _refused(record, measured)
    mark = marks.failed if refused else marks.worst if worst else " "
    style = "bold red" if refused else "bold" if worst else ""
    value = "n/a" if measured.value is None else formatting.metric(measured.value, measured.metric)
    text = Text(f"{value:>6} {mark}", style)
    if changes and _badness(record.config, measured.metric, 0.0) is not None:
        change = _change(measured, record.config)
        text.append(f" {change.plain:>7}", change.style)
    elif compared and _is_worse(measured, record.config):
        text.append(_worse_sign(console))
    return text


def _change(measured: SliceMetric, config: ModelConfig) -> Text:
    """The change against the baseline; dim unless it is for the worse."""
    text = formatting.change(measured.value, measured.baseline, measured.metric)
    return Text(text, "" if _is_worse(measured, config) else "dim")


def _is_worse(measured: SliceMetric, config: ModelConfig) -> bool:
    if measured.value is None or measured.baseline is None:
        return False
    before = _badness(config, measured.metric, measured.baseline)
    after = _badness(config, measured.metric, measured.value)
    return before is not None and after is not None and after - before >= 0.00005


def _badness(config: ModelConfig, name: str, value: float) -> float | None:
    """Greater for a worse value; None for a metric that has no better or worse, such as a count."""
    metric = config.evaluation.metrics.get(name)
    if metric is None:
        return None
    if metric.better is None and metric.at_least is not None and metric.at_most is not None:
        return abs(value - (metric.at_least + metric.at_most) / 2)
    limits = (metric, *metric.per_slice.values())
    if metric.better is None and all(b.at_least is b.at_most is None for b in limits):
        return None
    return -value if metric.direction == "higher" else value


def _worst(
    config: ModelConfig,
    cells: dict[tuple[str, str], SliceMetric],
    name: str,
    slices: dict[str, str],
) -> str | None:
    """The slice where this metric is worst, among at least two."""
    ranked = []
    for slice_name in slices:
        measured = cells.get((slice_name, name))
        if measured is not None and measured.value is not None:
            badness = _badness(config, name, measured.value)
            if badness is not None:
                ranked.append((badness, slice_name))
    return max(ranked)[1] if len(ranked) > 1 else None


def _shown(
    record: RunRecord,
    slices: dict[str, str],
    worst: dict[str, str | None],
    cells: dict[tuple[str, str], SliceMetric],
    names: list[str],
) -> set[str]:
    """All slices of a feature, or those that matter most."""
    if len(slices) <= _SLICES_SHOWN:
        return set(slices)
    refused = {refusal.slice for refusal in record.refusals}
    matter = {name for name in slices if name in refused or name in worst.values()}

    def badness(slice_name: str) -> float:
        measured = cells.get((slice_name, names[0]))
        if measured is None or measured.value is None:
            return float("-inf")
        return _badness(record.config, names[0], measured.value) or 0.0

    rest = sorted(set(slices) - matter, key=badness, reverse=True)
    return matter | set(rest[: max(0, _SLICES_SHOWN - len(matter))])


def _groups(config: ModelConfig, slices: list[str]) -> dict[str, dict[str, str]]:
    """Slices by feature, each with its value alone as a label, in the config's order."""
    groups: dict[str, dict[str, str]] = {}
    for names in config.evaluation.slices:
        pattern = re.compile(", ".join(f"{re.escape(name)}=(.*)" for name in names), re.DOTALL)
        found = {name: match for name in slices if (match := pattern.fullmatch(name))}
        labels = {name: ", ".join(match.groups()) or "(empty)" for name, match in found.items()}
        if labels:
            groups[", ".join(names)] = dict(sorted(labels.items(), key=_natural))
    known = {name for group in groups.values() for name in group}
    others = {name: name for name in slices if name not in known}
    return {**groups, **({"other": others} if others else {})}


def _natural(item: tuple[str, str]) -> tuple[float, str]:
    """Numbers in their order, then words in theirs."""
    try:
        return float(item[1]), ""
    except ValueError:
        return float("inf"), item[1]


def _limits(config: ModelConfig, metric: str, key: str, console: Console) -> str:
    """The limits of a feature's slices, or of one slice, short enough to stand in a column."""
    known = config.evaluation.metrics.get(metric)
    bounds = known.per_slice.get(key) if known else None
    if bounds is None or bounds.at_least is bounds.at_most:
        return ""
    if bounds.at_least is not None and bounds.at_most is not None:
        return f"{bounds.at_least:g}-{bounds.at_most:g}"
    least, most = ("≥", "≤") if _has_unicode(console) else (">=", "<=")
    sign, bound = (most, bounds.at_most) if bounds.at_least is None else (least, bounds.at_least)
    return f"{sign} {bound:g}"


def _refused(record: RunRecord, measured: SliceMetric) -> bool:
    return any(
        refusal.metric == measured.metric and refusal.slice == measured.slice
        for refusal in record.refusals
    )


def _words(name: str) -> str:
    """`BinaryCrossEntropy` on three lines rather than broken where the column ends."""
    return "\n".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[^A-Z]+", name)) or name


def _worse_sign(console: Console) -> str:
    return "↓" if _has_unicode(console) else "-"


def _has_unicode(console: Console) -> bool:
    return console.encoding.lower().startswith("utf")


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
