"""A desk at which a loop runs with programs that stand for the real ones."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from monitoring.core.settings import Settings
from monitoring.loop.loop import Loop, Places
from monitoring.loop.programs import Programs
from monitoring.watch.events import Event
from monitoring.watch.folder import ModelFolder
from tests.helpers.paths import TESTS

STAND_IN = TESTS / "monitoring" / "loop" / "stand_in.sh"
RETRAIN = Settings(on_alarm="retrain")
NOTHING_DIFFERS = {"errors": (0.0, 0.0, 1.0), "latency": (0.01, 0.01, 1.0)}


class Desk:
    """A folder with a served model, and what its programs are to do.

    Args:
        root: The folder.
        stable: The version that is served; None: no label says.
    """

    def __init__(self, root: Path, stable: int | None = 3) -> None:
        self.root = root
        self.hours = 0.0
        (root / "models" / "taxi" / "3").mkdir(parents=True)
        if stable is not None:
            (root / "stable").write_text(str(stable))
        (root / "calls").touch()
        self.run_ends(0, 4)
        self.compares()
        self.folder = ModelFolder(root / "models", "taxi")

    def run_ends(self, status: int, version: int = 0) -> None:
        """What the next run does."""
        (self.root / "outcome").write_text(f"{status} {version}\n")

    def compares(
        self, requests: int = 2000, version: int = 4, enough: bool = True, **found: Any
    ) -> None:
        """What the comparison says: for each name the stable and canary values, and p."""
        differences = [
            {"name": name, "stable": a, "other": b, "p_value": p, "significant": p < 0.05}
            for name, (a, b, p) in {**NOTHING_DIFFERS, **found}.items()
        ]
        content = {
            "model": "taxi", "variant": "canary", "stable_version": 3, "version": version,
            "since": datetime.now(timezone.utc).isoformat(), "enough": enough,
            "requests": {"stable": requests, "canary": requests}, "verdict": ["So it is."],
            "differences": differences,
        }  # fmt: skip
        (self.root / "comparison.json").write_text(json.dumps([content]))

    def alarm(self, version: int = 3) -> None:
        """Adds an alarm to the history."""
        now = self.now()
        path = self.folder.relative(self.folder.look(version, now))
        detail = {"text": "`fare` differs.", "causes": ["feature fare"]}
        self.folder.history.append(
            Event(time=now, event="alarm", version=version, alarm=path, detail=detail)
        )

    def now(self) -> datetime:
        """The desk's time, which `hours` puts forward."""
        return datetime.now(timezone.utc) + timedelta(hours=self.hours)

    def loop(self, repository: str = "") -> Loop:
        """A loop, as a watcher that starts has it."""
        programs = Programs(self.folder.models, self.root / "runs", ["/bin/sh", str(STAND_IN)])
        release = self.root / "release.yaml"
        places = Places(self.root / "source", self.root / "runs", release, repository)
        return Loop(self.folder, programs, places, self.now)

    def go_on(
        self, settings: Settings = RETRAIN, repository: str = "", seconds: float = 20
    ) -> Loop:
        """Steps until nothing goes on."""
        loop = self.loop(repository)
        end = time.monotonic() + seconds
        while True:
            loop.step(settings)
            if loop.state == "idle":
                return loop
            assert time.monotonic() < end, loop.state
            time.sleep(0.01)

    def events(self) -> list[str]:
        """What has happened beside alarms."""
        return [each.event for each in self.folder.history.read() if each.event != "alarm"]

    def calls(self) -> list[str]:
        """What was asked of programs that change something."""
        return (self.root / "calls").read_text().splitlines()

    def stable(self) -> int:
        """The version that is served."""
        return int((self.root / "stable").read_text())
