"""A run's key figures at its end: rows, anomalies, metrics, verdict, and what to do next."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from pipeline.config import project
from pipeline.nodes import DATA_GATE, TUNER
from pipeline.record import run_folder
from pipeline.record.liveness import status
from pipeline.record.run_record import Anomaly, Failure, RunRecord
from pipeline.show import formatting, terminal
from pipeline.show.metric_quality import baseline_note, refused_value
from pipeline.show.metric_tables import metric_tables
from pipeline.show.outcomes import OUTCOMES

_MARKS = {
    "good": ("done", "bold green"),
    "bad": ("failed", "bold red"),
    "warn": ("failed", "bold"),
    "active": ("queued", "bold"),
}
"""The sign and the style of the last line, for each tone of an outcome."""


def summary(
    record: RunRecord,
    console: Console,
    runs: Path = project.RUNS,
    next_step: tuple[str, str] | None = None,
) -> RenderableType:
    """Everything that a finished run has to tell; what it did not come to is left out.

    Args:
        record: The run's record.
        console: Where it will be printed.
        runs: The folder of all runs.
        next_step: What for, and the arguments of the next command; None: as after any run.
    """
    sections = [
        list(section)
        for section in (
            _figures(record, console),
            _anomalies("Anomalies in the data", _found(record), console),
            _anomalies("Told of the data", _notes(record), console),
            _warnings(record),
            metric_tables(record, console),
            [*_verdict(record, console, runs), *_places(record, runs, next_step)],
        )
    ]
    spaced = [part for section in sections if section for part in (Text(), *section)]
    return Group(*spaced)


def _figures(record: RunRecord, console: Console) -> Iterator[RenderableType]:
    between = terminal.marks(console).between
    table = _labelled()
    if record.data and record.data.spans:
        table.add_row("Spans", Text(record.data.spans))
    if record.rows:
        rows = (f"{split} {count:,}" for split, count in record.rows.items())
        table.add_row("Rows", between.join(rows))
    judged = any(
        node.name == DATA_GATE and node.status in ("done", "cached") for node in record.nodes
    )
    if judged and not _found(record):
        table.add_row("Anomalies", "none")
    if record.hyperparameters:
        pairs = (
            f"{key} {formatting.plain(value)}" for key, value in record.hyperparameters.items()
        )
        table.add_row("Hyperparameters", Text(between.join(pairs)))
    if table.row_count:
        yield _indented(table)


def _found(record: RunRecord) -> list[Anomaly]:
    return [anomaly for anomaly in record.anomalies if anomaly.severity != "note"]


def _notes(record: RunRecord) -> list[Anomaly]:
    return [anomaly for anomaly in record.anomalies if anomaly.severity == "note"]


def _anomalies(title: str, anomalies: list[Anomaly], console: Console) -> Iterator[RenderableType]:
    if not anomalies:
        return
    yield Text(f"  {title}", style="bold")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=1)
    table.add_column(overflow="fold")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for anomaly in sorted(anomalies, key=lambda anomaly: anomaly.severity):
        what = Text(anomaly.headline)
        if anomaly.detail:
            what.append(f"\n{anomaly.detail}" if console.is_terminal else f" ({anomaly.detail})")
        mark, style = _severity(anomaly, console)
        table.add_row(
            Text(mark, style), Text(anomaly.feature, style), Text(anomaly.split, "dim"), what
        )
    yield _indented(table)


def _warnings(record: RunRecord) -> Iterator[RenderableType]:
    if not record.warnings:
        return
    yield Text("  To be aware of", style="bold")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=1)
    table.add_column(overflow="fold")
    for warning in record.warnings:
        what = Text(warning.headline, "bold")
        table.add_row("!", what.append(f"\n{warning.detail}", "not bold"))
    yield _indented(table)


def _severity(anomaly: Anomaly, console: Console) -> tuple[str, str]:
    if anomaly.severity == "error":
        return terminal.marks(console).failed, "red"
    return ("!" if anomaly.severity == "warning" else "", "")


def _verdict(record: RunRecord, console: Console, runs: Path) -> Iterator[RenderableType]:
    """How the run ended, and why where it did not end well."""
    state = status(record, runs)
    if state == "failed" or (state == "stopped" and not record.anomalies):
        yield _failure(record, console)
        return
    outcome = OUTCOMES[state]
    took = formatting.duration(record.seconds)
    done = state in ("pushed", "partial")
    time = "" if state == "died" else f" in {took}" if done else f" ({took})"
    mark, style = _MARKS[outcome.tone]
    sign = getattr(terminal.marks(console), mark)
    headline = outcome.headline_of(None, pushed=record.pushed_version is not None)
    yield Text.assemble("  ", (f"{sign} {headline}{time}", style))
    if state == "partial":
        yield Text(f"    Up to and including {record.to}, as --to says")
    if state == "not_blessed":
        yield Padding(_missed_bounds(record), (0, 0, 0, 4), expand=False)
    if (note := baseline_note(record)) and state in ("pushed", "not_blessed"):
        yield Padding(Text(note), (0, 0, 0, 4), expand=False)
    if state == "stopped" and record.failure and record.failure.remedy:
        yield Padding(Text(record.failure.remedy), (0, 0, 0, 4), expand=False)


def _failure(record: RunRecord, console: Console) -> RenderableType:
    """Why a run failed, as a panel on a terminal and as plain lines elsewhere."""
    what = record.failure or Failure(node=None, headline="The run gave no reason.")
    title = OUTCOMES["failed"].headline_of(what.node)
    parts: list[RenderableType] = []
    if console.is_terminal:
        parts.append(Text(what.headline, style="bold"))
        if what.detail:
            parts += [Text(), Text(what.detail)]
        if what.remedy:
            parts += [Text(), Text(what.remedy)]
        panel = Panel(
            Group(*parts),
            title=Text(title, style="bold red"),
            title_align="left",
            border_style="red",
            padding=(1, 2),
        )
        return Padding(panel, (0, 2))
    said = what.node is not None and what.headline.startswith(what.node)
    parts.append(Text(what.headline if said else f"{title}: {what.headline}"))
    parts += [Padding(Text(part), (0, 0, 0, 2)) for part in (what.detail, what.remedy) if part]
    return _indented(Group(*parts))


def _missed_bounds(record: RunRecord) -> Table:
    table = Table.grid(padding=(0, 3, 0, 0))
    for _ in range(4):
        table.add_column(overflow="fold")
    for refusal in record.refusals:
        table.add_row(
            Text(refusal.metric, "bold"),
            Text(formatting.on_one_line(refusal.slice)),
            Text(refused_value(record, refusal), "bold red"),
            Text(f"expected {refusal.bound}", "dim"),
        )
    return table


def _places(
    record: RunRecord, runs: Path, next_step: tuple[str, str] | None
) -> Iterator[RenderableType]:
    """Where everything is, and the next command to try."""
    folder = run_folder.path(record.id, runs)
    if record.status not in ("pushed", "interrupted"):
        yield Text()
    table = _labelled()
    if record.pushed_version is not None:
        table.add_row("Version", str(record.pushed_version))
        table.add_row("Pushed to", Text(formatting.path(record.pushed_to or ""), overflow="fold"))
    table.add_row("Run folder", Text(formatting.path(folder), overflow="fold"))
    # A run of the `tfx` command line prints to the screen, and has no log.
    for title, name in (("Report", run_folder.REPORT), ("Log", run_folder.LOG)):
        if (folder / name).exists():
            table.add_row(title, Text(formatting.path(folder / name), overflow="fold"))
    purpose, arguments = next_step or _next(record, runs)
    table.add_row("Next", Text(f"{purpose}:\n{formatting.command(arguments)}", overflow="fold"))
    if next_step is None:
        for what, command in _made(record):
            table.add_row("", f"{what}: {command}")
    yield _indented(table)


def _next(record: RunRecord, runs: Path) -> tuple[str, str]:
    """What for, and the arguments of the next command."""
    again = " ".join(
        ["run", record.model, *(f"--set {shlex.quote(item)}" for item in record.overrides)]
    )
    searched = any(node.name == TUNER and node.status == "done" for node in record.nodes)
    if record.status == "pushed" and searched:
        return (
            "keep these hyperparameters and skip the search",
            f"freeze-hyperparameters {record.model}",
        )
    if record.status == "partial":
        return "run the rest; what was finished comes from the cache", again
    if record.status in ("pushed", "not_blessed"):
        return "compare with earlier runs", f"runs --model {record.model}"
    if record.status == "stopped":
        return f"correct the data, or models/{record.model}/schema.pbtxt, and run again", again
    if status(record, runs) == "running":
        return "look again", f"show {record.id}"
    if record.reached_nodes:
        return "go on; what was finished is not repeated", f"run {record.model} --resume"
    return "run again", again


def _made(record: RunRecord) -> Iterator[tuple[str, str]]:
    """What `make` does with a run that has come to its end: what for, and the command."""
    if record.status == "pushed":
        yield "serve it", "make serve"
    if record.metrics:
        yield "look at it in a browser", "make dashboard"


def _labelled() -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", min_width=15, no_wrap=True)
    table.add_column(overflow="fold")
    return table


def _indented(part: RenderableType) -> Padding:
    return Padding(part, (0, 0, 0, 2), expand=False)
