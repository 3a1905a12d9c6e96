"""The watcher's own log: one JSON object a line, to stderr, as the model server writes its own."""

from __future__ import annotations

import functools
import json
import sys
import threading
from datetime import datetime, timezone
from typing import Any

from monitoring.core import redaction
from monitoring.core.redaction import Redactor

_LOCK = threading.Lock()


@functools.cache
def redactor() -> Redactor:
    """What hides secrets in all that the watcher tells."""
    return redaction.redactor()


def log(name: str, /, level: str = "info", **fields: Any) -> None:
    """Writes a line: when, what, and its fields."""
    time = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
    told = redactor().tree(json.loads(json.dumps(fields, default=str)))
    line = json.dumps({"time": time, "level": level, "event": name, **told}, ensure_ascii=False)
    with _LOCK:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
