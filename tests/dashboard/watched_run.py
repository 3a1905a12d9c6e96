"""What the dashboard shows of a run while it goes on."""

from __future__ import annotations

import contextlib
import json
import threading
import urllib.request
from collections.abc import Callable, Iterator
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
    logged: int
    """Values that the model's own code has logged in it."""


@contextlib.contextmanager
def watching(runs: Path, tell: Callable[[Seen], object]) -> Iterator[list[Seen]]:
    """A dashboard over a folder of runs, asked again and again for its latest one.

    Args:
        runs: The folder; it need not be there yet.
        tell: Called with each state that differs from the one before.

    Yields:
        Each state that differs from the one before, complete once the context has ended.
    """
    runs.mkdir(parents=True, exist_ok=True)
    dashboard, seen, end = Dashboard(runs), list[Seen](), threading.Event()

    def ask() -> None:
        while not end.wait(0.2):
            for one in _latest(dashboard):
                if seen[-1:] != [one]:
                    seen.append(one)
                    tell(one)

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
        details = _get(dashboard, f"/api/runs/{record['id']}/details")["details"]
        curves = [one["values"] for one in details.get("curves", ()) if one["metric"] == "loss"]
        logged = [one["points"] for one in details.get("logged", {}).get("series", ())]
        done, running = (
            frozenset(one["name"] for one in record.get("nodes", ()) if one["status"] == status)
            for status in ("done", "running")
        )
        epochs, values = max(map(len, curves), default=0), sum(map(len, logged))
        yield Seen(record["status"], done, running, epochs, values)


def _get(dashboard: Dashboard, path: str) -> Any:
    with urllib.request.urlopen(dashboard.address + path, timeout=30) as answer:
        return json.load(answer)
