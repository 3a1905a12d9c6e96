"""What the dashboard shows of a run while it goes on."""

from __future__ import annotations

import contextlib
import json
import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.helpers.dashboard_process import Dashboard


@dataclass(frozen=True)
class Seen:
    """One state of a run."""

    status: str
    done: frozenset[str]
    """The nodes that are."""
    running: frozenset[str]
    epochs: int
    """Of the final training."""


@contextlib.contextmanager
def watching(runs: Path) -> Iterator[list[Seen]]:
    """A dashboard over a folder of runs, asked again and again for its latest one.

    Args:
        runs: The folder; it need not be there yet.

    Yields:
        Each state that differs from the one before, complete once the context has ended.
    """
    runs.mkdir(parents=True, exist_ok=True)
    dashboard, seen, end = Dashboard(runs), list[Seen](), threading.Event()

    def ask() -> None:
        while not end.wait(0.2):
            seen.extend(one for one in _latest(dashboard) if seen[-1:] != [one])

    dashboard.start()
    asking = threading.Thread(target=ask)
    asking.start()
    try:
        yield seen
    finally:
        end.set()
        asking.join()
        dashboard.stop()


def _latest(dashboard: Dashboard) -> Iterator[Seen]:
    """The state of the latest run, if there is any."""
    for record in _get(dashboard, "/api/records?limit=1"):
        details = _get(dashboard, f"/api/runs/{record['id']}/details")
        curves = [one["values"] for one in details.get("curves", ()) if one["metric"] == "loss"]
        done, running = (
            frozenset(one["name"] for one in record.get("nodes", ()) if one["status"] == status)
            for status in ("done", "running")
        )
        yield Seen(record["status"], done, running, max(map(len, curves), default=0))


def _get(dashboard: Dashboard, path: str) -> Any:
    with urllib.request.urlopen(dashboard.address + path, timeout=30) as answer:
        return json.load(answer)
