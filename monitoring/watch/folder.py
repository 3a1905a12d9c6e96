"""Where monitoring keeps what it has seen: `<serving folder>/.monitoring/<model>/`.

watch.lock                    who watches
history.jsonl                 events, see `watch/events.py`
loop.json                     how far a retraining is, see `loop/state.py`
retrainings/<UTC time>.log    what a retraining has printed
<version>/state.json          what the watcher remembers, see `watch/state.py`
<version>/looks/<UTC time>.json   looks, see `look/look.py`
"""

from __future__ import annotations

import contextlib
import json
import re
from datetime import datetime, timezone
from pathlib import Path

from monitoring.core.errors import MonitoringError
from monitoring.watch.events import History

NAME = ".monitoring"
_VERSION = re.compile(r"0|[1-9]\d{0,18}")
SPARE = 50
"""Looks beyond what is to be kept, before any is removed: it is then done for many at once."""


class ModelFolder:
    """What is kept of a model.

    Args:
        models: The serving folder.
        model: The model.
        keep: How many looks are kept of a version.
        keep_alarms: How many of those that raised an alarm are, however old.
    """

    def __init__(
        self, models: Path, model: str, keep: int = 1_000, keep_alarms: int = 1_000
    ) -> None:
        self.models = models
        self.model = model
        self.path = models / NAME / model
        self.history = History(self.path / "history.jsonl")
        self._keep = keep
        self._keep_alarms = keep_alarms

    @property
    def lock(self) -> Path:
        """The file that the watcher holds."""
        return self.path / "watch.lock"

    @property
    def loop(self) -> Path:
        """How far a retraining is."""
        return self.path / "loop.json"

    @property
    def retrainings(self) -> Path:
        """The folder of what retrainings print."""
        return self.path / "retrainings"

    def state(self, version: int) -> Path:
        """What the watcher remembers of a version."""
        return self.path / str(version) / "state.json"

    def states(self) -> dict[int, Path]:
        """The versions that the watcher has looked at."""
        return {
            int(path.parent.name): path
            for path in self.path.glob("*/state.json")
            if _VERSION.fullmatch(path.parent.name)
        }

    def look(self, version: int, time: datetime) -> Path:
        """The file of a look."""
        return self.path / str(version) / "looks" / f"{_name(time)}.json"

    def page(self, version: int, time: datetime) -> Path:
        """The page of a look that raised an alarm."""
        return self.path / str(version) / "pages" / f"{_name(time)}.html"

    def relative(self, path: Path) -> str:
        """A look's file as events name it, such as `3/looks/20261127T093000.000000Z.json`."""
        return path.relative_to(self.path).as_posix()

    def looks(self, version: int) -> list[Path]:
        """The files of a version's looks, the oldest first."""
        return sorted((self.path / str(version) / "looks").glob("[0-9]*.json"))

    def prune(self, version: int) -> int:
        """Removes the oldest looks beyond those that are kept; how many it has removed."""
        files = self.looks(version)
        if len(files) <= self._keep + self._keep_alarms + SPARE:
            return 0
        old = files[: -self._keep] if self._keep else files
        alarms = [path for path in old if _is_alarm(path)]
        kept = set(alarms[-self._keep_alarms :]) if self._keep_alarms else set()
        removed = 0
        for path in old:
            if path not in kept:
                with contextlib.suppress(OSError):
                    path.unlink()
                    removed += 1
        return removed


def model_folder(models: Path, model: str) -> ModelFolder:
    """The folder of a model that is served.

    Raises:
        MonitoringError: There is no such serving folder, or no such model in it.
    """
    try:
        names = sorted(path.name for path in models.iterdir() if versions_of(path))
    except OSError as error:
        raise MonitoringError(
            f"There is no serving folder {models}",
            f"Received: {error.strerror or error}.",
            "Name it: --models DIR",
        ) from error
    if model not in names:
        raise MonitoringError(
            f"There is no model '{model}'",
            f"{models} has: {', '.join(names) or 'none'}.",
            "Name one of these, or push one: python -m pipeline run",
        )
    return ModelFolder(models, model)


def versions_of(folder: Path) -> list[int]:
    """The versions in a model's serving folder, ascending; none where it is no model's."""
    if folder.name.startswith(".") or not folder.is_dir():
        return []
    try:
        return sorted(int(path.name) for path in folder.iterdir() if _VERSION.fullmatch(path.name))
    except OSError:  # Such as `lost+found`, which nobody but root may read.
        return []


def _name(time: datetime) -> str:
    return time.astimezone(timezone.utc).strftime("%Y%m%dT%H%M%S.%fZ")


def _is_alarm(path: Path) -> bool:
    try:
        return bool(json.loads(path.read_bytes())["verdict"] == "alarm")
    except (OSError, ValueError, KeyError, TypeError):
        return False
