"""What is printed of a table: a line for each column, the task, the splits, and what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from components.tables.quality import findings
from pipeline.scaffold.inference.baseline import Figure
from pipeline.scaffold.inference.kinds import Choice
from pipeline.scaffold.inference.proposal import Proposal
from pipeline.scaffold.inference.task import Task
from pipeline.scaffold.inspection import Inspection
from pipeline.scaffold.reading.profile import ColumnProfile
from pipeline.show import formatting

_STYLES = {"identifier": "dim", "group": "dim", "constant": "dim", "copy": "yellow"}
_EXAMPLE = 24
_TOLD = 10


def columns(proposal: Proposal, console: Console) -> RenderableType:
    """A line for each column, and one for all columns of a vector."""
    wide = not console.is_terminal or console.width >= 120
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("Column", no_wrap=True, overflow="ellipsis", max_width=32 if wide else 18)
    table.add_column("Taken as", no_wrap=True, min_width=10)
    table.add_column("Missing", no_wrap=True, justify="right", min_width=7)
    table.add_column(
        "Example", no_wrap=True, overflow="ellipsis", max_width=_EXAMPLE if wide else 14
    )
    table.add_column("Why", no_wrap=True, overflow="ellipsis")
    shown = set[str]()
    for name, profile in proposal.table.columns.items():
        choice = proposal.choices.get(name)
        if choice is None:
            why = f"{proposal.task.name}: {proposal.task.why}"
            table.add_row(*_cells(profile, "label", why, "bold"))
        elif choice.vector and choice.vector in shown:
            continue
        else:
            shown.add(choice.vector)
            table.add_row(*_cells(profile, choice.kind, choice.why, _STYLES.get(choice.kind, "")))
    return table


def _cells(profile: ColumnProfile, kind: str, why: str, style: str) -> list[Text]:
    missing = _share(profile.missing, profile.rows)
    texts = [
        profile.name,
        kind,
        missing,
        _example(profile),
        why,
    ]
    return [Text(formatting.on_one_line(text), style) for text in texts]


def _share(missing: int, rows: int) -> str:
    share = missing / max(rows, 1)
    return "" if not missing else "< 0.1 %" if share < 0.001 else f"{100 * share:.1f} %"


def _example(profile: ColumnProfile) -> str:
    if profile.counts:
        value = profile.counts[0][0]
        text = f"{value:g}" if isinstance(value, float) else str(value)
    else:
        text = next((str(value) for value in profile.sample if value is not None), "")
    text = " ".join(text.split())
    return text if len(text) <= _EXAMPLE else f"{text[: _EXAMPLE - 3]}..."


def notes(proposal: Proposal) -> Iterator[str]:
    """What somebody should know, a paragraph for each."""
    table = proposal.table
    yield f"{_rows(table.rows)}, {len(table.columns):,} columns{_sampled(proposal)}."
    if table.without_label:
        yield f"{_rows(table.without_label)} without a label {_are(table.without_label)} left out."
    if proposal.missing:
        listed = ", ".join(formatting.on_one_line(mark) for mark in proposal.missing)
        yield f"Missing, beside empty cells: {listed}."
    left_out = [choice for choice in proposal.choices.values() if not choice.is_input]
    if left_out:
        yield "Left out:"
        yield from (_of(choice) for choice in left_out[:40])
        if len(left_out) > 40:
            yield f"  and {len(left_out) - 40} more, named in features.py"
    noted = [choice for choice in proposal.choices.values() if choice.notes]
    if noted:
        yield "Look at:"
        for choice in noted:
            yield from (f"  {_name(choice)}: {note}." for note in choice.notes)
    used = {*proposal.inputs, *proposal.task.labels}
    told = [one for one in findings.find(table.summary) if one.column in used and not one.stops]
    for one in told[:_TOLD]:
        yield f"  {formatting.on_one_line(one.column)} {one.headline}. {one.remedy}"
    if len(told) > _TOLD:
        yield f"  {len(told) - _TOLD} more such are told when a run starts."
    yield from _task(proposal)


def _of(choice: Choice) -> str:
    way = f" (to read it: --set '{choice.name}={choice.others[0]}')" if choice.others else ""
    return f"  {_name(choice)}: {choice.kind}; {choice.why}{way}"


def _name(choice: Choice) -> str:
    return formatting.on_one_line(choice.name)


def _task(proposal: Proposal) -> Iterator[str]:
    task, way = proposal.task, proposal.splitting
    label = ", ".join(formatting.on_one_line(name) for name in task.labels)
    shown = [formatting.on_one_line(name) for name in task.classes[:8]]
    shown += ["..."] if len(task.classes) > 8 else []
    classes = f" ({', '.join(shown)})" if shown else ""
    other = f"; or, by --set task=: {', '.join(task.others)}" if task.others else ""
    yield f"Task: {task.name} of {label}{classes}; {task.why}{other}."
    if task.is_rare:
        yield (
            f"A class has {min(task.shares):.1%} of the rows: its rows count for more in training "
            "(training.class_weights), and the accuracy is shown without a bound."
        )
    how = {"rows": "row by row", "by": f"by '{way.column}'", "time": f"by time, '{way.column}'"}
    others = [
        f"splits={one.way}" if one.way == "rows" else f"splits.{one.way}={one.column}"
        for one in proposal.other_ways
    ]
    offered = f" Or: --set {', --set '.join(others)}." if others else ""
    yield f"Splits: {how[way.way]}; {way.why}.{offered}"
    if proposal.figures:
        figures = "; ".join(_figure(figure, task) for figure in proposal.figures[:4])
        yield f"To beat, on held-out rows: {figures}."


def _figure(figure: Figure, task: Task) -> str:
    linear = "" if figure.linear is None else f"a linear model {figure.linear:.4g}, "
    of = "" if figure.label is None else f" of {formatting.on_one_line(task.labels[figure.label])}"
    return f"{figure.metric}{of}: {linear}a constant {figure.constant:.4g}"


def _sampled(proposal: Proposal) -> str:
    sampled = len(proposal.table.places)
    return f"; figures are of {sampled:,} of them" if sampled < proposal.table.rows else ""


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"


def _are(number: int) -> str:
    return "is" if number == 1 else "are"


def inspected(found: Inspection, console: Console) -> RenderableType:
    """A line for each column of a model's data."""
    wide = not console.is_terminal or console.width >= 120
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("Column", no_wrap=True, overflow="ellipsis", max_width=32 if wide else 18)
    table.add_column("Role", no_wrap=True)
    table.add_column("Type", no_wrap=True)
    table.add_column("Missing", no_wrap=True, justify="right")
    table.add_column("Distinct", no_wrap=True, justify="right")
    table.add_column("Looks like", no_wrap=True)
    if wide:
        table.add_column("Example", no_wrap=True, overflow="ellipsis", max_width=_EXAMPLE)
    for column in found.columns:
        cells = [
            column.name,
            column.role or "-",
            column.type or "-",
            _share(column.missing, found.rows),
            f"{column.distinct:,}",
            column.looks_like,
            *([column.example] if wide else []),
        ]
        style = "yellow" if column.suspicions else "" if column.role else "dim"
        table.add_row(*(Text(formatting.on_one_line(cell), style) for cell in cells))
    return table


def inspection_notes(found: Inspection) -> Iterator[str]:
    """What is suspicious, what else is to be known, and the splits with their rows."""
    suspicious = [column for column in found.columns if column.suspicions]
    if suspicious:
        yield "Look at:"
        for column in suspicious:
            name = formatting.on_one_line(column.name)
            yield from (f"  {name}: {one}." for one in column.suspicions)
    yield from found.notices
    if found.without_label:
        yield f"{_rows(found.without_label)} without a label {_are(found.without_label)} left out."
    rows = ", ".join(f"{split} {count:,}" for split, count in found.splits.items())
    yield f"{_rows(found.rows)}. Splits: {rows}."
    yield f"Next: {formatting.command(f'run {found.model}')}"
