"""Records a run in which nothing has changed, without running anything.

What is believed is checked: the inputs by content, ML Metadata by its file's content, and each
artifact and the pushed version as the cache would check them.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from components.content import artifact, files
from models.common.errors import RunError
from pipeline import nodes, tracking
from pipeline.config import project
from pipeline.config.model_config import ModelConfig
from pipeline.local import lock, new_run_folder
from pipeline.local.unchanged import inputs, repetition
from pipeline.local.unchanged.repetition import Repetition
from pipeline.record import run_details, run_folder, run_record
from pipeline.record.atomic_file import write_whole
from pipeline.record.run_record import RunRecord
from pipeline.show import report
from pipeline.show.report.drawings import Drawings
from pipeline.tracking import offline_record
from pipeline.tracking.neptune_fields import take

DATABASE = "metadata.db"
_RESULTS = (
    *("data", "rows", "anomalies", "warnings", "hyperparameters", "trained", "metrics"),
    *("baseline", "yardstick", "blessed", "refusals", "pushed_version", "pushed_to"),
)
"""The keys of a record that say what came out; the others are each run's own."""


@dataclass(frozen=True)
class Basis:
    """What a run that is about to start depends on."""

    model: str
    config: ModelConfig
    root: Path
    runs: Path
    inputs: Mapping[str, str] | None
    """None: not all can be told."""

    @classmethod
    def of(
        cls, model: str, config: ModelConfig, root: Path = project.ROOT, runs: Path = project.RUNS
    ) -> Basis:
        """What a run of the model depends on now."""
        return cls(model, config, root, runs, inputs.of(model, config, root))

    def confirm(self, run: str, notices: Sequence[str]) -> None:
        """Lets the next run repeat a pushed run of which this was the basis, if it still is.

        Whatever was edited while the run went on is not known to be what it has used.

        Args:
            run: The run's id; it has ended.
            notices: What was told of the data when it started.
        """
        with contextlib.suppress(RunError, OSError), lock.no_run(self.model, self.runs):
            found = repetition.read(self.model, self.runs)
            if found is None or found.run != run:
                return
            if self.inputs is None or self.inputs != inputs.of(self.model, self.config, self.root):
                repetition.forget(self.model, self.runs)
                return
            found.inputs, found.notices = dict(self.inputs), list(notices)
            found.database = _content_of_database(self.model, self.runs)
            repetition.write(found, self.runs)


def find(record: RunRecord, basis: Basis) -> Repetition | None:
    """What a run records that is about to start, if it has nothing to do.

    Only who has the model's lock may ask.

    Args:
        record: The new run's record.
        basis: What it depends on.

    Returns:
        None where something has changed, or not all is known to be as it was.
    """
    if record.no_cache or record.to or record.resumed or record.verify or basis.inputs is None:
        return None
    found = repetition.read(record.model, basis.runs)
    if found is None or found.inputs != basis.inputs or not _is_last(found, record, basis.runs):
        return None
    with contextlib.suppress(OSError):
        present = _content_of_database(record.model, basis.runs)
        if present and present == found.database and _is_whole(found):
            return found if _is_writable(found, basis.runs) else None
    return None


def record_again(
    record: RunRecord, found: Repetition, basis: Basis, environment: Mapping[str, str]
) -> tracking.Tracker | None:
    """Records the run, its details, its report and its Neptune record, as it would have gone.

    Only who has the model's lock may do this.

    Args:
        record: The new run's record, which is completed.
        found: What `find` found.
        basis: What the run depends on.
        environment: Environment variables of the tracker.

    Raises:
        RunError: The run folder cannot be written.
    """
    runs, last = basis.runs, found.run
    new_run_folder.write(record, basis.root, runs)
    folder = run_folder.path(record.id, runs)
    told = f"Nothing has changed since {last}: all results are of then, and no node was run.\n"
    write_whole(folder / run_folder.LOG, told, private=True)
    details = found.details.model_copy(update={"run": record.id, "drift_from": last})
    run_details.write(details, runs, run_record.redactor(record))
    for key in _RESULTS:
        setattr(record, key, getattr(found.record, key))
    for node in record.nodes:
        node.started, node.seconds = record.started, 0.0
        node.why = nodes.SPECS[node.name].reason_to_run
        node.status = "done" if node.why else "cached"
    record.complete()
    run_record.write(record, runs)
    found.run = record.id
    with contextlib.suppress(RunError):  # Then the next run is of the ordinary kind.
        repetition.write(found, runs)
    report.write_if_possible(record, runs, Drawings(found.charts))
    return _track(record, details, folder, basis.root, environment)


def _track(
    record: RunRecord,
    details: run_details.RunDetails,
    folder: Path,
    root: Path,
    environment: Mapping[str, str],
) -> tracking.Tracker | None:
    """Only what goes to a server needs Neptune's client, and a process for it."""
    if environment.get(tracking.MODE) == tracking.DISABLED:
        return None
    if environment.get(tracking.TOKEN):
        return tracking.start(folder, root, environment)
    try:
        snapshot = take(record, details, folder)
        offline_record.write(record.id, record.model, snapshot, folder, failed=False)
    except (OSError, RunError) as error:
        return tracking.Tracker(folder, None, f"The run was not tracked: {error}")
    return None


def _is_last(found: Repetition, record: RunRecord, runs: Path) -> bool:
    """Whether it is of the run that the new one would measure the data's drift from."""
    for earlier in run_record.of_model(record.model, runs):
        if (run_folder.path(earlier.id, runs) / run_folder.DETAILS).exists():
            return earlier.id == found.run and earlier.started < record.started
    return False


def _is_whole(found: Repetition) -> bool:
    """Whether artifacts and pushed version hold what they did; touched files are read."""
    pushed = found.record.pushed_to
    return (
        pushed is not None
        and artifact.is_as_described(pushed, found.version)
        and not any(artifact.damage(uri, content) for uri, content in found.artifacts.items())
    )


def _is_writable(found: Repetition, runs: Path) -> bool:
    """Whether the ordinary way would find the folders that it writes to; else it tells."""
    folders = (runs, runs / found.record.model, Path(found.record.pushed_to or "").parent)
    return all(folder.is_dir() and os.access(folder, os.W_OK | os.X_OK) for folder in folders)


def _content_of_database(model: str, runs: Path) -> str | None:
    """ML Metadata's content; None where a transaction was broken off, which undoes itself."""
    path = runs / model / DATABASE
    if any(path.with_name(f"{DATABASE}{part}").exists() for part in ("-journal", "-wal")):
        return None
    return files.sha256(str(path))[1]
