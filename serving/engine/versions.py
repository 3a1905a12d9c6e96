"""Which versions are loaded: follows `models.config` and the model folders.

A thread looks at both at intervals. What requests see is a snapshot that is replaced as a whole,
so that no request finds a switch half done: a new version is loaded and warmed up before it is in
the snapshot, and an old one leaves it before it is unloaded.
"""

from __future__ import annotations

import enum
import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from serving.core import logs
from serving.core.errors import Code, ServingError
from serving.core.hooks import ALONE, Peers
from serving.core.metrics import Gauge, Metrics
from serving.core.settings import Limits
from serving.engine.batcher import Batcher
from serving.engine.warm_up import known_answers, warm_up
from serving.model import models_config, version_folders
from serving.model.loaded_model import Cancelled, LoadedModel
from serving.model.loading import load
from serving.model.models_config import ServedModel
from serving.routing.state import STABLE

_MOST_TRIES = 6
_SECONDS_BETWEEN_TRIES = 60.0
"""As TensorFlow Serving's `max_num_load_retries` and `load_retry_interval_micros`."""
_MAY_PASS = frozenset(Code) - {
    Code.INVALID_ARGUMENT, Code.FAILED_PRECONDITION, Code.UNIMPLEMENTED, Code.OUT_OF_RANGE
}  # fmt: skip
"""Codes of errors whose cause may be the storage's, such as permissions or a network."""
_SECONDS_FOR_AN_UNLOAD = 1.0
"""For which others wait."""
_SECONDS_TO_WARM_UP = 300.0
"""After which a version is refused, as one whose warm-up never ends would hold up all others."""
_SECONDS_MISSING = 60.0
"""After which a model whose folder has vanished is unloaded."""


class State(enum.IntEnum):
    """TensorFlow Serving's states of a version, with its numbers."""

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


@dataclass(frozen=True)
class Version:
    """A version that can answer."""

    model: str
    number: int
    loaded: LoadedModel
    batcher: Batcher
    example: Mapping[str, object] | None
    """A row that it is known to answer."""


@dataclass(frozen=True)
class Served:
    """A model in the snapshot."""

    versions: Mapping[int, Version] = field(default_factory=dict)
    labels: Mapping[str, int] = field(default_factory=dict)

    @property
    def latest(self) -> Version | None:
        """The highest version."""
        return self.versions[max(self.versions)] if self.versions else None

    @property
    def default(self) -> Version | None:
        """The version of requests that name none: the one labelled `stable`, else the highest."""
        return self.versions.get(self.labels.get(STABLE, -1), self.latest)


@dataclass
class Status:
    """What a status request tells of a version."""

    state: State
    error: ServingError | None = None
    fingerprint: object = None
    """Of the folder, when it failed to load: the same is tried again only if the cause may pass."""
    tries: int = 0
    """How often it failed to load."""
    again: float = math.inf
    """When it is tried again, by the monotonic clock."""


class Versions:
    """The versions of all models under the serving folder.

    Args:
        root: The serving folder.
        limits: Of each version.
        metrics: Where loads and runs are counted.
        interval: Seconds between two looks at the folders.
        peers: Other processes that serve the same.
    """

    def __init__(
        self,
        root: Path,
        limits: Limits,
        metrics: Metrics,
        interval: float = 1.0,
        peers: Peers = ALONE,
    ) -> None:
        self.root = root
        self.snapshot: Mapping[str, Served] = {}
        self.statuses: dict[str, dict[int, Status]] = {}
        self.config_error: ServingError | None = None
        """Why `models.config` cannot be followed, without its place."""
        self.scanned = threading.Event()
        """Set after the first look, with whatever could be loaded then."""
        self.limits = limits
        self._metrics = metrics
        self._interval = interval
        self._peers = peers
        self._config: dict[str, ServedModel] = {}
        self._config_read = False
        self._missing: dict[str, float] = {}
        """Since when the folders of models that answer have been missing."""
        self._settled = version_folders.Settled()
        self._scanning = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="versions", daemon=True)
        metrics.add(
            Gauge("serving_version_state", "TensorFlow Serving's state of each version, as a "
                  "number: 30 is available, 50 is unloaded or failed.",
                  ("model_name", "version"), self._states)
        )  # fmt: skip
        metrics.add(
            Gauge("serving_config_refused", "1 while models.config cannot be followed, so that "
                  "what it said before holds.", (), lambda: [((), float(bool(self.config_error)))])
        )  # fmt: skip

    def start(self) -> None:
        """Starts to follow the folders."""
        self._thread.start()

    def stop(self, seconds: float | None = None) -> None:
        """Answers what was accepted, and unloads everything.

        Args:
            seconds: When to give up on what does not end; None for never.
        """
        end = math.inf if seconds is None else time.monotonic() + seconds
        self._stop.set()
        self._thread.join(_left(end))
        for served in self.snapshot.values():
            for version in served.versions.values():
                version.batcher.close(_left(end))
        self.snapshot = {}

    def is_model(self, name: str) -> bool:
        """Whether there is a model of that name, in whatever state its versions are."""
        return name in self.statuses

    def unready(self) -> list[str]:
        """Why not every model can answer, in each process; empty if each can."""
        return self._peers.unready(self.unready_here())

    def unready_here(self) -> list[str]:
        """Why not every model can answer in this process."""
        if not self.scanned.is_set():
            return ["The models are being loaded."]
        if self.config_error and not self._config_read:
            return [str(self.config_error)]
        names = {**self._config, **dict.fromkeys(self.statuses)}
        missing = [name for name in names if not self._served(name).versions]
        if not names:
            return ["There is no model in the serving folder."]
        stuck = [
            f"Version {number} of '{name}' does not end a run that was not answered in time."
            for name, served in self.snapshot.items()
            for number, version in served.versions.items()
            if version.batcher.stuck
        ]
        return [f"No version of '{name}' is available." for name in missing] + stuck

    def _served(self, name: str) -> Served:
        return self.snapshot.get(name, Served())

    def _states(self) -> Iterable[tuple[tuple[str, str], float]]:
        for name, versions in sorted(self.statuses.items()):
            for number, status in sorted(versions.items()):
                yield (name, str(number)), status.state

    def _watch(self) -> None:
        while True:
            try:
                self.scan()
            except Exception as error:  # a disk that fails must not end the watch
                logs.event("scan failed", "error", error=f"{type(error).__name__}: {error}")
            self.scanned.set()
            # All processes look at the same moments.
            wait = self._interval - time.monotonic() % self._interval
            # Two looks that soon after each other would take half a copy for a whole one.
            if self._stop.wait(wait if wait > self._interval / 2 else wait + self._interval):
                return

    def scan_everywhere(self) -> None:
        """Has every process look at the config and the folders."""
        self.scan()
        self._peers.scan()

    def scan(self) -> None:
        """Looks at the config and the folders once, and loads and unloads what that asks for."""
        with self._scanning:
            self._read_config()
            models = self._models()
            for name in {**self.snapshot, **models}:
                if self._stop.is_set():
                    return
                try:
                    self._follow(name, models.get(name))
                except Exception as error:  # the other models are served all the same
                    logs.event("folder not readable", "error", model=name, error=str(error))

    def _read_config(self) -> None:
        path = self.root / models_config.FILE
        try:
            self._config = models_config.read(path)
            self._config_read, self.config_error = True, None
        except ServingError as error:
            told = _without_paths(error, path, path.name)
            if str(told) != str(self.config_error):
                logs.event("config refused", "error", error=str(error), keeps=list(self._config))
            self.config_error = told

    def _models(self) -> dict[str, ServedModel]:
        folders = {path.name: ServedModel(path.name) for path in version_folders.models(self.root)}
        taken = {model.folder(self.root) for model in self._config.values()}
        free = {name: model for name, model in folders.items() if self.root / name not in taken}
        return {**free, **self._config}

    def _has_vanished(self, name: str, folder: Path) -> bool:
        """Whether a model's folder is missing, for so short that it may be the network's fault."""
        if not self._served(name).versions or folder.is_dir():
            self._missing.pop(name, None)
            return False
        if name not in self._missing:
            logs.event("could not find base path", "error", model=name, folder=str(folder))
        since = self._missing.setdefault(name, time.monotonic())
        return time.monotonic() - since < _SECONDS_MISSING

    def _follow(self, name: str, model: ServedModel | None) -> None:
        if self._has_vanished(name, (model or ServedModel(name)).folder(self.root)):
            return
        found = version_folders.versions(model.folder(self.root)) if model else {}
        lost = version_folders.without_model(model.folder(self.root)) if model else {}
        folders = {**found, **lost}
        loaded = self._served(name).versions
        # What is in memory goes on answering, whatever becomes of its file.
        found |= {number: path for number, path in lost.items() if number in loaded}
        wanted = _wanted(model, found) if model else []
        statuses = self.statuses.setdefault(name, {})
        # At the start nothing is being copied that is not worth a try at once.
        hurry = not self.scanned.is_set()
        # What has lost its model is tried too, so that its status says so; it is not waited for.
        for number in [*wanted, *lost]:
            if number in self._served(name).versions:
                continue
            status = statuses.get(number)
            fingerprint = version_folders.fingerprint(folders[number])
            unchanged = status and status.error and status.fingerprint == fingerprint
            if status and unchanged and time.monotonic() < status.again:
                continue
            if hurry or unchanged or self._settled.check(folders[number], fingerprint):
                self._load(name, number, folders[number], fingerprint)
        self._publish(name, model, wanted)
        for number in [n for n, s in statuses.items() if s.state == State.END and n not in folders]:
            del statuses[number]
        if not model and not statuses:
            del self.statuses[name]

    def _load(self, name: str, number: int, path: Path, fingerprint: object) -> None:
        before = self.statuses[name].get(number)
        tries = before.tries + 1 if before and before.fingerprint == fingerprint else 1
        status = self.statuses[name][number] = Status(State.LOADING, tries=tries)
        label = f"{name}/{number}"
        start = time.perf_counter()
        try:
            loaded = load(path)
            try:
                began = time.perf_counter()
                _warm_up_in_time(loaded)
                self._metrics.warm_up.observe((time.perf_counter() - began) * 1e6, label, "OK")
                self._peers.agree(name, number, fingerprint)
            except BaseException:
                loaded.close()
                raise
        except Exception as error:
            if not isinstance(error, ServingError):
                error = ServingError(Code.INTERNAL, f"{type(error).__name__}: {error}")
            self._peers.refuse(name, number, fingerprint, _without_paths(error, path, label))
            status.error, status.fingerprint = _without_paths(error, path, label), fingerprint
            if error.code in _MAY_PASS and tries < _MOST_TRIES:
                status.again = time.monotonic() + _SECONDS_BETWEEN_TRIES
            status.state = State.END
            self._metrics.loads.add(label, "fail")
            logs.event("version refused", "error", model=name, version=number, error=str(error),
                       keeps=sorted(self._served(name).versions))  # fmt: skip
            return
        rows = (known_answers(path) or {}).get("rows")
        batcher = Batcher(loaded, self.limits, self._observer(name, number))
        version = Version(name, number, loaded, batcher, rows[0] if rows else None)
        served = self._served(name)
        self._replace(name, Served({**served.versions, number: version}, served.labels))
        status.state = State.AVAILABLE
        self._metrics.loads.add(label, "success")
        seconds = round(time.perf_counter() - start, 3)
        logs.event("version available", model=name, version=number, seconds=seconds)

    def _publish(self, name: str, model: ServedModel | None, wanted: list[int]) -> None:
        """Lets labels follow, and unloads what is no longer wanted once its successor answers."""
        served = self._served(name)
        available = served.versions
        labels = {}
        for label, number in (model.labels if model else {}).items():
            target = number if number in available else served.labels.get(label, -1)
            if target in available:
                labels[label] = target
        keep = {number for number in wanted if number in available}
        if wanted and not keep:
            keep = set(available)
        keep |= set(labels.values())
        self._replace(name, Served({n: v for n, v in available.items() if n in keep}, labels))
        for number in sorted(set(available) - keep):
            status = self.statuses[name][number]
            status.state = State.UNLOADING
            # What a request that does not end holds up must not hold up other versions.
            unload = partial(self._unload, available[number], status)
            thread = threading.Thread(target=unload, name=f"unload {name}/{number}", daemon=True)
            thread.start()
            thread.join(_SECONDS_FOR_AN_UNLOAD)

    def _unload(self, version: Version, status: Status) -> None:
        version.batcher.close()
        status.state = State.END
        logs.event("version unloaded", model=version.model, version=version.number)

    def _replace(self, name: str, served: Served) -> None:
        snapshot = {**self.snapshot, name: served}
        if not served.versions:
            del snapshot[name]
        self.snapshot = snapshot

    def _observer(self, name: str, number: int) -> Callable[[int, float], None]:
        version = str(number)

        def observe(rows: int, seconds: float) -> None:
            self._metrics.runtime.observe(seconds * 1e6, name, version)
            self._metrics.batches.observe(rows, name, version)

        return observe


def _warm_up_in_time(loaded: LoadedModel) -> None:
    timer = threading.Timer(_SECONDS_TO_WARM_UP, loaded.cancel)
    timer.daemon = True
    timer.start()
    try:
        warm_up(loaded)
    except Cancelled as error:
        raise ServingError(
            Code.DEADLINE_EXCEEDED, f"The warm-up did not end in {_SECONDS_TO_WARM_UP:g} s"
        ) from error
    finally:
        timer.cancel()


def _left(end: float) -> float | None:
    return None if end == math.inf else max(0.0, end - time.monotonic())


def _without_paths(error: ServingError, path: Path, label: str) -> ServingError:
    """An error for clients, who need not know where models are stored."""

    def told(text: str) -> str:
        for place in (path.resolve(), path.absolute(), path):
            text = text.replace(str(place), label)
        return text

    return ServingError(error.code, told(error.message), told(error.detail), told(error.remedy))


def _wanted(model: ServedModel, found: Mapping[int, Path]) -> list[int]:
    if model.versions:
        return [number for number in model.versions if number in found]
    numbers = sorted(found)
    return numbers[-model.latest :] if model.latest else numbers
