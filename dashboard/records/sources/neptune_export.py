"""A folder that neptune-exporter has written, of which run folders are made in the cache.

A run is read once, and again when a part of it is another file than before; its files come when
somebody looks at it. The export itself is never written to.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from dashboard.records import neptune, notes
from dashboard.records.runs import RECORD
from dashboard.records.sources import export_parquet
from dashboard.records.sources.copies import write_whole
from dashboard.records.sources.export_parquet import ExportedRun, ExportError

PLACES = ("*.parquet", "*/*.parquet", "data/*/*.parquet")
"""Where the files are: below a project's folder, the exporter's `data`, or the folder of both."""
_PART = re.compile(r"(?P<run>.+?)_part_(?P<number>\d+)")
_EVERY = 10.0
_STATE = ".export.json"
_FILES = "files"
_LARGEST = 256 * 2**20
"""Bytes of a file that is copied, where it cannot be linked."""
_PARAMETERS = ("parameters", "params", "hyperparameters", "hparams", "config")
_MOST_SHOWN = 200
"""Hyperparameters, and metrics, that lists can have as columns."""


def is_one(folder: Path) -> bool:
    """Whether a folder is such an export, and has no run folders."""
    return next(_parquet_files(folder), None) is not None and not any(folder.glob(f"*/{RECORD}"))


class NeptuneExportSource:
    """An export of Neptune's runs.

    Args:
        folder: The folder with the Parquet files, or the one above it.
        cache: The folder for the copies of all sources; this one has a folder of its own in it.
    """

    def __init__(self, folder: Path, cache: Path) -> None:
        self._export = folder
        self._folder = cache / hashlib.sha256(f"export {folder}".encode()).hexdigest()[:16]
        self._known: dict[str, tuple[str, list[Path]]] = {}
        """Of each run folder what its parts are known by, and the parts."""
        self._bad: dict[str, tuple[str, str]] = {}
        """Of what cannot be read, by its name: what it is known by, and what is wrong."""
        self._problem = ""
        self._lock = threading.Lock()
        self._stopped = threading.Event()

    @property
    def address(self) -> str:
        """The folder."""
        return str(self._export)

    @property
    def folder(self) -> Path:
        """Where the run folders are."""
        return self._folder

    def start(self) -> None:
        """Begins to read the export, in a thread of its own."""
        name = f"reads {self._export}"
        threading.Thread(target=self._watch, name=name, daemon=True).start()

    def stop(self) -> None:
        """Ends that, at the latest after the look that it is at."""
        self._stopped.set()

    def refresh(self) -> None:
        """Makes run folders of the runs that are new or have changed; leaves out what is gone."""
        try:
            with self._lock:
                found = _runs(self._export)
                if not found:  # As where its disk is not there now: what was read stays.
                    raise FileNotFoundError(2, "No Parquet file is there", str(self._export))
                for key, parts in found.items():
                    if self._stopped.is_set():
                        return
                    self._take_over(key, parts)
                self._bad = {key: bad for key, bad in self._bad.items() if key in found}
                self._forget({_folder_name(key) for key in found})
            self._problem = ""
        except ImportError as error:
            self._problem = f"{error.name} is not installed: make setup."
        except OSError as error:
            self._problem = f"{error.strerror or error}: {error.filename or self._folder}."

    def fetch(self, run: str) -> None:
        """Links or copies the files of a run, once."""
        folder = self._folder / run
        if run not in self._known or (folder / _FILES / ".whole").exists():
            return
        try:
            with self._lock:
                self._bring_files(folder, self._known[run][1][0].parent)
        except (OSError, ValueError, KeyError) as error:
            self._problem = f"The files of {run} cannot be brought: {error}."

    def publish_notes(self, run: str) -> None:
        """Notes stay with the run folder: the export is not written to."""

    def state(self) -> dict[str, Any]:
        """What a page says: which files cannot be read."""
        bad = [self._problem] if self._problem else []
        bad += [told for _, told in self._bad.values()]
        shown = " ".join(bad[:5])
        if len(bad) > 5:
            shown += f" And {len(bad) - 5} more."
        return {"address": self.address, "reached": not bad, "since": None, "problem": shown}

    def _watch(self) -> None:
        while not self._stopped.is_set():
            self.refresh()
            self._stopped.wait(_EVERY)

    def _take_over(self, key: str, parts: list[Path]) -> None:
        """Makes the run folder of a run, unless it is there and of the same parts."""
        name, state = _folder_name(key), _fingerprint(parts)
        self._known[name] = state, parts
        folder = self._folder / name
        if self._bad.get(key, ("", ""))[0] == state:
            return
        noted = _noted(folder)
        if noted.get("parts") == state:
            if noted.get("problem"):
                self._bad[key] = state, str(noted["problem"])
            return
        try:
            run = export_parquet.read(parts)
        except ExportError as error:
            self._bad[key] = state, f"{parts[0].parent.name}/{key.rpartition('/')[2]}: {error}"
            return
        problem = " ".join(run.unreadable)
        self._bad.pop(key, None)
        if problem:
            self._bad[key] = state, problem
        shutil.rmtree(folder / _FILES, ignore_errors=True)
        _write(folder / neptune.FOLDER / neptune.EXPORT, {**run.as_json(), "sources": run.files})
        tags = run.fields.get("sys/tags", {}).get("value")
        if tags and not (folder / notes.FILE).exists():
            _write(folder / notes.FILE, {"tags": tags, "note": ""})
        _write(folder / RECORD, _record(name, run))
        _write(folder / _STATE, {"parts": state, "problem": problem})

    def _bring_files(self, folder: Path, beside: Path) -> None:
        """Puts a run's files into its folder, and their places into its record."""
        path = folder / neptune.FOLDER / neptune.EXPORT
        record = json.loads(path.read_bytes())
        sources: Mapping[str, str] = record["sources"]
        fields = {one["path"]: one for one in record["fields"]}
        for number, (name, relative) in enumerate(sources.items()):
            found = _found(relative, self._export, beside)
            if found is None:
                continue
            target = folder / _FILES / f"{number}-{found.name}"
            target.parent.mkdir(parents=True, exist_ok=True)
            if _put(found, target):
                fields[name]["file"] = f"{_FILES}/{target.name}"
        _write(path, record)
        (folder / _FILES).mkdir(exist_ok=True)
        (folder / _FILES / ".whole").touch()

    def _forget(self, names: set[str]) -> None:
        for record in self._folder.glob(f"*/{RECORD}"):
            if record.parent.name not in names:
                self._known.pop(record.parent.name, None)
                record.unlink(missing_ok=True)  # Tags and notes stay for when it comes back.
                (record.parent / _STATE).unlink(missing_ok=True)


def _parquet_files(folder: Path) -> Iterator[Path]:
    return (path for place in PLACES for path in folder.glob(place))


def _runs(folder: Path) -> dict[str, list[Path]]:
    """The parts of each run, by the run's name with its folder's."""
    found: dict[str, list[tuple[int, Path]]] = {}
    for path in _parquet_files(folder):
        match = _PART.fullmatch(path.stem)
        name, number = (match["run"], int(match["number"])) if match else (path.stem, 0)
        found.setdefault(str(path.parent / name), []).append((number, path))
    return {key: [path for _, path in sorted(parts)] for key, parts in sorted(found.items())}


def _folder_name(key: str) -> str:
    """The name of a run's folder: of what an address may hold, and of no two runs."""
    project, _, run = key.rpartition("/")
    plain = re.sub(r"[^A-Za-z0-9_.-]", "_", f"{Path(project).name}-{run}").lstrip(".")[:100]
    return f"{plain}-{hashlib.sha256(key.encode(errors='surrogateescape')).hexdigest()[:8]}"


def _fingerprint(parts: list[Path]) -> str:
    states = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in parts]
    return hashlib.sha256(repr(states).encode()).hexdigest()


def _noted(folder: Path) -> dict[str, Any]:
    """What the run folder was made of, if it is whole."""
    try:
        found = json.loads((folder / _STATE).read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and (folder / RECORD).exists() else {}


def _record(name: str, run: ExportedRun) -> dict[str, Any]:
    """The `run.json` of a run: what lists show and filter by."""

    def value(path: str) -> Any:
        return run.fields.get(path, {}).get("value")

    def moment(path: str, otherwise: float | None) -> str | None:
        if isinstance(found := value(path), str):
            return found
        if otherwise is None:
            return None
        return datetime.fromtimestamp(otherwise, timezone.utc).isoformat()

    chosen = {
        path.partition("/")[2]: one["value"]
        for path, one in run.fields.items()
        if path.partition("/")[0] in _PARAMETERS and one["type"] != "tags"
    }
    last = {path: one.last[1] for path, one in run.series.items()}
    single = {path: one["value"] for path, one in run.fields.items() if one["type"] == "float"}
    metrics = {
        path: number
        for path, number in {**single, **last}.items()
        if isinstance(number, float) and path.partition("/")[0] not in (*_PARAMETERS, "sys")
    }
    failed = value("sys/failed") is True
    return {
        "version": 1,
        "id": name,
        "model": run.project or "Neptune",
        "status": "failed" if failed else "exported",
        "failure": {"headline": "Neptune has it as failed"} if failed else None,
        "started": moment("sys/creation_time", run.first),
        "finished": moment("sys/modification_time", run.last),
        "config": {"neptune": {"project": run.project, "run": run.run, "name": value("sys/name")}},
        "hyperparameters": dict(list(chosen.items())[:_MOST_SHOWN]),
        "metrics": [
            {"metric": path, "slice": "overall", "value": number}
            for path, number in list(metrics.items())[:_MOST_SHOWN]
        ],
        "nodes": [],
    }


def _found(relative: str, export: Path, beside: Path) -> Path | None:
    """A downloaded file, which lies below the export or beside its folder `data`."""
    if not relative:
        return None
    project = beside.name
    roots = (
        *(export / "files" / project, export / "files", export),
        *(export.parent / "files" / project, export.parent / "files"),
        *(export.parent.parent / "files" / project, beside),
    )
    for root in roots:
        path = root / relative
        try:
            if path.resolve().is_relative_to(root.resolve()) and path.is_file():
                return path
        except (OSError, ValueError):
            continue
    return None


def _put(found: Path, target: Path) -> bool:
    """Links a file, or copies one that is not too large."""
    target.unlink(missing_ok=True)
    try:
        os.link(found.resolve(), target)
    except OSError:
        if found.stat().st_size > _LARGEST:
            return False
        shutil.copyfile(found, target)
    return True


def _write(path: Path, content: Any) -> None:
    write_whole(path, json.dumps(content).encode())
