"""Which runs may go, and doing it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from models.common.errors import RunError
from pipeline.config import project
from pipeline.local import lock, metadata_db
from pipeline.local.deletion import artifacts
from pipeline.local.deletion.artifacts import Unneeded
from pipeline.record import liveness, run_folder, run_notes, run_record
from pipeline.record.run_record import RunRecord, UnreadableRecord
from pipeline.show import formatting

_GOING = ".deleting-"
"""How the name of a run's folder begins while it goes."""


@dataclass(frozen=True)
class Choice:
    """Which runs are meant: those that are named, or those of which all of this is true."""

    ids: tuple[str, ...] = ()
    model: str | None = None
    older_than: timedelta | None = None
    archived: bool = False


@dataclass
class Plan:
    """What would go, and what was meant and stays."""

    runs: list[tuple[str, int]] = field(default_factory=list)
    """Ids, and bytes of the runs' folders."""
    folders: list[Unneeded] = field(default_factory=list)
    """Artifacts, and what TFX keeps of executions."""
    kept: list[tuple[str, str]] = field(default_factory=list)
    """Ids, and why the runs stay."""

    @property
    def bytes(self) -> int:
        """All that would be free."""
        return sum(size for _, size in self.runs) + sum(one.bytes for one in self.folders)


def find(choice: Choice, runs: Path = project.RUNS) -> Plan:
    """What would be deleted; nothing is changed.

    Args:
        choice: Which runs are meant.
        runs: The folder of all runs.

    Raises:
        RunError: A run that is named may not go, or a run of its model is going.
    """
    plan = Plan()
    for model, gone in _chosen(choice, plan, runs).items():
        with lock.no_run(model, runs):
            _find(model, gone, plan, runs)
    return plan


def apply(choice: Choice, runs: Path = project.RUNS) -> Plan:
    """Deletes what `find` finds, and returns it.

    Args:
        choice: Which runs are meant.
        runs: The folder of all runs.

    Raises:
        RunError: As `find`; or something cannot be removed. What was by then, is gone.
    """
    plan = Plan()
    for rest in runs.glob(f"{_GOING}*"):
        _remove(rest)
    for model, gone in _chosen(choice, plan, runs).items():
        with lock.no_run(model, runs):
            found = _find(model, gone, Plan(), runs)
            if found.folders:
                store = metadata_db.opened(runs / model / metadata_db.FILE)
                artifacts.mark_deleted(store, found.folders)
            for one in found.folders:
                _remove(one.path)
            for run_id, _ in found.runs:
                going = runs / f"{_GOING}{run_id}"
                _rename(run_folder.path(run_id, runs), going)
                _remove(going)
        plan.runs += found.runs
        plan.folders += found.folders
    return plan


def _chosen(choice: Choice, plan: Plan, runs: Path) -> dict[str, list[RunRecord]]:
    """The runs that may go, by model; a model that is named is there without any, too."""
    found: dict[str, list[RunRecord]] = {choice.model: []} if choice.model else {}
    for record in _meant(choice, runs):
        reason = _reason_to_stay(record, runs)
        if reason and choice.ids:
            raise RunError(f"The run {record.id} stays: it {reason}", "Nothing was deleted.")
        if reason:
            plan.kept.append((record.id, reason))
        elif isinstance(record, RunRecord):
            found.setdefault(record.model, []).append(record)
    return found


def _meant(choice: Choice, runs: Path) -> Iterator[RunRecord | UnreadableRecord]:
    if choice.ids:
        yield from (run_record.read(one, runs) for one in choice.ids)
        return
    if choice.older_than is None and not choice.archived:
        return
    for record in run_record.latest_first(runs):
        model = record.model if isinstance(record, RunRecord) else run_folder.model_of(record.id)
        if choice.model not in (None, model):
            continue
        if choice.archived and not run_notes.is_archived(record.id, runs):
            continue
        if choice.older_than is not None and not _is_older(record, choice.older_than):
            continue
        yield record


def _is_older(record: RunRecord | UnreadableRecord, age: timedelta) -> bool:
    """Whether it ended so long ago; of one that cannot be read nobody knows."""
    if isinstance(record, UnreadableRecord):
        return False
    return run_record.now() - (record.finished or record.started) > age


def _reason_to_stay(record: RunRecord | UnreadableRecord, runs: Path) -> str:
    """Why a run must not go, as the end of a sentence; empty if it may."""
    if isinstance(record, UnreadableRecord):
        return "cannot be read, so that nobody knows what it pushed"
    if liveness.status(record, runs) == "running":
        return "is going"
    pushed = record.pushed_version is not None or record.status == "pushed"
    if pushed or (record.pushing and Path(record.pushing).exists()):
        return f"pushed version {record.pushed_version or Path(record.pushing or '').name}"
    return "is blessed" if record.blessed else ""


def _find(model: str, gone: Sequence[RunRecord], plan: Plan, runs: Path) -> Plan:
    """With the model's lock."""
    ids = {record.id for record in gone}
    plan.runs += [(one, artifacts.size(run_folder.path(one, runs))) for one in sorted(ids)]
    database = runs / model / metadata_db.FILE
    if database.exists():
        store = metadata_db.opened(database)
        kept = set(run_folder.latest_first(runs)) - ids
        plan.folders += artifacts.unneeded(runs / model, store, kept)
    return plan


def _rename(folder: Path, to: Path) -> None:
    try:
        folder.rename(to)
    except OSError as error:
        raise _refusal(folder, error) from error


def _remove(folder: Path) -> None:
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise _refusal(folder, error) from error


def _refusal(folder: Path, error: OSError) -> RunError:
    return RunError(
        f"{formatting.path(folder)} cannot be removed",
        f"Received: {error.strerror}: {error.filename}.",
        "Make it writable, and delete again: what is gone already does no harm.",
    )
