"""What the Evaluator measured, as tables: overall against the bounds, and slice by slice."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from pipeline.record import bounds
from pipeline.record.run_record import OVERALL, RunRecord, SliceMetric
from pipeline.show import formatting, terminal
from pipeline.show.metric_quality import is_worse, misses_bound
from pipeline.show.slice_table import slice_table

_ROOM_FOR_BASELINE = 76
"""Narrower terminals have the change alone."""


def metric_tables(record: RunRecord, console: Console) -> Iterator[RenderableType]:
    """The overall table, and one of the slices where there are any."""
    overall = [measured for measured in record.metrics if measured.slice == OVERALL]
    if overall:
        yield _overall(record, overall, console)
    if record.yardstick and record.yardstick.verdict:
        yield Padding(Text(record.yardstick.verdict), (1, 0, 0, 2))
    if len(overall) < len(record.metrics):
        if overall:
            yield Text()
        yield slice_table(record, console)


def _overall(record: RunRecord, metrics: list[SliceMetric], console: Console) -> RenderableType:
    compared = any(measured.baseline is not None for measured in metrics)
    with_baseline = compared and console.width >= _ROOM_FOR_BASELINE
    measured_by_trees = any(measured.yardstick is not None for measured in metrics)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    table.add_column("Whole test split", min_width=16, overflow="fold")
    table.add_column("Value", justify="right", no_wrap=True)
    table.add_column("", width=1)
    table.add_column("Bound", min_width=8, overflow="fold")
    if with_baseline:
        table.add_column("Baseline", justify="right", no_wrap=True)
    if compared:
        table.add_column("Change", justify="right", no_wrap=True)
    if measured_by_trees:
        table.add_column("Boosted", justify="right", no_wrap=True)
    for measured in metrics:
        name, missed = measured.metric, misses_bound(record, measured)
        cells = [
            Text(name),
            Text(
                formatting.metric(measured.value, name, measured.at_least, measured.at_most),
                "bold red" if missed else "bold",
            ),
            Text(terminal.marks(console).failed if missed else "", "red"),
            Text(bounds.in_words(measured.at_least, measured.at_most), "dim"),
        ]
        if with_baseline:
            has = measured.baseline is not None
            cells.append(Text(formatting.metric(measured.baseline, name) if has else "", "dim"))
        if compared:
            style = "" if is_worse(record.config, measured) else "dim"
            cells.append(Text(formatting.change(measured.value, measured.baseline, name), style))
        if measured_by_trees:
            has = measured.yardstick is not None
            cells.append(Text(formatting.metric(measured.yardstick, name) if has else "", "dim"))
        table.add_row(*cells)
    return Padding(table, (0, 0, 0, 2), expand=False)
