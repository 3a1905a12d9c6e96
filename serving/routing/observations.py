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
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from serving.core.errors import Code
from serving.core.files import regular_file
from serving.core.files.atomic_file import write_whole
from serving.core.hooks import Outcome
from serving.routing.sequential import Bets, Counts

FOLDER = ".routing"
_SAMPLE_SIZE = 1000
_COMPONENTS = 5
"""Of an output with many values a row, the first ones that are looked at."""
_KEEP_SECONDS = 7 * 86_400
_NOT_THE_MODELS_FAULT = (401, 403, 429)
_MOST_KEYS = 100_000
_ENOUGH = 30
"""Values by which the levels of a quantity are set, from both versions together."""
_LEVELS = (0.25, 0.5, 0.75)
ERRORS, SECONDS = "errors", "seconds"


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
    """Answers of status 500 and above, answers with numbers that are not finite, and requests that
    this version refuses and the other one does not."""
    seconds: Sample = field(default_factory=Sample)
    """Of answers that were no errors."""
    outputs: dict[str, Sample] = field(default_factory=dict)
    """By name of a numeric output: the first row of each answer, so that the values are
    independent; `name[0]`, `name[1]` ... where a row has several values."""
    counts: dict[str, Counts] = field(default_factory=dict)
    """Independent observations, one for each sticky key, and how many of them were errors, or above
    a level: `errors`, `seconds 0.5`, `name 0.25` ..."""
    bets: dict[str, Bets] = field(default_factory=dict)
    """By the names of `counts`, against the stable version."""

    def add(
        self, outcome: Outcome, levels: Mapping[str, Sequence[float]] = {}, is_new: bool = True
    ) -> None:
        """Counts an outcome.

        Args:
            outcome: What came of a request.
            levels: For each quantity those above which it is counted.
            is_new: Whether no request with the same sticky key has been counted.
        """
        self.requests += 1
        if outcome.clients_mistake or outcome.status in _NOT_THE_MODELS_FAULT:
            return
        failed = outcome.status >= 400 or not _are_finite(outcome.outputs)
        self.errors += failed
        if not is_new:
            return
        self._count(ERRORS, failed)
        if failed:
            return
        self.seconds.add(outcome.seconds)
        values = [(SECONDS, outcome.seconds), *_numbers(outcome.outputs)]
        for name, value in values:
            if name != SECONDS:
                self.outputs.setdefault(name, Sample()).add(value)
            for quantile, level in zip(_LEVELS, levels.get(name, ()), strict=False):
                self._count(f"{name} {quantile:g}", value > level)

    def _count(self, name: str, event: bool) -> None:
        before = self.counts.get(name, Counts())
        self.counts[name] = Counts(before.observed + 1, before.events + event)

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
            {
                name: _sum(self.counts.get(name, Counts()), other.counts.get(name, Counts()))
                for name in sorted(self.counts.keys() | other.counts.keys())
            },
            {
                name: self.bets.get(name, Bets()).merged(other.bets.get(name, Bets()))
                for name in sorted(self.bets.keys() | other.bets.keys())
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
        self._levels: dict[str, dict[str, tuple[float, ...]]] = {}
        self._keys: dict[str, set[tuple[str, int]]] = {}
        """By model, each variant with the hash of a sticky key that has been counted."""
        self._counted: dict[tuple[str, Key], dict[str, tuple[Counts, Counts]]] = {}
        """By model and variant: what the stable version and it had when the last bets were made."""

    def add(self, outcome: Outcome) -> None:
        """Counts an outcome."""
        with self._lock:
            variants = self._models.setdefault(outcome.model, {})
            seen = variants.setdefault((outcome.version, outcome.variant), Observed())
            is_new = self._is_new(outcome)
            seen.add(outcome, self._levels.get(outcome.model, {}), is_new)

    def _is_new(self, outcome: Outcome) -> bool:
        if outcome.key is None:
            return True
        if outcome.clients_mistake:
            return False
        keys = self._keys.setdefault(outcome.model, set())
        key = outcome.variant, hash(outcome.key)
        if key in keys or len(keys) >= _MOST_KEYS:
            return False
        keys.add(key)
        return True

    def bet(self, model: str, stable: Key, other: Key, share: float) -> None:
        """Bets on what was observed since the last call; from the second version's first answer on.

        Args:
            model: The model.
            stable: The stable version.
            other: What is compared with it.
            share: The probability with which an observation is of that.
        """
        with self._lock:
            variants = self._models.get(model, {})
            if stable not in variants or other not in variants:
                return
            a, b = variants[stable], variants[other]
            counted = self._counted.setdefault((model, other), {})
            first = not counted
            for name in a.counts.keys() | b.counts.keys():
                now = a.counts.get(name, Counts()), b.counts.get(name, Counts())
                # What only the stable version had before there was another says nothing.
                before = counted.get(name, (now[0] if first else Counts(), Counts()))
                new = [_sum(x, y, -1) for x, y in zip(now, before, strict=True)]
                b.bets.setdefault(name, Bets()).add(share, *new)
                counted[name] = now
            self._set_levels(model, a, b)

    def _set_levels(self, model: str, a: Observed, b: Observed) -> None:
        levels = self._levels.setdefault(model, {})
        samples = {SECONDS: (a.seconds, b.seconds)} | {
            name: (a.outputs.get(name, Sample()), b.outputs.get(name, Sample()))
            for name in a.outputs.keys() | b.outputs.keys()
        }
        for name, (one, two) in samples.items():
            values = one.values + two.values
            if name not in levels and len(values) >= _ENOUGH:
                levels[name] = tuple(np.quantile(values, _LEVELS).tolist())

    def begin(self, model: str, since: datetime | None) -> None:
        """Forgets what came before the model's route was last changed."""
        with self._lock:
            if self._since.get(model) != since:
                self._since[model] = since
                for known in (self._models, self._levels, self._keys):
                    known.pop(model, None)
                self._counted = {key: of for key, of in self._counted.items() if key[0] != model}

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


def brief(outcome: Outcome) -> Outcome:
    """An outcome of which the same is observed, with no more of its outputs than that takes."""
    if outcome.status >= 400 or not outcome.outputs:
        return replace(outcome, outputs={})
    if not _are_finite(outcome.outputs):
        return replace(outcome, status=Code.INTERNAL.http, outputs={})
    numbers = {
        name: np.asarray(array)[:1].reshape(1, -1)[:, :_COMPONENTS].copy() if array.ndim else array
        for name, array in outcome.outputs.items()
        if array.dtype.kind in "fiub" and array.size
    }
    return replace(outcome, outputs=numbers)


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


def _sum(a: Counts, b: Counts, sign: int = 1) -> Counts:
    return Counts(a.observed + sign * b.observed, a.events + sign * b.events)


def _are_finite(outputs: Mapping[str, np.ndarray]) -> bool:
    return all(array.dtype.kind != "f" or np.isfinite(array).all() for array in outputs.values())


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
        "counts": seen.counts,
        "bets": {name: bets.state() for name, bets in seen.bets.items()},
        "seconds": vars(seen.seconds),
        "outputs": {name: vars(sample) for name, sample in seen.outputs.items()},
    }


def _from_json(item: Mapping[str, Any]) -> tuple[Key, Observed]:
    outputs = {name: Sample(**sample) for name, sample in item["outputs"].items()}
    counts = {name: Counts(*values) for name, values in item.get("counts", {}).items()}
    bets = {name: Bets(*state) for name, state in item.get("bets", {}).items()}
    seconds = Sample(**item["seconds"])
    seen = Observed(item["requests"], item["errors"], seconds, outputs, counts, bets)
    return (item["version"], item["variant"]), seen


def _text(time: datetime | None) -> str | None:
    return time.isoformat() if time else None
