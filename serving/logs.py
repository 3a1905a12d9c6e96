"""The server's log: one JSON object a line, to stderr."""

from __future__ import annotations

import datetime
import json
import sys
import threading
from typing import Any

_LOCK = threading.Lock()


def event(name: str, /, level: str = "info", **fields: Any) -> None:
    """Writes a line: when, what, and its fields."""
    time = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds")
    line = json.dumps({"time": time, "level": level, "event": name, **fields}, default=str)
    with _LOCK:
        print(line, file=sys.stderr, flush=True)
