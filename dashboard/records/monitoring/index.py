"""Served models, their versions and the looks at them, read as far as a page needs."""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from dashboard.errors import DashboardError
from dashboard.records.fields import Fields
from dashboard.records.json_files import UnreadableError, read_object
from dashboard.records.monitoring import looks, timeline
from dashboard.records.monitoring.history import History
from dashboard.records.monitoring.looks import Look

FOLDER = ".monitoring"
PROFILE = "assets.extra/reference_profile.json"
MAX_LIMIT = 200
_SECONDS = 0.2
"""After which a page is given with the looks that were read so far; it asks again."""
_MOST_CELLS = 300_000
"""Comparisons that are kept in memory, of the looks that were asked for last."""
_MOST_PROFILE = 8 * 2**20
_SETTLED = 1.0
"""Seconds after which a folder's time of change tells whether its list of files is still true."""

_FileState = tuple[int, int, int]


class MonitoringIndex:
    """A serving folder's monitoring. Nothing is read before somebody asks."""

    def __init__(self, serving: Path) -> None:
        self.serving = serving
        self._lock = threading.Lock()
        self._looks: OrderedDict[Path, tuple[_FileState, Look]] = OrderedDict()
        self._cells = 0
        self._names: dict[Path, tuple[int, list[str]]] = {}
        self._profiles: dict[Path, tuple[_FileState, dict[str, Any], str]] = {}
        self._histories: dict[Path, History] = {}

    def models(self) -> dict[str, Any]:
        """Every served model with its versions, newest first, and the last look at each.

        It is `complete` if there was time to read all of it; who asks again gets more.
        """
        with self._lock:
            deadline = time.monotonic() + _SECONDS
            found = [self._model(name, deadline) for name in self._model_names()]
            complete = time.monotonic() < deadline
        return {"models": found, "complete": complete, "folder": str(self.serving)}

    def version(self, model: str, version: str, offset: int, limit: int) -> dict[str, Any]:
        """The looks at a version, newest first, from `offset` on, at most `limit`.

        Raises:
            DashboardError: The model has no such version.
        """
        folder = self._folder(model, version)
        with self._lock:
            names = self._look_names(folder)
            asked = names[offset : offset + min(limit, MAX_LIMIT)]
            read = self._read(folder / "looks", asked, time.monotonic() + _SECONDS, at_least=1)
            history = self._history(model)
            events = [one for one in history.events() if one["version"] in (int(version), None)]
            profile, problem = self._profile(model, version)
            return {
                "model": model,
                "version": int(version),
                "total": len(names),
                "offset": offset,
                "complete": len(read) == len(asked),
                "looks": [look.as_json() for look in read],
                **timeline.series(read),
                "events": events[:MAX_LIMIT],
                "events_left_out": max(len(events) - MAX_LIMIT, 0),
                "events_damaged": history.damaged,
                "run": self._run(model, version),
                "profile": timeline.of_profile(profile),
                "profile_problem": problem,
                "folder": str(folder),
            }

    def look(self, model: str, version: str, file: str) -> dict[str, Any]:
        """A look as it was recorded.

        Raises:
            DashboardError: There is no such look, or it cannot be read.
        """
        folder = self._folder(model, version)
        with self._lock:
            names = self._look_names(folder)
        if file not in names:
            raise DashboardError(
                f"There is no look {file!r:.100}", f"In {folder / 'looks'}.", status=404
            )
        try:
            return read_object(folder / "looks" / file, looks.MAX_LOOK)
        except (OSError, UnreadableError) as error:
            raise DashboardError("The look cannot be read", str(error), status=404) from error

    def knows(self, model: str, version: str) -> bool:
        """Whether there is such a version, served or watched."""
        try:
            self._folder(model, version)
        except DashboardError:
            return False
        return True

    def run_of(self, model: str, version: int) -> str:
        """The run that pushed a version; empty if that is not known."""
        with self._lock:
            return self._run(model, str(version))

    def versions_of(self, model: str) -> list[int]:
        """The versions of a model that the serving folder has."""
        return _numbers(self.serving / model)

    def _model(self, name: str, deadline: float) -> dict[str, Any]:
        numbers = {
            *_numbers(self.serving / name),
            *_numbers(self.serving / FOLDER / name),
        }
        versions = [
            self._version_row(name, number, deadline) for number in sorted(numbers, reverse=True)
        ]
        return {"name": name, "versions": versions}

    def _version_row(self, model: str, number: int, deadline: float) -> dict[str, Any]:
        folder = self.serving / FOLDER / model / str(number)
        names = self._look_names(folder)
        read = self._read(folder / "looks", names[:1], deadline)
        in_time = time.monotonic() < deadline
        return {
            "version": number,
            "looks": len(names),
            "last": read[0].as_json() if read else None,
            "served": (self.serving / model / str(number)).is_dir(),
            "run": self._run(model, str(number)) if in_time else "",
        }

    def _model_names(self) -> list[str]:
        served = {
            name for name in _folders(self.serving) if any(_numbers(self.serving / name))
        }  # fmt: skip
        return sorted({*served, *_folders(self.serving / FOLDER)})

    def _folder(self, model: str, version: str) -> Path:
        if _is_version(version) and model in self._model_names():
            folder = self.serving / FOLDER / model / version
            if folder.is_dir() or (self.serving / model / version).is_dir():
                return folder
        raise DashboardError(
            f"There is no version {version!r:.40} of {model!r:.100}",
            f"In {self.serving}.",
            status=404,
        )

    def _look_names(self, folder: Path) -> list[str]:
        """The files of looks, newest first: their names begin with the time."""
        folder = folder / "looks"
        try:
            changed = folder.stat().st_mtime_ns
        except OSError:
            return []
        before = self._names.get(folder)
        if before is not None and before[0] == changed:
            return before[1]
        names = [
            entry.name for entry in _entries(folder)
            if entry.name.endswith(".json") and entry.name[0] != "." and _is_text(entry.name)
        ]  # fmt: skip
        names.sort(reverse=True)
        if time.time_ns() - changed > _SETTLED * 1e9:
            self._names[folder] = changed, names
        return names

    def _read(
        self, folder: Path, names: Iterable[str], deadline: float, at_least: int = 0
    ) -> list[Look]:
        """The looks of these names, as far as there is time, or `at_least` so many more."""
        found: list[Look] = []
        new = 0
        for name in names:
            path = folder / name
            state = _state(path)
            kept = self._looks.get(path)
            if kept is not None and kept[0] == state:
                self._looks.move_to_end(path)
                found.append(kept[1])
                continue
            if new >= at_least and time.monotonic() > deadline:
                break
            new += 1
            found.append(self._keep(path, state))
        return found

    def _keep(self, path: Path, state: _FileState) -> Look:
        look = looks.read(path)
        before = self._looks.pop(path, None)
        self._cells += len(look.cells) + 1 - (len(before[1].cells) + 1 if before else 0)
        self._looks[path] = state, look
        while self._cells > _MOST_CELLS and len(self._looks) > 1:
            _, (_, oldest) = self._looks.popitem(last=False)
            self._cells -= len(oldest.cells) + 1
        return look

    def _profile(self, model: str, version: str) -> tuple[dict[str, Any], str]:
        """What a timeline needs of the version's reference profile, and what is wrong with it."""
        path = self.serving / model / version / PROFILE
        state = _state(path)
        kept = self._profiles.get(path)
        if kept is None or kept[0] != state:
            kept = (state, *_read_profile(path))
            self._profiles[path] = kept
        return kept[1], kept[2]

    def _run(self, model: str, version: str) -> str:
        """The run that pushed the version, by its profile or the server's registry."""
        profile, _ = self._profile(model, version)
        if run := Fields(profile).text("run"):
            return run
        try:
            registered = read_object(self.serving / model / f"{version}.json", _MOST_PROFILE)
        except (OSError, UnreadableError):
            return ""
        return Fields(registered).part("run").text("id")

    def _history(self, model: str) -> History:
        path = self.serving / FOLDER / model / "history.jsonl"
        return self._histories.setdefault(path, History(path))


def _read_profile(path: Path) -> tuple[dict[str, Any], str]:
    try:
        content = read_object(path, _MOST_PROFILE)
    except FileNotFoundError:
        return {}, "The version has no reference profile."
    except (OSError, UnreadableError) as error:
        return {}, str(error)
    wanted = ("run", "made", "training_rows", "test_rows", "metrics")
    # The rest, such as the reference's counts, is not kept: it may be a few hundred kB.
    return {key: content.get(key) for key in wanted} | {"categories": _categories(content)}, ""


def _categories(profile: dict[str, Any]) -> list[str]:
    """The features and outputs whose bins are values; of the others they are ranges."""
    parts = [profile.get("features"), profile.get("outputs")]
    return [
        name
        for part in parts
        if isinstance(part, dict)
        for name, one in part.items()
        if isinstance(one, dict) and isinstance(one.get("categories"), dict)
    ]


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _folders(folder: Path) -> list[str]:
    return _named(folder, lambda name: not name.startswith("."))


def _numbers(folder: Path) -> list[int]:
    """The versions in a folder; a name of more digits than TensorFlow Serving takes is none."""
    return [int(name) for name in _named(folder, _is_version)]


def _is_version(name: str) -> bool:
    return name.isdecimal() and name.isascii() and len(name) < 20 and name == str(int(name))


def _named(folder: Path, wanted: Callable[[str], bool]) -> list[str]:
    return [
        entry.name
        for entry in _entries(folder)
        if wanted(entry.name) and _is_text(entry.name) and entry.is_dir()
    ]


def _state(path: Path) -> _FileState:
    try:
        status = path.stat()
    except OSError:
        return 0, 0, 0
    return status.st_ino, status.st_mtime_ns, status.st_size


def _is_text(name: str) -> bool:
    """Whether a name is text, so that an address can name it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
