"""Runs, or the trials of a search, as a table of numbers and words that can be related."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from dashboard.query.columns import GROUPS, Columns
from dashboard.records.fields import Fields
from dashboard.records.runs import Run

MOST_ROWS = 2_000
_MOST_COLUMNS = 200

_OTHERS = ("metrics", "hyperparameters", "slices")
_SETTINGS = tuple(group for group in GROUPS if group not in _OTHERS)
"""Groups of values that were chosen, beside the hyperparameters."""
_WITHOUT_EFFECT = ("evaluation.", "serving.", "monitoring.", "beam.", "targets", "batch_prediction")
"""Keys of the config that change no model."""

Role = Literal["input", "outcome", "fact"]
Value = float | int | str | None


@dataclass(frozen=True)
class Column:
    """One value that rows have."""

    key: str
    """As in filters, such as `hyperparameters.units`; unique."""
    title: str
    role: Role
    """`input` is what was chosen, `outcome` what came of it, `fact` what else is known."""
    numeric: bool
    """Whether every value is a number."""


@dataclass(frozen=True)
class Table:
    """Rows by columns."""

    columns: tuple[Column, ...]
    names: tuple[str, ...]
    """Of the rows: ids of runs, or numbers of trials."""
    rows: tuple[tuple[Value, ...], ...]
    """In the order of `names`, the values in the order of `columns`; None where there is none."""
    left_out: int = 0
    """Older runs than the first 2,000."""

    def as_json(self) -> dict[str, Any]:
        """The table as a page receives it."""
        return {
            "columns": [column.__dict__ for column in self.columns],
            "names": list(self.names),
            "rows": [list(row) for row in self.rows],
            "left_out": self.left_out,
        }

    def values(self, key: str) -> list[Value] | None:
        """A column's values; None if there is no such column."""
        for place, column in enumerate(self.columns):
            if column.key == key:
                return [row[place] for row in self.rows]
        return None

    def as_csv(self) -> str:
        """The table as CSV (RFC 4180) with a line of names; numbers have all of their digits."""
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["name", *(column.key for column in self.columns)])
        for name, row in zip(self.names, self.rows, strict=True):
            writer.writerow([_harmless(name), *(_harmless(value) for value in row)])
        return text.getvalue()


def of_runs(runs: Sequence[Run], now: float) -> Table:
    """What runs were given, and what came of them.

    Args:
        runs: The runs; of more than 2,000 those that come first.
        now: Seconds since 1970, for the duration of what still runs.
    """
    shown = runs[:MOST_ROWS]
    columns = Columns(shown)
    keys: list[tuple[str, str, Role]] = [
        *((f"hyperparameters.{n}", n, "input") for n in columns.names("hyperparameters")),
        *(
            (f"{group}.{name}", f"{group}.{name}", "input")
            for group in _SETTINGS
            for name in columns.names(group)
            if not name.startswith(_WITHOUT_EFFECT)
        ),
        *((name, name, "input") for name in ("model", "dataset")),
        *((f"metrics.{n}", n, "outcome") for n in columns.names("metrics")),
        ("duration", "duration (s)", "outcome"),
        *((name, name, "fact") for name in ("status", "started", "version", "commit")),
    ]
    values: dict[str, list[Value]] = {}
    for key, _, _ in keys:
        get = columns.find(key)
        assert get is not None
        values[key] = [_plain(get(run, now)) for run in shown]
        if key.startswith(_SETTINGS) and len({v for v in values[key] if v is not None}) < 2:
            del values[key]  # A config has a hundred keys, which are mostly the same.
    titles = {key: (title, role) for key, title, role in keys}
    return _table([run.id for run in shown], values, titles, len(runs) - len(shown))


def of_trials(trials: Iterable[Any]) -> Table:
    """What the trials of a search were given, and what came of them.

    Args:
        trials: `trials` of a `details.json`, of whose content nobody vouches for.
    """
    usable = [Fields(trial) for trial in trials if isinstance(trial, dict)]
    inputs = {
        name: None for trial in usable for name in trial.part("hyperparameters").content
    }  # Names in the order in which they turn up, each once.
    objective = next((o for trial in usable if (o := trial.text("objective"))), "score")
    values: dict[str, list[Value]] = {
        f"hyperparameters.{name}": [
            _plain(trial.part("hyperparameters").content.get(name)) for trial in usable
        ]
        for name in inputs
    }
    values["score"] = [trial.number("score") for trial in usable]
    values["seconds"] = [trial.number("seconds") for trial in usable]
    titles: dict[str, tuple[str, Role]] = {
        f"hyperparameters.{name}": (name, "input") for name in inputs
    }
    titles |= {"score": (objective, "outcome"), "seconds": ("duration (s)", "outcome")}
    numbers = [trial.number("number") for trial in usable]
    names = [f"trial {place if n is None else n}" for place, n in enumerate(numbers, 1)]
    return _table(names, values, titles, 0)


def _table(
    names: list[str],
    values: Mapping[str, list[Value]],
    titles: Mapping[str, tuple[str, Role]],
    left_out: int,
) -> Table:
    there = [key for key in values if any(value not in (None, "") for value in values[key])][
        :_MOST_COLUMNS
    ]
    columns = tuple(Column(key, *titles[key], _numeric(values[key])) for key in there)
    rows = tuple(tuple(values[key][place] for key in there) for place in range(len(names)))
    return Table(columns, tuple(names), rows, left_out)


def _numeric(values: Iterable[Value]) -> bool:
    return all(isinstance(value, int | float) for value in values if value is not None)


def _plain(value: Any) -> Value:
    """A number as it is, anything else as a text."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return json.dumps(value)
    return value


def _harmless(value: Value) -> Value:
    """A text that a spreadsheet does not take for a formula (OWASP, CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@\t\r") else value
