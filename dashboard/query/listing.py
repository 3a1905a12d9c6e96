"""The list of runs as a page asks for it: searched, filtered, sorted, and a part of it."""

from __future__ import annotations

import functools
import time
from dataclasses import dataclass
from typing import Any

from dashboard.errors import DashboardError
from dashboard.query.columns import FIELDS, GROUPS, Columns, Getter
from dashboard.query.expression import Filter, compile_filter
from dashboard.records.index import Snapshot
from dashboard.records.outcomes import LABELS
from dashboard.records.runs import Run

MAX_LIMIT = 500
MAX_COLUMNS = 50
OFFERED = ("metrics", "hyperparameters")
"""Groups whose names each list comes with; the others are asked for when they are wanted."""


@dataclass(frozen=True)
class Query:
    """What is asked for."""

    text: str = ""
    """Words that a run must all have, in its id, model, status, tags, note, commit or failure."""
    where: str = ""
    """A filter expression."""
    sort: str = "-started"
    """A column; with `-` in front the largest first. Runs that have no value come last."""
    archived: bool = False
    """Whether runs that are archived are there as well; a filter that asks for it finds them."""
    columns: tuple[str, ...] = ()
    """Columns whose values each row is to have beside its own, by their names."""
    offset: int = 0
    limit: int = 50


class _Known:
    """A snapshot, and what is derived from it; some only when it is asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot

    @functools.cached_property
    def columns(self) -> Columns:
        """The columns of its runs."""
        return Columns(self.snapshot.runs)

    @functools.cached_property
    def texts(self) -> dict[str, str]:
        """What words are searched in, by run."""
        return {run.id: _searchable(run) for run in self.snapshot.runs}


class Listing:
    """Answers queries; what it derives from a snapshot is kept until there is another one."""

    def __init__(self) -> None:
        self._known = _Known(Snapshot())

    def answer(self, snapshot: Snapshot, query: Query) -> dict[str, Any]:
        """The rows, how many there are in all, and the columns that any run has.

        Raises:
            FilterError: The filter cannot be read.
            DashboardError: There is no such column to sort by.
        """
        known = self._of(snapshot)
        now = time.time()
        listed, passing = _passing(known, query, now)
        selected = _sorted(known, passing, query.sort, now)
        end = query.offset + min(query.limit, MAX_LIMIT)
        columns = _getters(known, query.columns)
        return {
            "runs": [
                {**run.as_json(), "values": {name: get(run, now) for name, get in columns}}
                for run in selected[query.offset : end]
            ],
            "matching": len(selected),
            "total": len(listed),
            "archived": len(snapshot.runs) - len(listed),
            "running": sum(run.status == "running" for run in snapshot.runs),
            "scan": {
                "complete": snapshot.complete,
                "read": len(snapshot.runs),
                "folders": snapshot.folders,
            },
            "columns": {group: known.columns.names(group) for group in OFFERED},
        }

    def columns(self, snapshot: Snapshot) -> dict[str, Any]:
        """The names of all columns: `fields`, and those of each group that depends on the runs."""
        known = self._of(snapshot)
        groups = {group: known.columns.names(group) for group in GROUPS}
        return {"fields": list(FIELDS), **groups}

    def selected(self, snapshot: Snapshot, query: Query) -> list[Run]:
        """All of the runs that pass, in order.

        Raises:
            FilterError: The filter cannot be read.
            DashboardError: There is no such column to sort by.
        """
        return _passing(self._of(snapshot), query, time.time())[1]

    def _of(self, snapshot: Snapshot) -> _Known:
        """What is known of the snapshot; another thread may be at another one."""
        known = self._known
        if known.snapshot is not snapshot:
            known = self._known = _Known(snapshot)
        return known


def _passing(known: _Known, query: Query, now: float) -> tuple[list[Run], list[Run]]:
    """The runs that there are for the query, and those of them that pass."""
    passes = _filter(known, query)
    asked = query.archived or (passes is not None and "archived" in passes.names)
    listed = [run for run in known.snapshot.runs if asked or not run.archived]
    return listed, _selected(known, listed, query, passes, now)


def _filter(known: _Known, query: Query) -> Filter | None:
    if query.where.strip() and (known.snapshot.runs or known.snapshot.complete):
        return compile_filter(query.where, known.columns)
    return None


def _selected(
    known: _Known, runs: list[Run], query: Query, passes: Filter | None, now: float
) -> list[Run]:
    if words := query.text.lower().split():
        texts = known.texts
        runs = [run for run in runs if all(word in texts[run.id] for word in words)]
    if passes is not None:
        runs = [run for run in runs if passes(run, now)]
    return runs


def _getters(known: _Known, names: tuple[str, ...]) -> list[tuple[str, Getter]]:
    """What gives the values of columns; a name that no run has is left out."""
    found = ((name, known.columns.find(name)) for name in names[:MAX_COLUMNS])
    return [(name, get) for name, get in found if get is not None]


def _sorted(known: _Known, runs: list[Run], sort: str, now: float) -> list[Run]:
    name, descending = sort.removeprefix("-"), sort.startswith("-")
    if name == "started":  # A snapshot is in this order, which no wrong clock changes.
        return runs if descending else _oldest_first(runs)
    get = known.columns.find(name)
    if get is None:
        if not known.snapshot.complete:
            return runs
        close = known.columns.close(name)
        raise DashboardError(
            f"No run has a column {name} to sort by", f"Did you mean {close}?" if close else ""
        )
    keyed = [(_order(get(run, now)), run) for run in runs]
    there = [pair for pair in keyed if pair[0] is not None]
    there.sort(key=lambda pair: pair[0] or (), reverse=descending)
    return [run for _, run in there] + [run for key, run in keyed if key is None]


def _searchable(run: Run) -> str:
    parts = (
        *(
            run.id,
            run.model,
            run.status,
            LABELS[run.status],
            run.commit,
            run.dataset,
            run.failure,
            run.problem,
        ),
        *(run.note, *run.tags),
    )
    return "\n".join(parts).lower()


def _oldest_first(runs: list[Run]) -> list[Run]:
    known = [run for run in reversed(runs) if run.started is not None]
    return known + [run for run in runs if run.started is None]


def _order(value: Any) -> tuple[int, Any] | None:
    """A key that orders values of any kind: numbers first, then texts."""
    if value is None or value == []:
        return None
    if isinstance(value, int | float):
        return 0, value
    return 1, str(value).lower()
