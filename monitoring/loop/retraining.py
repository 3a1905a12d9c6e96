"""A retraining: a process of its own, which outlives whoever has started it.

Its end is read from files. The lock is held by the process itself, so the system says whether it is
still there, whatever becomes of the watcher; the status is written whole when it has ended.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shlex
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from monitoring.core.errors import MonitoringError

KEPT = 20
"""Retrainings whose output is kept."""
_SCRIPT = """\
{{ {commands}; }} > {log} 2>&1 < /dev/null
echo $? > {status}.part && mv {status}.part {status}
"""


class Outcome(NamedTuple):
    """How a retraining has ended."""

    outcome: str
    """`pushed`, `nothing new`, `not blessed`, `anomalous data`, `mistake`, `failed`, `killed`."""
    text: str
    """In words."""
    version: int | None = None
    """That was pushed."""
    run: str | None = None
    """The run's id."""
    status: int | None = None
    """The exit status; None: it was killed."""


class Retraining:
    """A retraining's process, by its files.

    Args:
        folder: Where they are.
        name: Their name, the time at which it began.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self.log = folder / f"{name}.log"
        self._status = folder / f"{name}.status"
        self._lock = folder / f"{name}.lock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, commands: Sequence[Sequence[str]]) -> None:
        """Starts the commands, each if the one before it went well.

        Raises:
            MonitoringError: They cannot be started.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _remove_old(self._folder)
            lock = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o644)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX)
                script = _SCRIPT.format(
                    commands=" && ".join(map(shlex.join, commands)),
                    log=shlex.quote(str(self.log)),
                    status=shlex.quote(str(self._status)),
                )
                self._process = subprocess.Popen(
                    ["/bin/sh", "-c", script],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=(lock,),
                    start_new_session=True,
                )
            finally:
                os.close(lock)
        except OSError as error:
            raise MonitoringError(
                f"The retraining of {self.log} cannot be started",
                f"Received: {error.strerror or error}.",
                "Make the folder writable, or free some space.",
            ) from error

    def running(self) -> bool:
        """Whether it goes on."""
        if self._process is not None:
            self._process.poll()  # So that no dead process is left.
        if self.status() is not None:  # What it has left behind may still hold the lock.
            return False
        try:
            lock = os.open(self._lock, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def begun(self) -> bool:
        """Whether it was ever started: the log is the first that it writes."""
        return self._process is not None or self.log.exists() or self.running()

    def status(self) -> int | None:
        """The exit status; None: it goes on, or was killed."""
        try:
            return int(self._status.read_text())
        except (OSError, ValueError):
            return None


def outcome(
    status: int | None, runs: Path, model: str, last_run: int, last_version: int, log: Path
) -> Outcome:
    """How a retraining has ended, by its exit status and the run's record.

    Args:
        status: The exit status; None: it was killed.
        runs: The folder of the pipeline's runs.
        model: The model.
        last_run: The highest number of a run before it.
        last_version: The highest version before it.
        log: What it has printed.
    """
    record = next((each for each in _records(runs, model) if _number(each) > last_run), {})
    run = str(record["id"]) if "id" in record else None
    version = record.get("pushed_version")
    # Of a run that was killed at its very end, the record says whether the model was pushed.
    if record.get("status") == "pushed" and isinstance(version, int):
        if version > last_version:
            return Outcome("pushed", f"Version {version} was pushed.", version, run, status)
        text = (
            f"Nothing new to learn: the data is what version {version} was trained on. Set "
            "monitoring.export_labelled, or add data."
        )
        return Outcome("nothing new", text, version, run, status)
    name, text = {
        1: ("failed", "The pipeline failed."),
        2: ("mistake", "The pipeline found a mistake before it began."),
        3: ("not blessed", "The new model missed a bound, so it was not pushed."),
        4: ("anomalous data", "The data is anomalous, so nothing was trained."),
        None: ("killed", "The pipeline was killed."),
    }.get(status, ("failed", f"The pipeline ended with status {status}."))
    return Outcome(name, " ".join((text, _why(record), f"See {log}")), None, run, status)


def highest_run(runs: Path) -> int:
    """The highest number of any run; 0 where there is none."""
    return max(map(_number, _records(runs, None)), default=0)


def _records(runs: Path, model: str | None) -> Iterator[dict[str, Any]]:
    """The records of a model's runs (None: of all), the oldest first; the rest is passed over."""
    found = []
    for path in runs.glob("*/run.json"):
        with contextlib.suppress(OSError, ValueError, RecursionError):
            content = json.loads(path.read_bytes())
            if isinstance(content, dict) and model in (None, content.get("model")):
                found.append(content)
    yield from sorted(found, key=_number)


def _number(content: dict[str, Any]) -> int:
    number = content.get("number")
    return number if isinstance(number, int) else 0


def _why(content: dict[str, Any]) -> str:
    failure = content.get("failure")
    if isinstance(failure, dict) and failure.get("headline"):
        return f"{failure['headline']}."
    anomalies = [
        f"{each.get('feature')}: {each.get('headline')}"
        for each in content.get("anomalies") or ()
        if isinstance(each, dict) and each.get("severity") == "error"
    ]
    if anomalies:
        return f"{'; '.join(anomalies[:3])}."
    missed = [
        f"{each['metric']} of {each['slice']} is {each['value']}, bound {each['bound']}"
        for each in content.get("refusals") or ()
        if isinstance(each, dict) and each.keys() >= {"metric", "slice", "value", "bound"}
    ]
    return f"{'; '.join(missed[:3])}." if missed else ""


def _remove_old(folder: Path) -> None:
    for ending in ("log", "status", "lock"):
        for path in sorted(folder.glob(f"*.{ending}"))[:-KEPT]:
            with contextlib.suppress(OSError):
                path.unlink()
