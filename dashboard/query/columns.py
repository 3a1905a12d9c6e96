"""The names by which a run's values are sorted, filtered and shown."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from dashboard.records.runs import Run

Getter = Callable[[Run, float], Any]
"""Gives a run's value at a time in seconds since 1970; None if it has none."""

FIELDS: dict[str, Getter] = {
    "status": lambda run, now: run.status,
    "model": lambda run, now: run.model,
    "started": lambda run, now: run.started,
    "duration": lambda run, now: run.duration(now),
    "blessed": lambda run, now: run.blessed,
    "version": lambda run, now: run.pushed_version,
    "commit": lambda run, now: run.commit,
    "dirty": lambda run, now: run.dirty,
    "dataset": lambda run, now: run.dataset,
    "tags": lambda run, now: list(run.tags),
    "note": lambda run, now: run.note,
    "failure": lambda run, now: run.failure,
    "id": lambda run, now: run.id,
}
GROUPS = ("metrics", "hyperparameters")
_LONG = 200
"""More columns of one kind than this are not offered; damaged records could make up any number."""


class Columns:
    """The columns of some runs: fields, overall metrics and hyperparameters; case does not count.

    A bare name is a field, or else a metric, or else a hyperparameter; `metrics.loss` and
    `hyperparameters.loss` say which.
    """

    def __init__(self, runs: Iterable[Run]):
        self._names: dict[str, dict[str, list[str]]] = {
            group: defaultdict(list) for group in GROUPS
        }
        for run in runs:
            for group in GROUPS:
                names = self._names[group]
                for name in getattr(run, group):
                    spellings = names[name.lower()]
                    if name not in spellings:
                        spellings.append(name)

    def names(self, group: str) -> list[str]:
        """The metrics or the hyperparameters, as they are spelled first, in order of the alphabet.

        Raises:
            KeyError: The group is neither.
        """
        return sorted(spellings[0] for spellings in self._names[group].values())[:_LONG]

    def find(self, name: str) -> Getter | None:
        """What gives a run's value under a name; None if there is no such name."""
        group, _, rest = name.partition(".")
        if rest and group.lower() in GROUPS:
            return self._in_group(group.lower(), rest)
        field = FIELDS.get(name.lower())
        return field or self._in_group("metrics", name) or self._in_group("hyperparameters", name)

    def close(self, name: str) -> str | None:
        """A name that is much like this one."""
        group, _, rest = name.partition(".")
        if rest and group.lower() in GROUPS:
            found = _closest(rest, self.names(group.lower()))
            return f"{group.lower()}.{found}" if found else None
        known = [*FIELDS, *(other for each in GROUPS for other in self.names(each))]
        return _closest(name, known)

    def _in_group(self, group: str, name: str) -> Getter | None:
        spellings = self._names[group].get(name.lower())
        if spellings is None:
            return None

        def get(run: Run, now: float) -> Any:
            values: dict[str, Any] = getattr(run, group)
            for spelling in spellings:
                if (value := values.get(spelling)) is not None:
                    return value
            return None

        return get


def _closest(name: str, known: Iterable[str]) -> str | None:
    by_lower = {other.lower(): other for other in known}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.6)
    return by_lower[close[0]] if close else None
