"""Starts a run in a process of its own, follows its record, and sees to it that the record ends.

The process that runs the pipeline imports TFX, which takes seconds and prints a great deal; this
side imports nothing of it, so that mistakes are told at once, and keeps that output in the run's
log. Both go on at once: while the process imports, this side checks the model and the data.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from models.common.errors import MISTAKE, RunError
from pipeline import nodes, tracking
from pipeline.config import loading, project
from pipeline.local import child_process, handover, lock, new_run_folder, post_mortem
from pipeline.local.child_process import Waiting
from pipeline.local.resume import left_out, resumption
from pipeline.local.unchanged import repeat, repetition
from pipeline.local.unchanged.repeat import Basis
from pipeline.record import filtered_log, provenance, run_folder, run_record
from pipeline.record.atomic_file import Revision, revision
from pipeline.record.run_record import Failure, RunRecord
from pipeline.show import report

COMMAND: Sequence[str] = (sys.executable, "-m", "pipeline.local_runner")
GRACE = 10.0
"""Seconds that an interrupted run has to end by itself before it is asked more firmly."""
_POLL = 0.1
_LINGER = 30.0
"""Seconds that a process may go on after it has recorded the run's end."""


class Watcher(Protocol):
    """What is told how a run comes along."""

    def update(self, record: RunRecord) -> None:
        """Takes the run's latest state."""

    def notice(self, text: str) -> None:
        """Tells something beside the nodes' states."""


@dataclass
class Run:
    """A run that has been started."""

    record: RunRecord
    """Its state when it was last looked at."""
    started: subprocess.Popen[bytes] | None
    """Its process; None where there was nothing to do."""
    runs: Path
    tracker: tracking.Tracker | None = None
    notices: Sequence[str] = ()
    """What to tell before anything else."""
    warning: str | None = None
    """What went wrong at its end without changing it."""
    basis: Basis | None = None
    """What it depends on; None where the next run need not know."""
    about_data: Sequence[str] = ()
    """What was told of the data."""
    _read: Revision | None = None
    """The revision of the record's file that `record` is of."""

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """Its process, of a run that has one."""
        assert self.started is not None, "there was nothing to do"
        return self.started

    @property
    def folder(self) -> Path:
        """The run folder."""
        return run_folder.path(self.record.id, self.runs)

    @property
    def log(self) -> Path:
        """What TFX, TensorFlow and the model's code print."""
        return self.folder / run_folder.LOG

    @property
    def exit_status(self) -> int:
        """The exit status that tells how the run ended."""
        # Some mistakes, such as an unknown metric, only the run's own process can see.
        if self.started and self.started.returncode == MISTAKE and self.record.is_mistake:
            return MISTAKE
        return run_record.EXIT_CODES[self.record.status]

    def refresh(self) -> RunRecord:
        """Reads the record if it has changed; if it cannot be read, the last state stands."""
        found = revision(self.folder / run_folder.RECORD)
        if found != self._read:
            with contextlib.suppress(RunError):
                self.record = run_record.read(self.record.id, self.runs)
                self._read = found
        return self.record


def start(
    model: str,
    overrides: Sequence[str] = (),
    no_cache: Sequence[str] = (),
    *,
    resume: bool = False,
    to: str | None = None,
    verify: bool = False,
    root: Path = project.ROOT,
    runs: Path = project.RUNS,
    command: Sequence[str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> Run:
    """Checks all that can be checked beforehand, then starts the run's process.

    Args:
        model: Name of a folder under `models/`.
        overrides: `key=value` settings for this run; none where `resume` is given.
        no_cache: Nodes to run whatever the cache has, with all that follow from them; none where
            `resume` is given.
        resume: Whether to go on with the model's last run, with the settings that it had. What
            `config.yaml` has become since makes no difference.
        to: The last node to run, with all that it needs; None: all nodes, or where `resume` is
            given, those that the last run was to run.
        verify: Whether to read all that comes from the cache, files that look untouched too.
        root: The project's root.
        runs: The folder of all runs.
        command: What runs the pipeline, COMMAND by default. It finds the run's id in PIPELINE_RUN
            and its config in PIPELINE_CONFIG.
        environment: Environment variables for the run's process and its tracker, beside those of
            this process.

    Raises:
        ProjectError: A mistake was found; nothing ran and nothing was written.
    """
    post_mortem.settle_last(model, runs)
    record, about_last = _prepare(model, overrides, no_cache, resume, to, root, runs)
    record.verify = verify
    variables = {**os.environ, **(environment or {})}
    basis = Basis.of(model, record.config, root, runs) if command is None else None
    if basis and (repeated := _repeat(record, basis, about_last, variables)):
        return repeated
    # Before the process imports any of it, so that a change in between is seen.
    record.code = provenance.code(model, root)
    with _starting(command or COMMAND, record, root, variables) as waiting:
        about_data = _check(record, root)
        with lock.held(record, runs) as held:
            try:
                tracker = new_run_folder.create(record, root, runs, variables)
                process = _go_on(waiting, command or COMMAND, record, runs, held.fileno())
            except KeyboardInterrupt:
                _record_interruption(record, runs)
                raise
    notices = [*about_last, *about_data]
    return Run(record, process, runs, tracker, notices, basis=basis, about_data=about_data)


def _repeat(
    record: RunRecord, basis: Basis, about_last: Sequence[str], variables: Mapping[str, str]
) -> Run | None:
    """Records the run at once where it has nothing to do; None where it has, or may have."""
    if not repetition.exists(record.model, basis.runs):
        return None  # Without a lock: where a mistake is found, nothing has been written.
    with lock.held(record, basis.runs):
        found = repeat.find(record, basis)
        if found is None:
            return None
        try:
            tracker = repeat.record_again(record, found, basis, variables)
        except KeyboardInterrupt:
            _record_interruption(record, basis.runs)
            raise
        except RunError as error:  # Such as of a full disk.
            if not _has_record(record, basis.runs):
                raise
            record.break_off("failed", Failure.of(error))
            with contextlib.suppress(RunError):
                run_record.write(record, basis.runs)
            tracker = None
    return Run(record, None, basis.runs, tracker, [*about_last, *found.notices])


def follow(run: Run, watcher: Watcher, *, grace: float = GRACE) -> RunRecord:
    """Shows the run to the watcher until it ends, and returns how it ended.

    Ctrl-C (and SIGTERM, and a closed terminal) interrupts the run and marks it as interrupted. A
    process that ends without having recorded a result is recorded as failed, with the cause.
    """
    if run.started is None:
        watcher.update(run.record)
        _finish_tracker(run, watcher)
        return run.record
    interrupted = False
    with child_process.signals_interrupt():
        try:
            try:
                _watch(run, watcher)
            except KeyboardInterrupt:
                interrupted = True
                watcher.notice("interrupting; press Ctrl-C again to kill")
                _interrupt(run, watcher, grace)
        except BaseException:
            # The watcher broke or the user insisted: nothing may run on without anybody watching.
            child_process.signal_group(run.process, signal.SIGKILL)
            run.process.wait()
            _complete_record(run, interrupted=True)
            if not interrupted:
                raise
        record = _complete_record(run, interrupted=interrupted)
        watcher.update(record)
        with contextlib.suppress(KeyboardInterrupt):  # Whatever comes now, the run has ended.
            if run.basis and record.status == "pushed":
                run.basis.confirm(record.id, run.about_data)
            _finish_tracker(run, watcher)
    return record


def _finish_tracker(run: Run, watcher: Watcher) -> None:
    for warning in (run.warning, run.tracker.finish() if run.tracker else None):
        if warning:
            watcher.notice(warning)


def _prepare(
    model: str,
    overrides: Sequence[str],
    no_cache: Sequence[str],
    resume: bool,
    to: str | None,
    root: Path,
    runs: Path,
) -> tuple[RunRecord, Sequence[str]]:
    """The record of the run that is to start, and what to tell about the one before."""
    resumed = resumption(model, root, runs) if resume else None
    if resumed:
        config, overrides, no_cache = resumed.config, resumed.overrides, resumed.no_cache
        to = to or resumed.to
    else:
        config = loading.load(model, overrides, root)
        no_cache = nodes.select(no_cache, nodes.of_model(model, config, root))
    if to is not None:
        nodes.check(to, nodes.of_model(model, config, root))
    record = run_record.new(model, config, overrides, root, no_cache, to)
    record.resumed = resumed.run if resumed else None
    return record, resumed.notices if resumed else left_out(model, overrides, runs)


def _check(record: RunRecord, root: Path) -> Sequence[str]:
    """Checks the model's folder and its data; returns what is to be told of these."""
    # It reads data, so its imports wait until the config is right.
    from pipeline.config import preflight

    summary = preflight.check(record.model, record.config, root)
    told = preflight.notices(record.model, summary, root)
    return [*(summary.notices if summary else ()), *told]


@contextlib.contextmanager
def _starting(
    command: Sequence[str], record: RunRecord, root: Path, variables: Mapping[str, str]
) -> Iterator[Waiting]:
    """The run's process, which imports what it needs while this one prepares the run.

    It ends without a trace where anything is raised meanwhile.
    """
    with contextlib.ExitStack() as stack:
        try:
            waiting = stack.enter_context(
                child_process.started(
                    command,
                    folder=root,
                    environment={
                        **variables,
                        **handover.variables(record),
                        "PYTHONUNBUFFERED": "1",
                    },
                    hold_signals=True,
                )
            )
        except OSError as error:
            raise _not_started(command, error) from error
        yield waiting


def _go_on(
    waiting: Waiting, command: Sequence[str], record: RunRecord, runs: Path, lock_file: int
) -> subprocess.Popen[bytes]:
    """Hands the run, which has a record now, to its process."""
    folder = run_folder.path(record.id, runs)
    try:
        return waiting.go_on(folder / run_folder.LOG, lock_file, run_record.redactor(record))
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise _not_started(command, error) from error


def _not_started(command: Sequence[str], error: OSError) -> RunError:
    return RunError(
        f"The run's process could not be started: {error.strerror}",
        f"Command: {' '.join(command)}.",
        "Install the locked packages again (make setup), or free some memory or disk.",
    )


def _watch(run: Run, watcher: Watcher) -> None:
    """Polls until the process has ended; one that lingers after its run's end is ended."""
    ended: float | None = None
    while run.process.poll() is None:
        watcher.update(run.refresh())
        if run.record.status != "running":
            ended = ended or time.monotonic()
            if time.monotonic() - ended > _LINGER:
                child_process.signal_group(run.process, signal.SIGKILL)
        time.sleep(_POLL)
    run.refresh()


def _interrupt(run: Run, watcher: Watcher, grace: float) -> None:
    """Asks the run to end, then insists; another Ctrl-C meanwhile raises KeyboardInterrupt."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        child_process.signal_group(run.process, number)
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline:
            if run.process.poll() is not None:
                return
            watcher.update(run.refresh())
            time.sleep(_POLL)


def _complete_record(run: Run, *, interrupted: bool) -> RunRecord:
    """Gives a record that its process left unfinished its end, and ends what it left behind."""
    filtered_log.complete(run.log, 0.5)
    record = run.refresh()
    # An interruption often surfaces as a failure of whichever node it hit.
    if record.status == "running" or (interrupted and record.status == "failed"):
        child_process.signal_group(run.process, signal.SIGKILL)
        if interrupted:
            record.break_off("interrupted")
        else:
            filtered_log.complete(run.log)
            status, node = run.process.returncode, record.running_node
            record.break_off("failed", post_mortem.explain(status, run.log, node))
            record.died = True
        try:
            run_record.write(record, run.runs)
        except RunError as error:  # What is said here is true all the same.
            run.warning = f"The run's end is not in its record. {error}"
            return record
    elif (run.folder / run_folder.REPORT).exists():
        return record
    with contextlib.suppress(KeyboardInterrupt):
        run.warning = report.write_if_possible(record, run.runs)
    return record


def _record_interruption(record: RunRecord, runs: Path) -> None:
    """Records that a run was interrupted while it was being started, if it has a record."""
    if _has_record(record, runs):
        record.break_off("interrupted")
        with contextlib.suppress(RunError):
            run_record.write(record, runs)


def _has_record(record: RunRecord, runs: Path) -> bool:
    return (run_folder.path(record.id, runs) / run_folder.RECORD).exists()
