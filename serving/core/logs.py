"""The server's log: one JSON object a line, to stderr."""

from __future__ import annotations

import datetime
import functools
import json
import logging
import sys
import threading
from typing import Any

from serving.core import redaction
from serving.core.errors import Code, ServingError
from serving.core.redaction import Redactor

_LOCK = threading.Lock()
_SECRETS: set[str] = set()
_OF_ALL: dict[str, Any] = {}


def hide(secret: str) -> None:
    """Keeps a secret that no environment variable has, such as the server's token, from the log."""
    _SECRETS.add(secret)
    redactor.cache_clear()


def add_to_all(**fields: Any) -> None:
    """Has every line say more, such as which of several processes writes it."""
    _OF_ALL.update(fields)


@functools.cache
def redactor() -> Redactor:
    """What hides secrets in all that the server tells."""
    return Redactor([*redaction.redactor().values, *_SECRETS])


def event(name: str, /, level: str = "info", **fields: Any) -> None:
    """Writes a line: when, what, and its fields."""
    time = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    told = json.loads(json.dumps(fields, default=str))
    line = json.dumps(
        {"time": time, "level": level, "event": name, **_OF_ALL, **redactor().tree(told)}
    )
    with _LOCK:
        # In one piece: other processes of the server write lines as well.
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def failure(error: Exception, **fields: Any) -> ServingError:
    """Writes what a request failed with unexpectedly, and gives what its client may know of it."""
    event("request failed", "error", **fields, error=f"{type(error).__name__}: {error}")
    return ServingError(Code.INTERNAL, "The server failed; its log says more")


def capture() -> None:
    """Sends what libraries log, warnings and worse, here as well."""
    logging.basicConfig(handlers=[_Lines()], level=logging.WARNING, force=True)
    logging.getLogger("tensorflow").setLevel(logging.ERROR)


class _Lines(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        event("library", record.levelname.lower(), logger=record.name, text=record.getMessage())
