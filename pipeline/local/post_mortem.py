"""What became of a run whose process ended without saying so: its end, and why, in words."""

from __future__ import annotations

import contextlib
import re
import signal
from pathlib import Path

from models.common.errors import RunError
from pipeline.config import project
from pipeline.local import lock
from pipeline.record import liveness, run_folder, run_record
from pipeline.record.run_record import Failure, RunRecord, UnreadableRecord
from pipeline.show import report

_TAIL = 64 * 1024
"""Bytes of the log's end that are looked at."""
_LINES = 8

# Progress reports of TensorFlow, absl and Python's logging: never the cause of an end.
_NOISE = re.compile(r"^(\d{4}-\d\d-\d\d .*: [IW] |[IW]\d{4} |INFO|DEBUG|WARNING|\s*$)")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|[\x00-\x08\x0b-\x1f\x7f]")
_TRACEBACK = "Traceback (most recent call last):"

_SIGNALS = {
    signal.SIGKILL: (
        "The system ends a process so when memory runs out; otherwise somebody did.",
        "Free some memory, or make the run smaller, for example with --set training.batch_size=32, "
        "and run again.",
    ),
    signal.SIGTERM: ("Somebody, or the system shutting down, asked it to end.", "Run again."),
    signal.SIGILL: (
        "This processor lacks an instruction that a library was compiled for, as a rule AVX.",
        "Use a machine whose processor has AVX; TensorFlow's packages need it.",
    ),
}
_CRASH = ("A library crashed; the log's end may name it.", "Run again; if it stays, read the log.")


def explain(exit_status: int, log: Path, node: str | None) -> Failure:
    """Says why a process ended that recorded no result.

    Args:
        exit_status: As `subprocess` gives it: negative for a signal.
        log: What the process printed.
        node: The node that was running.
    """
    last = "\n".join(last_lines(log))
    if exit_status < 0:
        name, (cause, remedy) = _signal(-exit_status)
        headline = f"The run's process was killed by {name}"
        detail = f"{cause}\nThe log ends with:\n{last}" if last else cause
        return Failure(node=node, headline=headline, detail=detail, remedy=remedy)
    remedy = "Read the log for what came before it."
    if "ModuleNotFoundError" in last or "ImportError" in last:
        remedy = "Install the locked packages again: make setup."
    return Failure(
        node=node,
        headline=f"The run's process ended with exit status {exit_status} and recorded no result",
        detail=last or "It printed nothing.",
        remedy=remedy,
    )


def of_second_process(exit_status: int) -> RunError:
    """Says why the process ended that ran a node beside others.

    Args:
        exit_status: As `subprocess` gives it: negative for a signal.
    """
    if exit_status < 0:
        name, (cause, remedy) = _signal(-exit_status)
        return RunError(f"The run's second process was killed by {name}", cause, remedy)
    return RunError(
        f"The run's second process ended with exit status {exit_status}",
        "It was running a node beside others.",
        "Read the log for what came before it.",
    )


def settle_last(model: str, runs: Path = project.RUNS) -> None:
    """Gives a model's last run its end, if its processes are gone and have recorded none.

    Where that is not possible, the record stays as it is.
    """
    last = next(run_record.of_model(model, runs), None)
    if last is not None:
        _settle(last, runs)


def take_note_of_push(record: RunRecord | UnreadableRecord, runs: Path = project.RUNS) -> None:
    """Gives a run its end that died when its version was there already: it is pushed."""
    if isinstance(record, RunRecord) and record.pushing and Path(record.pushing).is_dir():
        _settle(record, runs)


def _settle(record: RunRecord, runs: Path) -> None:
    if liveness.status(record, runs) != "died":
        return
    with contextlib.suppress(RunError), lock.no_run(record.model, runs):
        # Nobody else runs the model now, but somebody may have recorded the end just before.
        present = run_record.read(record.id, runs)
        if liveness.status(present, runs) != "died":
            return
        record.break_off("failed", _unexplained(record, runs))
        record.died = True
        run_record.write(record, runs)
        report.write_if_possible(record, runs)


def _unexplained(record: RunRecord, runs: Path) -> Failure:
    """The end of a run when nobody was there to see it."""
    last = "\n".join(last_lines(run_folder.path(record.id, runs) / run_folder.LOG))
    return Failure(
        node=record.running_node,
        headline="The run's process died without recording an end",
        detail=f"The log ends with:\n{last}" if last else "It printed nothing.",
        remedy="Go on with --resume; what was finished is not repeated.",
    )


def last_lines(log: Path) -> list[str]:
    """The log's end without progress reports; of a traceback, the exception and what follows."""
    try:
        with log.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _TAIL))
            text = file.read().decode("utf-8", errors="replace")
    except OSError:
        return []
    lines = [_CONTROL.sub("", line).rstrip() for line in text.split("\n")]
    if _TRACEBACK in lines:
        start = len(lines) - lines[::-1].index(_TRACEBACK)
        lines = [*_exception(lines[start:])]
        return lines[:_LINES]
    return [line for line in lines if not _NOISE.match(line)][-_LINES:]


def _exception(lines: list[str]) -> list[str]:
    """What follows a traceback's stack, which is indented."""
    for index, line in enumerate(lines):
        if line and not line.startswith(" "):
            return [line for line in lines[index:] if not _NOISE.match(line)]
    return [line for line in lines if line][-_LINES:]


def _signal(number: int) -> tuple[str, tuple[str, str]]:
    try:
        found = signal.Signals(number)
    except ValueError:
        return f"signal {number}", _CRASH
    return found.name, _SIGNALS.get(found, _CRASH)
