"""Entries of the request log of trips."""

from __future__ import annotations

import json
from typing import Any


def entry(number: int = 0, **changes: Any) -> Any:
    """A request with one row, answered; `rows` and `answers` say which."""
    from serving.core.hooks import Entry

    rows = changes.pop("rows", [{"fare": float(number), "company": "A"}])
    answers = changes.pop("answers", [0.5] * len(rows))
    values: dict[str, Any] = {
        "id": f"request-{number}",
        "time": 1_000.0 + number,
        "model": "trips",
        "version": 1,
        "label": "stable",
        "seconds": 0.002,
        "request": json.dumps({"instances": rows}).encode(),
        "response": json.dumps({"predictions": answers}).encode(),
        "status": 200,
    }
    return Entry(**(values | changes))


def refused(number: int = 0, status: int = 400, **changes: Any) -> Any:
    """A request that no version answered."""
    told = json.dumps({"error": "no"}).encode()
    return entry(number, **{"version": None, "status": status, "response": told, **changes})
