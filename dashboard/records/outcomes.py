"""The statuses of a run, and the words for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[1] / "static" / "outcomes.json"
"""A copy of the pipeline's table; pages read it as well."""
_OUTCOMES: dict[str, dict[str, Any]] = json.loads(FILE.read_bytes())

STATUSES = tuple(_OUTCOMES)
"""Those of run.json; `died`: it says running but its process is gone; `unreadable`: it is not a
record."""
LABELS = {status: str(words["label"]) for status, words in _OUTCOMES.items()}
"""What a status is called on a page."""
FORMER = {
    former: status for status, words in _OUTCOMES.items() for former in words.get("former", ())
}
"""The status that a name in a record of an earlier version stands for."""


def status_named(name: str) -> str:
    """The status that a person means by a name of it, present or former, or by its label.

    Upper and lower case are the same. What names no status is given back as it is.
    """
    by_name = {label.lower(): status for status, label in LABELS.items()} | FORMER
    return by_name.get(name.lower(), name)
