"""One run as the list shows it: what its run folder says in a few fields."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dashboard.records import notes
from dashboard.records.fields import Fields
from dashboard.records.json_files import UnreadableError, read_object
from dashboard.records.liveness import alive, alive_in_cloud
from dashboard.records.outcomes import FORMER, STATUSES

RECORD = "run.json"
OVERALL = "overall"
_MAX_RECORD = 8 * 2**20
_OVER = {"done", "cached", "failed"}
_ASKED_FOR = ("slices", "config", "rows")
"""What would be most of a row's size."""


@dataclass(frozen=True)
class Run:
    """A row of the list. Times are seconds since 1970; what is not known is None or empty."""

    id: str
    status: str
    problem: str = ""
    """What is wrong with the record, in words; the other fields hold what could be read."""
    model: str = ""
    number: int = 0
    """Its place in the order in which runs started, whatever the clock said; 0: not known."""
    started: float | None = None
    finished: float | None = None
    commit: str = ""
    dirty: bool = False
    dataset: str = ""
    """The hash of the data's content."""
    blessed: bool | None = None
    pushed_version: int | None = None
    pushed_to: str = ""
    process: int | None = None
    failure: str = ""
    nodes_over: int = 0
    nodes: int = 0
    node: str = ""
    """The node that runs now."""
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    """By name; nested ones by their path with dots."""
    metrics: dict[str, float | None] = field(default_factory=dict)
    """Those of all rows of the test split."""
    slices: dict[str, float | None] = field(default_factory=dict)
    """Those of each slice, by `<slice>.<metric>`."""
    config: dict[str, Any] = field(default_factory=dict)
    """The model's config.yaml with defaults and overrides, by its keys' paths with dots."""
    rows: dict[str, Any] = field(default_factory=dict)
    """Rows of each split."""
    overrides: str = ""
    """What was set for this run alone, such as `training.epochs=3, tuning.trials=4`."""
    tags: tuple[str, ...] = ()
    note: str = ""
    archived: bool = False

    def duration(self, now: float) -> float | None:
        """How many seconds the run took, or has taken so far."""
        if self.started is None or (self.finished is None and self.status != "running"):
            return None
        return max((self.finished or now) - self.started, 0)

    def as_json(self) -> dict[str, Any]:
        """The row as a page receives it: all but what it has to ask for by a column's name."""
        row = {**self.__dict__, "tags": list(self.tags)}
        for key in _ASKED_FOR:
            del row[key]
        return row


def read(folder: Path) -> Run:
    """A run's row; never fails, as a record that cannot be read is a row that says so."""
    note = notes.read(folder)
    path = folder / RECORD
    try:
        written = path.stat().st_mtime
        record = Fields(read_object(path, _MAX_RECORD))
    except (OSError, UnreadableError) as error:
        problem = str(error) if isinstance(error, UnreadableError) else f"{RECORD} is gone"
        return Run(
            folder.name,
            "unreadable",
            problem,
            tags=note.tags,
            note=note.text,
            archived=note.archived,
        )
    status = record.text("status") or "running"
    status = FORMER.get(status, status)
    process = record.number("process")
    process = process if isinstance(process, int) else None
    cloud = record.part("cloud")
    if status == "running" and not (
        alive_in_cloud(cloud.time("seen") or written, cloud.number("silence_minutes"))
        if cloud.content
        else alive(process, written, record.text("process_start"))
    ):
        status = "died"
    if status not in STATUSES:
        record.problems.append(f"status: received {status!r:.60}")
        status = "unreadable"
    missing = [key for key in ("id", "model", "started", "config") if key not in record.content]
    if missing:
        record.problems.append(f"{', '.join(missing)}: missing")
    nodes, metrics = record.parts("nodes"), record.parts("metrics")
    version = record.number("pushed_version")
    number, code = record.number("number"), record.part("code")
    return Run(
        id=folder.name,
        status=status,
        model=record.text("model"),
        number=number if isinstance(number, int) else 0,
        started=record.time("started"),
        finished=record.time("finished"),
        commit=code.text("commit"),
        dirty=bool(code.truth("dirty")),
        dataset=record.part("data").text("hash"),
        blessed=record.truth("blessed"),
        pushed_version=version if isinstance(version, int) else None,
        pushed_to=record.text("pushed_to"),
        process=process,
        failure=record.part("failure").text("headline"),
        nodes_over=sum(node.text("status") in _OVER for node in nodes),
        nodes=len(nodes),
        node=", ".join(node.text("name") for node in nodes if node.text("status") == "running"),
        hyperparameters=dict(_flat(record.part("hyperparameters").content)),
        metrics={
            one.text("metric"): one.number("value")
            for one in metrics
            if one.text("slice") == OVERALL
        },
        slices={
            sys.intern(f"{one.text('slice')}.{one.text('metric')}"): one.number("value")
            for one in metrics
            if one.text("slice") != OVERALL
        },
        config={sys.intern(key): value for key, value in _flat(record.part("config").content)},
        rows=dict(record.part("rows").content),
        overrides=", ".join(map(str, record.items("overrides"))),
        tags=note.tags,
        note=note.text,
        archived=note.archived,
        problem="; ".join([*record.problems[:3], *([note.problem] if note.problem else [])]),
    )


def _flat(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
