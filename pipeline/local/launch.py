"""Starts a run in a process of its own, follows its record, and sees to it that the record ends.

The process that runs the pipeline imports TFX, which takes seconds and prints a great deal; this
side imports neither, so that mistakes are told at once, and keeps that output in the run's log.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from models.common.errors import RunError
from pipeline import nodes, tracking
from pipeline.config import loading, project
from pipeline.local import lock, post_mortem, run_folder
from pipeline.local.resume import resumption
from pipeline.record import run_record
from pipeline.record.run_record import LOG, RunRecord
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
    process: subprocess.Popen[bytes]
    runs: Path
    tracker: subprocess.Popen[bytes] | None = None
    notices: Sequence[str] = ()
    """What to tell before anything else."""
    warning: str | None = None
    """What went wrong at its end without changing it."""
    _written: tuple[int, int] | None = None

    @property
    def folder(self) -> Path:
        """The run folder."""
        return run_record.run_folder(self.record.id, self.runs)

    @property
    def log(self) -> Path:
        """What TFX, TensorFlow and the model's code print."""
        return self.folder / LOG

    def refresh(self) -> RunRecord:
        """Reads the record if it has changed; if it cannot be read, the last state stands."""
        with contextlib.suppress(RunError, OSError):
            status = (self.folder / "run.json").stat()
            written = (status.st_ino, status.st_mtime_ns)  # Each writing makes a new file.
            if written != self._written:
                self.record = run_record.read(self.record.id, self.runs)
                self._written = written
        return self.record


def start(
    model: str,
    overrides: Sequence[str] = (),
    no_cache: Sequence[str] = (),
    *,
    resume: bool = False,
    root: Path = project.ROOT,
    runs: Path = project.RUNS,
    command: Sequence[str] | None = None,
) -> Run:
    """Checks all that can be checked beforehand, then starts the run's process.

    Args:
        model: Name of a folder under `models/`.
        overrides: `key=value` settings for this run.
        no_cache: Nodes to run whatever the cache has, with all that follow from them.
        resume: Whether to go on with the model's last run, with the settings that it had.
        root: The project's root.
        runs: The folder of all runs.
        command: What runs the pipeline, COMMAND by default. It finds the run's id in PIPELINE_RUN
            and its config in PIPELINE_CONFIG.

    Raises:
        ProjectError: A mistake was found; nothing ran and nothing was written.
    """
    config = loading.load(model, overrides, root)
    no_cache = nodes.select(no_cache, nodes.of_model(model, config, root))
    resumed = resumption(model, root, runs) if resume else None
    if resumed:
        config, overrides, no_cache = resumed.config, resumed.overrides, resumed.no_cache
    # It reads data, so its imports wait until the config is right.
    from pipeline.config import preflight

    preflight.check(model, config, root)
    record = run_record.new(model, config, overrides, root, no_cache)
    record.resumed = resumed.run if resumed else None
    with lock.held(record, runs) as held:
        tracker = run_folder.open_for(record, root, runs)
        process = _spawn(command or COMMAND, record, root, runs, held.fileno())
    return Run(record, process, runs, tracker, resumed.notices if resumed else ())


def follow(run: Run, watcher: Watcher, *, grace: float = GRACE) -> RunRecord:
    """Shows the run to the watcher until it ends, and returns how it ended.

    Ctrl-C (and SIGTERM, and a closed terminal) interrupts the run and marks it as interrupted. A
    process that ends without having recorded a result is recorded as failed, with the cause.
    """
    interrupted = False
    try:
        with _signals_interrupt():
            try:
                _watch(run, watcher)
            except KeyboardInterrupt:
                interrupted = True
                watcher.notice("interrupting; press Ctrl-C again to kill")
                _interrupt(run, watcher, grace)
    except BaseException:
        # The watcher broke or the user insisted: nothing may run on without anybody watching.
        _signal_group(run, signal.SIGKILL)
        run.process.wait()
        _settle(run, interrupted=True)
        if not interrupted:
            raise
    record = _settle(run, interrupted=interrupted)
    watcher.update(record)
    for warning in (run.warning, tracking.finish(run.tracker, run.folder)):
        if warning:
            watcher.notice(warning)
    return record


def _spawn(
    command: Sequence[str], record: RunRecord, root: Path, runs: Path, lock_file: int
) -> subprocess.Popen[bytes]:
    """Starts the run's process, which gets the open lock file."""
    folder = run_record.run_folder(record.id, runs)
    # The config is not read from the record, where secrets are hidden.
    task = {"PIPELINE_RUN": record.id, "PIPELINE_CONFIG": record.config.model_dump_json()}
    try:
        with (folder / LOG).open("wb") as output:
            return subprocess.Popen(
                command,
                cwd=root,
                env={**os.environ, **task, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[lock_file],
                # A session of its own: the terminal's Ctrl-C reaches this process alone, which
                # passes it on, and a signal to the group reaches the processes that the run starts.
                start_new_session=True,
                preexec_fn=_end_with_parent(),
            )
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise RunError(
            f"The run's process could not be started: {error.strerror}",
            f"Command: {' '.join(command)}.",
            "Install the locked packages again (make setup), or free memory and processes.",
        ) from error


def _end_with_parent() -> Callable[[], None]:
    """What the new process does first: ask to be interrupted when this one dies.

    A shell's background job ignores SIGINT and its children inherit that, so it is undone as well.
    """
    set_parent_death_signal = 1
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None

    def first() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if libc is not None:
            libc.prctl(set_parent_death_signal, signal.SIGINT)

    return first


def _watch(run: Run, watcher: Watcher) -> None:
    """Polls until the process has ended; one that lingers after its run's end is ended."""
    ended: float | None = None
    while run.process.poll() is None:
        watcher.update(run.refresh())
        if run.record.status != "running":
            ended = ended or time.monotonic()
            if time.monotonic() - ended > _LINGER:
                _signal_group(run, signal.SIGKILL)
        time.sleep(_POLL)
    run.refresh()


def _interrupt(run: Run, watcher: Watcher, grace: float) -> None:
    """Asks the run to end, then insists; another Ctrl-C meanwhile raises KeyboardInterrupt."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        _signal_group(run, number)
        deadline = time.monotonic() + grace
        while time.monotonic() < deadline:
            if run.process.poll() is not None:
                return
            watcher.update(run.refresh())
            time.sleep(_POLL)


def _settle(run: Run, *, interrupted: bool) -> RunRecord:
    """Gives a record that its process left unfinished its end, and ends what it left behind."""
    record = run.refresh()
    # An interruption often surfaces as a failure of whichever node it hit.
    if record.status != "running" and not (interrupted and record.status == "failed"):
        if not (run.folder / report.FILE).exists():
            run.warning = report.write_if_possible(record, run.runs)
        return record
    _signal_group(run, signal.SIGKILL)
    running = next((node for node in record.nodes if node.status == "running"), None)
    if running is not None:
        running.status = "failed"
        if running.started is not None:
            running.seconds = (run_record.now() - running.started).total_seconds()
    if interrupted:
        record.failure = None
        record.finish("interrupted")
    else:
        name = running.name if running else None
        record.failure = post_mortem.explain(run.process.returncode, run.log, name)
        record.finish("failed")
    run.warning = report.write_if_possible(record, run.runs)
    run_record.write(record, run.runs)
    return record


def _signal_group(run: Run, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(run.process.pid, number)


@contextlib.contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Makes SIGTERM and a closed terminal end a run as Ctrl-C does, unless they are ignored."""
    before = {}
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            before[number] = signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
