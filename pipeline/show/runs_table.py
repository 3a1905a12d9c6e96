"""The list of runs: one row each, readable or not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.record import run_record
from pipeline.record.liveness import status
from pipeline.record.run_record import OVERALL, RunRecord, UnreadableRecord
from pipeline.show import formatting
from pipeline.show.outcomes import OUTCOMES

_WIDE = 140
"""Columns from which there is room for the model, the start's time, and a second metric."""

_STYLES = {"good": "green", "bad": "red", "warn": "", "active": "cyan"}
"""How each tone looks."""


def select(
    runs: Path, model: str | None = None, limit: int | None = None
) -> list[RunRecord | UnreadableRecord]:
    """The latest runs, of one model or of all; unreadable records among them."""
    return of_model(run_record.latest_first(runs), model, limit)


def of_model(
    records: Iterator[RunRecord | UnreadableRecord], model: str | None, limit: int | None
) -> list[RunRecord | UnreadableRecord]:
    """The first of some runs, of one model or of all; unreadable records among them."""
    if model is not None:
        records = (
            record
            for record in records
            if isinstance(record, UnreadableRecord) or record.model == model
        )
    return list(islice(records, limit))


def runs_table(
    records: Sequence[RunRecord | UnreadableRecord], console: Console, runs: Path
) -> RenderableType:
    """A row for each run, newest first; narrow terminals get fewer columns."""
    wide = console.width >= _WIDE
    gap = 2 if console.width >= 100 else 1
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="dim")
    table.add_column("Run", overflow="fold", min_width=25)
    if wide:
        table.add_column("Model", overflow="fold")
    table.add_column("Status", no_wrap=True)
    table.add_column("Started", no_wrap=True)
    table.add_column("Took", no_wrap=True, justify="right")
    table.add_column("On test", overflow="fold")
    table.add_column("Version", no_wrap=True, justify="right")
    for record in records:
        if isinstance(record, UnreadableRecord):
            problem = Text(record.error.detail, "dim")
            model = [""] if wide else []
            table.add_row(record.id, *model, _label("unreadable"), "", "", problem, "")
            continue
        state = status(record, runs)
        started = formatting.ago(record.started)
        table.add_row(
            record.id,
            *([record.model] if wide else []),
            _label(state),
            f"{formatting.local(record.started)}  {started}" if wide else started,
            formatting.clock(record.seconds) if state != "died" else "",
            Text(_metrics(record, 2 if wide else 1)),
            str(record.pushed_version or ""),
        )
    return table


def _label(state: str) -> Text:
    return Text(OUTCOMES[state].label, _STYLES[OUTCOMES[state].tone])


def as_json(records: Sequence[RunRecord | UnreadableRecord], runs: Path) -> str:
    """The same runs for a program: each record whole, or what is wrong with it."""
    items: list[dict[str, Any]] = []
    for record in records:
        if isinstance(record, UnreadableRecord):
            items.append({"status": "unreadable", "error": str(record.error)})
        else:
            items.append(_item(record, runs))
    return json.dumps(items, indent=2, ensure_ascii=False)


def one_as_json(record: RunRecord, runs: Path) -> str:
    """One run for a program: its record, with its status as it is now."""
    return json.dumps(_item(record, runs), indent=2, ensure_ascii=False)


def _item(record: RunRecord, runs: Path) -> dict[str, Any]:
    return {**record.model_dump(mode="json"), "status": status(record, runs)}


def _metrics(record: RunRecord, number: int) -> str:
    """The first overall metrics."""
    overall = (measured for measured in record.metrics if measured.slice == OVERALL)
    return "  ".join(
        f"{measured.metric} {formatting.metric(measured.value, measured.metric)}"
        for measured in islice(overall, number)
    )
