"""The names by which a run's values are sorted, filtered and shown."""

from __future__ import annotations

import difflib
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
    "overrides": lambda run, now: run.overrides,
    "failure": lambda run, now: run.failure,
    "archived": lambda run, now: run.archived,
    "id": lambda run, now: run.id,
}
GROUPS = ("metrics", "hyperparameters", "slices", "config", "rows")
"""Values whose names depend on the runs."""
_BARE = ("metrics", "hyperparameters")
"""Groups whose names need not say which group they are of."""
_LONG = 200
"""More columns of one kind than this are not offered; damaged records could make up any number."""


class Columns:
    """The columns of some runs; case does not count.

    They are the fields, metrics of all rows (`metrics.auc`), hyperparameters, metrics of slices
    (`slices.payment_type=Cash.auc`), keys of the config and rows of each split. A bare name is a
    field, or else a metric, or else a hyperparameter, or else a key of the config that has a dot.
    """

    def __init__(self, runs: Iterable[Run]):
        # Names in the order in which they turn up; of the values none is used.
        found: dict[str, dict[str, Any]] = {group: {} for group in GROUPS}
        for run in runs:
            for group, spelled in found.items():
                spelled.update(getattr(run, group))
        self._names: dict[str, dict[str, list[str]]] = {group: {} for group in GROUPS}
        for group, spelled in found.items():
            for name in spelled:
                self._names[group].setdefault(name.lower(), []).append(name)

    def names(self, group: str) -> list[str]:
        """The names of a group, as they are spelled first, in order of the alphabet.

        Raises:
            KeyError: There is no such group.
        """
        return sorted(spellings[0] for spellings in self._names[group].values())[:_LONG]

    def find(self, name: str) -> Getter | None:
        """What gives a run's value under a name; None if there is no such name."""
        group, _, rest = name.partition(".")
        if rest and group.lower() in GROUPS:
            return self._in_group(group.lower(), rest)
        if field := FIELDS.get(name.lower()):
            return field
        groups = (*_BARE, "config") if rest else _BARE
        return next(filter(None, (self._in_group(each, name) for each in groups)), None)

    def close(self, name: str) -> str | None:
        """A name that is much like this one."""
        group, _, rest = name.partition(".")
        if rest and group.lower() in GROUPS:
            found = _closest(rest, self.names(group.lower()))
            return f"{group.lower()}.{found}" if found else None
        groups = (*_BARE, "config") if rest else _BARE
        known = [*FIELDS, *(other for each in groups for other in self.names(each))]
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
