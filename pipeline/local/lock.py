"""One run of a model at a time.

The lock belongs to the process that runs the pipeline, and the system takes it away when that
process ends, however it ends: a run that was killed never keeps another one waiting. The lock
file's content is not needed for that; it says who is to be named to those who come too late.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from models.common.errors import RunError
from models.common.files import regular_file
from pipeline.config import project
from pipeline.local.holders import holders
from pipeline.record import run_record
from pipeline.record.atomic_file import make_folder
from pipeline.record.run_record import RunRecord
from pipeline.show import formatting


@contextlib.contextmanager
def held(record: RunRecord, runs: Path = project.RUNS) -> Iterator[IO[str]]:
    """Keeps other runs of the model from starting.

    A process that is started meanwhile and given the open file has the lock too, and keeps it
    after this has let go of it.

    Args:
        record: The run that takes the lock.
        runs: The folder of all runs, which is made if need be.

    Raises:
        RunError: Another run of the model is going.
    """
    with _held(record.model, record.id, runs) as file:
        yield file


@contextlib.contextmanager
def no_run(model: str, runs: Path = project.RUNS) -> Iterator[None]:
    """Keeps runs of a model from starting while something else is done with it.

    Raises:
        RunError: A run of the model is going.
    """
    with _held(model, "", runs):
        yield


@contextlib.contextmanager
def _held(model: str, holder: str, runs: Path) -> Iterator[IO[str]]:
    path = runs / f"{model}.lock"
    with _opened(path) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _refusal(model, path.read_text(encoding="utf-8"), runs) from None
        # It says who has the lock; a disk that is too full for that changes nothing of it.
        with contextlib.suppress(OSError):
            os.truncate(file.fileno(), 0)
            os.write(file.fileno(), holder.encode())
        yield file


def _opened(path: Path) -> IO[str]:
    try:
        make_folder(path.parent, private=True)
        with contextlib.suppress(FileNotFoundError):
            regular_file.check(path)
        return path.open("a", encoding="utf-8")
    except OSError as error:
        raise RunError(
            f"{path} cannot be written",
            f"Received: {error.strerror}.",
            "Make the folder writable, free some space, or remove what stands in the file's place.",
        ) from error


def _refusal(model: str, holder: str, runs: Path) -> RunError:
    headline = f"Another run of '{model}' is going"
    having = " and ".join(holders(runs / f"{model}.lock"))
    try:
        other = run_record.read(holder, runs)
    except RunError:  # It has the lock and not yet a record, or is no run.
        who = f"It has only just started. The lock is held by {having}." if having else ""
        return RunError(headline, who or "It has only just started.", "Wait for its end.")
    if other.status != "running":
        return RunError(
            f"'{model}' is still locked by what the run {holder} has started",
            f"The run has ended. The lock is held by {having or 'a process of another user'}.",
            "Wait for the end of these processes, or end them: kill PROCESS",
        )
    who = f"process {other.process}, " if other.process else ""
    look = formatting.command(f"show {holder}")
    return RunError(
        f"{headline}: {holder}",
        f"Its {who}has run for {formatting.duration(other.seconds, exact=False)}.",
        f"Wait for its end; {look} shows how far it is."
        + (f" Or end it: kill -INT {other.process}" if other.process else ""),
    )
