"""The list of runs: one row each, readable or not."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from pipeline.record import run_notes, run_record
from pipeline.record.liveness import status
from pipeline.record.run_record import OVERALL, RunRecord, UnreadableRecord
from pipeline.show import formatting
from pipeline.show.outcomes import OUTCOMES

_WIDE = 140
"""Columns from which there is room for the model, the start's time, and a second metric."""

_COLUMNS = ("Run", "Model", "Status", "Started", "Took", "On test", "Version")
_IN_ORDER_OF_WORTH = ("On test", "Version", "Started", "Took", "Model")
"""Which columns there are while there is room, beside the run and its status."""
_MOST = {"Run": 25, "Model": 20, "On test": 14}
"""Characters beyond which a column is folded where there is no room."""

_STYLES = {"good": "green", "bad": "red", "warn": "", "active": "cyan"}
"""How each tone looks."""


def select(
    runs: Path, model: str | None = None, limit: int | None = None, *, archived: bool = False
) -> list[RunRecord | UnreadableRecord]:
    """The latest runs, of one model or of all; unreadable records among them.

    Args:
        runs: The folder of all runs.
        model: The model; None: all.
        limit: At most so many; None: all.
        archived: Whether those that are archived are there, too.
    """
    records: Iterator[RunRecord | UnreadableRecord] = run_record.latest_first(runs)
    if not archived:
        records = (one for one in records if not run_notes.is_archived(one.id, runs))
    return of_model(records, model, limit)


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
    """A row for each run, newest first; narrow terminals get fewer columns, each of them whole."""
    wide = console.width >= _WIDE
    gap = 2 if console.width >= 100 else 1
    rows = [_cells(record, runs, wide=wide) for record in records]
    widths = {name: _width(name, rows) for name in _COLUMNS}
    shown, room = ["Run", "Status"], console.width - widths["Run"] - widths["Status"] - gap
    for name in _IN_ORDER_OF_WORTH if wide else _IN_ORDER_OF_WORTH[:-1]:
        if room >= widths[name] + gap:
            shown.append(name)
            room -= widths[name] + gap
    # An id is what people copy: what is left is for it first, and then for the metrics.
    widths["Run"] = min(max(len(record.id) for record in records), widths["Run"] + room)
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="dim")
    for name in (name for name in _COLUMNS if name in shown):
        justify: Literal["right", "left"] = "right" if name in ("Took", "Version") else "left"
        width = None if name == "On test" else widths[name]  # A fixed width is not shrunk.
        table.add_column(name, width=width, overflow="fold", justify=justify)
    for row in rows:
        table.add_row(*(row[name] for name in _COLUMNS if name in shown))
    return table


def _cells(record: RunRecord | UnreadableRecord, runs: Path, *, wide: bool) -> dict[str, Text]:
    """A run's cells by column."""
    row = {name: Text() for name in _COLUMNS} | {"Run": Text(record.id)}
    if isinstance(record, UnreadableRecord):
        return row | {
            "Status": _label("unreadable"),
            "On test": Text(record.error.detail, "dim"),
        }
    state = status(record, runs)
    started = formatting.ago(record.started)
    return row | {
        "Model": Text(record.model),
        "Status": _label(state),
        "Started": Text(f"{formatting.local(record.started)}  {started}" if wide else started),
        "Took": Text(formatting.clock(record.seconds) if state != "died" else ""),
        "On test": Text(_metrics(record, 2 if wide else 1)),
        "Version": Text(str(record.pushed_version or "")),
    }


def _width(name: str, rows: Sequence[dict[str, Text]]) -> int:
    """How wide a column is; ids and metrics are folded if need be."""
    widest = max((row[name].cell_len for row in rows), default=0)
    return max(min(widest, _MOST.get(name, widest)), len(name))


def _label(state: str) -> Text:
    return Text(OUTCOMES[state].label, _STYLES[OUTCOMES[state].tone])


def as_json(records: Sequence[RunRecord | UnreadableRecord], runs: Path) -> str:
    """The same runs for a program: each record whole, or what is wrong with it."""
    items: list[dict[str, Any]] = []
    for record in records:
        if isinstance(record, UnreadableRecord):
            items.append({"id": record.id, "status": "unreadable", "error": str(record.error)})
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
