"""One watcher for a model: a lock that the system takes back however its holder ends."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path

from monitoring.core.errors import MonitoringError


@contextlib.contextmanager
def held(path: Path, model: str) -> Iterator[None]:
    """Holds a model's lock.

    Args:
        path: The lock's file, which says who holds it.
        model: The model, for the error.

    Raises:
        MonitoringError: Another watcher has it, or the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise _unusable(path, error) from error
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(file, 4096, 0).decode(errors="replace").strip()
            raise MonitoringError(
                f"'{model}' is being watched already",
                f"{path} is held by {_words(holder)}.",
                "Stop that one, or leave it to it.",
            ) from error
        me = {
            "process": os.getpid(),
            "host": socket.gethostname(),
            "since": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        }
        try:
            os.ftruncate(file, 0)
            os.pwrite(file, json.dumps(me).encode() + b"\n", 0)
        except OSError as error:
            raise _unusable(path, error) from error
        yield
    finally:
        os.close(file)


def _words(holder: str) -> str:
    try:
        found = json.loads(holder)
        return f"process {found['process']} on {found['host']}, since {found['since']}"
    except (ValueError, KeyError, TypeError):
        return "another process"


def _unusable(path: Path, error: OSError) -> MonitoringError:
    return MonitoringError(
        f"{path} cannot be written",
        f"Received: {error.strerror or error}.",
        "Make the folder writable, or free some space.",
    )
