"""What came of the requests that routing shared out: counts, and samples of times and answers.

They are kept by model, version and variant since the model's last change of route, in memory, and
in `.routing/<host>-<process>.json` in the serving folder, from which `compare` reads them.
"""

from __future__ import annotations

import json
import os
import random
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from serving.core import regular_file
from serving.core.atomic_file import write_whole
from serving.core.hooks import Outcome

FOLDER = ".routing"
_SAMPLE_SIZE = 1000
_COMPONENTS = 5
"""Of an output with many values a row, the first ones that are looked at."""
_KEEP_SECONDS = 7 * 86_400
_NOT_THE_MODELS_FAULT = (401, 403, 429)


class Sample:
    """Up to 1,000 of the values seen, each equally likely (Vitter's algorithm R, ACM TOMS 11,
    1985, page 39)."""

    def __init__(self, values: Iterable[float] = (), seen: int = 0) -> None:
        self.values = list(values)
        self.seen = seen

    def add(self, value: float) -> None:
        """Takes note of a value."""
        self.seen += 1
        if len(self.values) < _SAMPLE_SIZE:
            self.values.append(value)
        elif (place := random.randrange(self.seen)) < _SAMPLE_SIZE:
            self.values[place] = value

    def merged(self, other: Sample) -> Sample:
        """A sample of what both have seen."""
        if not other.seen or not self.seen:
            return other if not self.seen else self
        seen = self.seen + other.seen
        size = min(_SAMPLE_SIZE, len(self.values) + len(other.values))
        if size == seen:
            return Sample(self.values + other.values, seen)
        own = round(size * self.seen / seen)
        own = min(len(self.values), max(own, size - len(other.values)))
        theirs = min(size - own, len(other.values))
        values = random.sample(self.values, own) + random.sample(other.values, theirs)
        return Sample(values, seen)


@dataclass
class Observed:
    """What came of one variant's requests."""

    requests: int = 0
    errors: int = 0
    seconds: Sample = field(default_factory=Sample)
    """Of answers that were no errors."""
    outputs: dict[str, Sample] = field(default_factory=dict)
    """By name of a numeric output: the first row of each answer, so that the values are
    independent; `name[0]`, `name[1]` ... where a row has several values."""

    def add(self, outcome: Outcome) -> None:
        """Counts an outcome."""
        self.requests += 1
        if outcome.status >= 400:
            self.errors += outcome.status not in _NOT_THE_MODELS_FAULT
            return
        self.seconds.add(outcome.seconds)
        for name, value in _numbers(outcome.outputs):
            self.outputs.setdefault(name, Sample()).add(value)

    def merged(self, other: Observed) -> Observed:
        """Both together."""
        names = self.outputs.keys() | other.outputs.keys()
        return Observed(
            self.requests + other.requests,
            self.errors + other.errors,
            self.seconds.merged(other.seconds),
            {
                name: self.outputs.get(name, Sample()).merged(other.outputs.get(name, Sample()))
                for name in names
            },
        )


Key = tuple[int, str]
"""A version and a variant."""


class Observations:
    """The observations of one process; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: dict[str, datetime | None] = {}
        self._models: dict[str, dict[Key, Observed]] = {}

    def add(self, outcome: Outcome) -> None:
        """Counts an outcome."""
        with self._lock:
            variants = self._models.setdefault(outcome.model, {})
            variants.setdefault((outcome.version, outcome.variant), Observed()).add(outcome)

    def begin(self, model: str, since: datetime | None) -> None:
        """Forgets what came before the model's route was last changed."""
        with self._lock:
            if self._since.get(model) != since:
                self._since[model] = since
                self._models.pop(model, None)

    def of(self, model: str) -> dict[Key, Observed]:
        """A model's observations so far; a copy."""
        with self._lock:
            return {
                key: seen.merged(Observed()) for key, seen in self._models.get(model, {}).items()
            }

    def total(self) -> dict[str, dict[Key, Observed]]:
        """All models' observations so far; a copy."""
        with self._lock:
            models = list(self._models)
        return {model: self.of(model) for model in models}

    def save(self, serving_folder: Path) -> None:
        """Writes this process's file, and removes those that nobody has written to for a week.

        Raises:
            ServingError: It cannot be written.
        """
        models = {
            model: {
                "since": _text(self._since.get(model)),
                "variants": [_to_json(key, seen) for key, seen in variants.items()],
            }
            for model, variants in self.total().items()
        }
        folder = serving_folder / FOLDER
        name = f"{socket.gethostname()}-{os.getpid()}.json"
        write_whole(folder / name, json.dumps({"version": 1, "models": models}))
        for path in folder.glob("*.json"):
            if path.stat().st_mtime < time.time() - _KEEP_SECONDS:
                path.unlink(missing_ok=True)


def saved(serving_folder: Path, model: str, since: datetime | None) -> dict[Key, Observed]:
    """What all processes have seen of a model since its route was last changed."""
    together: dict[Key, Observed] = {}
    for path in sorted((serving_folder / FOLDER).glob("*.json")):
        try:
            content = json.loads(regular_file.read(path))["models"].get(model)
        except (OSError, ValueError, KeyError, RecursionError):
            continue  # Removed meanwhile, or not ours.
        if content is None or content["since"] != _text(since):
            continue
        for item in content["variants"]:
            key, seen = _from_json(item)
            together[key] = together.get(key, Observed()).merged(seen)
    return together


def _numbers(outputs: Mapping[str, np.ndarray]) -> Iterable[tuple[str, float]]:
    for name, batch in outputs.items():
        array = np.asarray(batch)
        if array.dtype.kind not in "fiub" or not array.size:
            continue
        row = array[0].reshape(-1) if array.ndim else array.reshape(-1)
        for place, value in enumerate(row[:_COMPONENTS].tolist()):
            if np.isfinite(value):
                yield (name if row.size == 1 else f"{name}[{place}]"), float(value)


def _to_json(key: Key, seen: Observed) -> dict[str, Any]:
    return {
        "version": key[0],
        "variant": key[1],
        "requests": seen.requests,
        "errors": seen.errors,
        "seconds": vars(seen.seconds),
        "outputs": {name: vars(sample) for name, sample in seen.outputs.items()},
    }


def _from_json(item: Mapping[str, Any]) -> tuple[Key, Observed]:
    outputs = {name: Sample(**sample) for name, sample in item["outputs"].items()}
    seen = Observed(item["requests"], item["errors"], Sample(**item["seconds"]), outputs)
    return (item["version"], item["variant"]), seen


def _text(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
