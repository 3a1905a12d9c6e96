"""What the dashboard shows of a run while it goes on."""

from __future__ import annotations

import json
import threading
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.helpers.dashboard_process import Dashboard

_LAST_LOOK = 5.0
"""Seconds in which what has ended last is shown."""


@dataclass(frozen=True)
class Seen:
    """One state of a run."""

    status: str
    done: frozenset[str]
    """The nodes that are."""
    running: frozenset[str]
    epochs: int
    """Of the final training."""


class Watch:
    """A dashboard over a folder of runs, asked again and again for its latest one.

    Args:
        runs: The folder; it need not be there yet.
    """

    def __init__(self, runs: Path) -> None:
        runs.mkdir(parents=True, exist_ok=True)
        self.seen: list[Seen] = []
        """Each state that differs from the one before."""
        self._dashboard = Dashboard(runs)
        self._end = threading.Event()
        self._asking = threading.Thread(target=self._ask)

    def __enter__(self) -> Watch:
        self._dashboard.start()
        self._asking.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.wait(_LAST_LOOK)
        self._end.set()
        self._asking.join()
        self._dashboard.stop()

    def _ask(self) -> None:
        while not self._end.wait(0.2):
            self._look()

    def _look(self) -> None:
        for record in self._get("/api/records?limit=1"):
            details = self._get(f"/api/runs/{record['id']}/details")
            curves = [one["values"] for one in details.get("curves", ()) if one["metric"] == "loss"]
            of = {
                status: frozenset(
                    one["name"] for one in record.get("nodes", ()) if one["status"] == status
                )
                for status in ("done", "running")
            }
            now = Seen(
                record["status"], of["done"], of["running"], max(map(len, curves), default=0)
            )
            if self.seen[-1:] != [now]:
                self.seen.append(now)

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(self._dashboard.address + path, timeout=30) as answer:
            return json.load(answer)
