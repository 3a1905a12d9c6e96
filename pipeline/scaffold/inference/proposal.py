"""What is proposed for a table: what each column is, the task, the splits, and what to beat."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from components.tables.quality import findings
from models.common.errors import ConfigError, DataError
from pipeline.scaffold.inference import kinds, splitting, suspects, vectors
from pipeline.scaffold.inference import task as tasks
from pipeline.scaffold.inference.baseline import Figure, figures
from pipeline.scaffold.inference.kinds import Choice
from pipeline.scaffold.inference.settings import Settings, check_columns
from pipeline.scaffold.inference.splitting import Splitting
from pipeline.scaffold.inference.suspects import Telling
from pipeline.scaffold.inference.task import Task
from pipeline.scaffold.reading import spellings
from pipeline.scaffold.reading.profile import TableProfile

Ask = Callable[[str, str, Sequence[str]], str]
"""Asks a question: its text, the proposed answer, and all answers; returns one of them."""

_MOST_SLICES, _MOST_VALUES, _FEWEST_ROWS = 3, 12, 30


@dataclass(frozen=True)
class Proposal:
    """All that the files of a model's folder are written from."""

    table: TableProfile
    task: Task
    choices: Mapping[str, Choice]
    """Of each column but the label's, in the table's order."""
    splitting: Splitting
    other_ways: tuple[Splitting, ...]
    figures: tuple[Figure, ...]
    slices: tuple[str, ...]
    missing: tuple[str, ...]
    """Texts that stand for a missing value."""

    @property
    def inputs(self) -> list[str]:
        """The columns that the model reads."""
        return [name for name, choice in self.choices.items() if choice.is_input]

    @property
    def rows(self) -> int:
        """Rows with a label."""
        return self.table.rows - self.table.without_label


def propose(
    table: TableProfile, labels: Sequence[str], settings: Settings, ask: Ask | None = None
) -> Proposal:
    """Proposes a model for a table.

    Args:
        table: The table.
        labels: The label's columns.
        settings: What is said already.
        ask: Asks where something is not clear; None: what is most likely is taken.

    Raises:
        ConfigError: What is said does not fit the table.
        DataError: There is no such label, nothing to learn, or nothing to learn it from.
    """
    check_columns(settings, table.columns, labels)
    table, missing = _settled(table)
    data = _shown(table)
    task = tasks.find(table, labels, settings.task, data)
    if ask and task.others and settings.task is None:
        answer = ask(f"What is learnt of '{labels[0]}'? {task.why}", task.name, task.others)
        task = tasks.find(table, labels, tasks.TASKS[tasks.TASKS.index(answer)], data)
    choices = _choices(table, labels, settings)
    choices = _without_label(table, choices, task, settings)
    if ask:
        choices = _asked(table, choices, settings, ask)
    if not any(choice.is_input for choice in choices.values()):
        raise _nothing_to_read(table, choices, data)
    split, others = _split(table, choices, settings, ask)
    return Proposal(
        table,
        task,
        choices,
        split,
        others,
        tuple(figures(table, choices, task, split)),
        _slices(table, choices, split),
        missing,
    )


def _settled(table: TableProfile) -> tuple[TableProfile, tuple[str, ...]]:
    """The table with those marks as missing that columns of numbers and dates need, or that mean
    nothing else."""
    missing: dict[str, None] = {}
    for profile in table.columns.values():
        kind = kinds.choose(profile).kind
        needed = profile.is_number or kind in ("number", "date", "boolean")
        for mark in profile.marks:
            if needed or mark.strip() in spellings.CERTAIN:
                missing[mark] = None
    columns = {name: profile.settled(missing) for name, profile in table.columns.items()}
    return dataclasses.replace(table, columns=columns), tuple(missing)


def _choices(table: TableProfile, labels: Sequence[str], settings: Settings) -> dict[str, Choice]:
    found = {}
    for name, profile in table.columns.items():
        if name in labels:
            continue
        found[name] = kinds.choose(profile)
        if name in table.times:
            found[name] = _time(found[name])
    found = vectors.together(table, found)
    for finding in findings.find(table.summary):
        choice = found.get(finding.column)
        if finding.stops and choice is not None and choice.is_input:
            found[finding.column] = dataclasses.replace(
                choice, kind="left out", why=finding.headline, others=(), vector=""
            )
    for name, kind in settings.kinds.items():
        said = kinds.as_kind(table.columns[name], kind)
        if said is None or (name in table.times and said.is_input):
            raise ConfigError(
                f"--set {name}={kind}: the column is not such",
                f"It is taken for {found[name].kind}: {found[name].why}.",
                "Leave it out, or name another kind; docs/scaffold.md says what each needs.",
            )
        found[name] = said
    return found


def _time(choice: Choice) -> Choice:
    """A date or time of Parquet or Avro, which rows can be split by and no example holds."""
    why = "a type that an example cannot hold: write it as text to read it"
    return dataclasses.replace(choice, kind="left out", why=why, others=())


def _without_label(
    table: TableProfile, choices: dict[str, Choice], task: Task, settings: Settings
) -> dict[str, Choice]:
    """The choices without copies of the label and what is known only with it; what tells it alone
    is said."""
    label = tasks.values(task, table)
    found = dict(choices)
    late = {
        name: why
        for name, choice in choices.items()
        if choice.is_input and (why := suspects.missing_with_label(table.columns[name], table))
    }
    # Rows that are all but empty lack every column, and say nothing of one.
    if len(late) >= 0.9 * sum(choice.is_input for choice in choices.values()):
        late = {}
    for name, choice in choices.items():
        if name in settings.kinds or not choice.is_input or choice.vector:
            continue
        if suspects.is_copy(table.columns[name], choice, label, task):
            why = f"says the same as '{task.labels[0]}'"
            found[name] = dataclasses.replace(choice, kind="copy", why=why, others=())
        elif name in late:
            found[name] = dataclasses.replace(
                choice, kind="left out", why=late[name], others=(choice.kind,)
            )
    for name, telling in suspects.telling(found, table, task, label).items():
        if telling.is_strong:
            found[name] = _with_note(found[name], telling, task)
    if not any(choice.is_input for choice in found.values()):
        # A table in which the label is a function of its only column is an exercise.
        return {name: choices[name] if one.kind == "copy" else one for name, one in found.items()}
    return found


def _with_note(choice: Choice, telling: Telling, task: Task) -> Choice:
    figure = telling.in_words(task.labels[0])
    note = (
        f"{figure}: leave it out, unless it is known before the label"
        if telling.is_certain
        else f"{figure}: see that it is known before the label"
    )
    others = choice.others or (("left out",) if telling.is_certain else ())
    return dataclasses.replace(choice, notes=(*choice.notes, note), others=others)


def _asked(
    table: TableProfile, choices: dict[str, Choice], settings: Settings, ask: Ask
) -> dict[str, Choice]:
    found = dict(choices)
    for name, choice in choices.items():
        if not choice.others or name in settings.kinds:
            continue
        reason = "; ".join((choice.why, *choice.notes))
        answer = ask(f"What is '{name}'? {reason}", choice.kind, choice.others)
        if answer != choice.kind:
            kind = next(one for one in choice.others if one == answer)
            said = kinds.as_kind(table.columns[name], kind)
            found[name] = said or choice
    return found


def _split(
    table: TableProfile, choices: Mapping[str, Choice], settings: Settings, ask: Ask | None
) -> tuple[Splitting, tuple[Splitting, ...]]:
    ways = splitting.ways(table, choices)
    if settings.split is not None:
        way, column = settings.split
        if way == "rows":
            return ways[-1], tuple(ways[:-1])
        try:
            return splitting.by_column(table, choices, way, column), ()
        except ValueError as error:
            raise ConfigError(
                f"--set splits.{way}={column}: rows cannot be split by it: {error}",
                "Expected: a time in every row." if way == "time" else "Expected: several groups.",
                "Name another column, or leave it out.",
            ) from None
    chosen = ways[0]
    if ask and len(ways) > 1:
        named = {_way_name(way): way for way in ways}
        answer = ask(f"How are rows split? {chosen.why}", _way_name(chosen), list(named)[1:])
        chosen = named[answer]
    return chosen, tuple(way for way in ways if way is not chosen)


def _way_name(way: Splitting) -> str:
    return "rows" if way.way == "rows" else f"{way.way} {way.column}"


def _slices(
    table: TableProfile, choices: Mapping[str, Choice], split: Splitting
) -> tuple[str, ...]:
    """The inputs with few values of which each has enough rows to be judged by."""
    found = []
    judged = np.ones(len(table.places), bool)
    if split.way == "time":
        when = splitting.moments(table.columns[split.column], choices[split.column])
        judged = when >= np.nanquantile(when, 1 - split.test_share)
    scale = table.rows * split.test_share / max(judged.sum(), 1)
    for name, choice in choices.items():
        profile = table.columns[name]
        # A slice of fractions is none that anybody could name.
        whole = profile.column.type in ("INT", "STRING")
        if choice.kind not in ("category", "code", "boolean") or not whole or profile.missing:
            continue
        if not profile.is_exact or not 2 <= profile.distinct <= _MOST_VALUES:
            continue
        values, rows = np.unique(profile.sample[judged].astype(str), return_counts=True)
        if len(values) == profile.distinct and min(rows) * scale >= _FEWEST_ROWS:
            found.append((profile.distinct, name))
    return tuple(name for _, name in sorted(found)[:_MOST_SLICES])


def _shown(table: TableProfile) -> str:
    from components.tables import shown

    return shown(table.summary.files[0])


def _nothing_to_read(table: TableProfile, choices: Mapping[str, Choice], data: str) -> DataError:
    if not choices:
        return DataError(
            f"{data} has no column but the label",
            "Expected: a column to predict it from, at least. Received: "
            f"{', '.join(table.columns)}.",
            "Name a table with more columns.",
        )
    listed = "\n".join(f"{name}: {one.kind}, {one.why}" for name, one in list(choices.items())[:20])
    return DataError(
        f"{data} has no column that a model could learn from",
        listed,
        "Take one of them all the same, such as --set "
        f"'{next(iter(choices))}=category', or name another table.",
    )
