"""The steps by which a version gets from the pipeline's push to its users, in one serving folder.

`stage`, `begin` (the canary's share), `watch`, and `promote` or `roll_back`. Each leaves its state
in the serving folder, so that one that is run again finds what was done and goes on from there: the
version's file of the registry has its steps, `models.config` and `routing.json` its label and
share, `.endings/` how it ended. A newer version takes a canary's place; an older one is refused.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from serving.core.errors import Code, ServingError
from serving.model import models_config, registry
from serving.release import endings
from serving.release.folder import Copy
from serving.release.settings import Canary
from serving.release.store import Store
from serving.routing import changes, compare, state
from serving.routing.compare import Comparison
from serving.routing.state import CANARY, STABLE

Stage = Literal["staged", "canary", "promoted", "rolled back", "superseded"]
"""As the registry has it."""
Check = Callable[[int, Path], None]
_BOUNDED = ("errors", "latency")
"""What `rollback.error_rate` and `rollback.latency_ratio` of `routing.json` are about."""


@dataclass(frozen=True)
class Look:
    """How a version's release stands."""

    version: int
    stage: Stage | Literal["unknown"]
    words: tuple[str, ...] = ()
    """Why, a line for each reason."""


class Release:
    """A model's releases in a serving folder.

    Args:
        store: The serving folder.
        model: The model.
        by: Who does it, for the record.
    """

    def __init__(self, store: Store, model: str, by: str) -> None:
        self._store = store
        self._model = model
        self._by = by

    def stage(self, source: str, commit: str, check: Check | None = None) -> Look:
        """Brings a pushed version into the serving folder, and has it loaded without a share.

        A model's first version there becomes the stable one, as there is nothing beside it.

        Args:
            source: Where the pipeline has pushed it: a folder named by the version's number.
            commit: The commit that its pipeline is of.
            check: What the version is put to before anything is changed.

        Raises:
            ServingError: It is older than what is served, or was rolled back, or is damaged, or a
                bucket cannot be used.
        """
        parent, _, name = source.rstrip("/").rpartition("/")
        if not parent or not (name.isascii() and name.isdigit()):
            raise ServingError(
                Code.INVALID_ARGUMENT, f"'{source}' is no version's folder",
                "Expected: a folder whose name is the version's number.",
                "Name what the pipeline has pushed, such as gs://bucket/serving_models/taxi/17.",
            )  # fmt: skip
        version = int(name)
        now = self.look(version)
        if now.stage in ("canary", "promoted") or (now.stage == "staged" and self._has(version)):
            return now
        with self._copy(versions=True) as copy:
            labels = self._good_labels(copy)
            self._refuse_older(version, _labels(copy, self._model), now)
            folder = copy.folder / self._model
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / name).is_dir():
                Store(parent).fetch(name, folder / name)
            if check is not None:
                check(version, folder / name)
            why = f"of commit {commit[:12]}"
            if STABLE in labels:
                changes.canary(copy.folder, self._model, version, 0.0, 0.0, self._by, why)
            else:
                changes.promote(copy.folder, self._model, version, self._by, why)
            self._store.put(folder / name, f"{self._model}/{name}")
            copy.push()
            made = registry.record(folder, version, copy.folder / "no runs")
            self._write(made.model_copy(update={"release": _release(commit, source)}))
            self._add(version, "staged")
            if labels.get(CANARY) not in (None, version):
                self._add(labels[CANARY], "superseded", f"by version {version}")
        return self.look(version)

    def begin(self, version: int, share: float) -> Look:
        """Gives a staged version its share of the requests; one that is stable needs none.

        Raises:
            ServingError: It is not staged, or the bucket cannot be used.
        """
        now = self.look(version)
        if now.stage in ("promoted", "rolled back"):
            return now
        with self._copy(versions=False) as copy:
            if _labels(copy, self._model).get(CANARY) != version:
                raise self._not_there(version, now)
            route = state.read(copy.folder).of(self._model)
            if route.canary_share != share:  # Else it goes on as it is, with what was observed.
                changes.route(copy.folder, self._model, {"canary_share": share}, self._by, "")
                self._add(version, "canary", f"with {share:.0%} of the requests")
                copy.push()
        return self.look(version)

    def promote(self, version: int, why: str = "") -> Look:
        """Gives a version all of the requests.

        Raises:
            ServingError: It is not staged, or the bucket cannot be used.
        """
        now = self.look(version)
        if now.stage in ("unknown", "superseded", "rolled back"):
            raise self._not_there(version, now)
        if now.stage != "promoted":
            made = endings.ending(self._model, version, "promoted", self._by, why)
            endings.add(self._store, made)
        return self.look(version)

    def roll_back(self, version: int, why: str = "") -> Look:
        """Takes a version out of the traffic: the one before it has all of it then.

        The first one has none before it: it stays loaded until the next one takes its place, and
        whoever has given the server traffic takes it away.

        Raises:
            ServingError: The bucket cannot be used.
        """
        now = self.look(version)
        if now.stage in ("unknown", "superseded", "rolled back"):
            return now
        with self._copy(versions=now.stage == "promoted") as copy:
            labels = _labels(copy, self._model)
            made = endings.ending(self._model, version, "rolled back", self._by, why)
            before = _before(copy, self._model, version)
            last = endings.of(before, self._model, endings.read(self._store))
            if last is not None and last.outcome == "rolled back":
                before = None
            if labels.get(STABLE) == version and before is not None:
                folder = copy.folder / self._model / str(before)
                if not folder.is_dir():  # It is not loaded any more.
                    self._store.fetch(f"{self._model}/{before}", folder)
                changes.rollback(copy.folder, self._model, self._by, why)
                copy.push()
            endings.add(self._store, made)
        return self.look(version)

    def watch(self, version: int, settings: Canary, now: datetime | None = None) -> Look:
        """Looks at a canary, and ends it where that is due.

        It is rolled back where it surely has more errors, or is slower, than `routing.json` allows;
        promoted once it has answered, or was watched, as long as the settings say.

        Raises:
            ServingError: It was given no share yet, or the bucket cannot be used.
        """
        found = self.look(version)
        if found.stage in ("unknown", "staged"):
            raise self._not_there(version, found)
        if found.stage != "canary":
            return found
        with self._copy(versions=False) as copy:
            copy.pull_observations()
            seen = compare.compare(copy.folder, self._model)[0]
            rules = state.read(copy.folder).of(self._model).rollback
        time = (now or datetime.now(timezone.utc)) - (seen.since or datetime.now(timezone.utc))
        words = seen.words()
        if not seen.enough:
            return Look(version, "canary", tuple(words))
        if bad := _reasons(seen, rules, settings):
            return self.roll_back(version, " ".join(bad))
        if seen.other.requests >= settings.requests or time >= settings.time:
            return self.promote(version, " ".join(words))
        left = (
            f"It has {seen.other.requests} of {settings.requests} requests, "
            f"and {time.total_seconds() / 3600:.1f} of {settings.hours:g} hours."
        )
        return Look(version, "canary", (*words, left))

    def look(self, version: int) -> Look:
        """How a version's release stands.

        Raises:
            ServingError: The bucket cannot be read.
        """
        ended = endings.of(version, self._model, endings.read(self._store))
        with self._copy(versions=False) as copy:
            labels = _labels(copy, self._model)
            share = state.read(copy.folder).of(self._model).canary_share
        if ended is not None:
            who = f"{ended.outcome} by {ended.by} at {ended.time:%Y-%m-%d %H:%M} UTC"
            told = "The webhook was told." if ended.told else ""
            return Look(version, ended.outcome, tuple(filter(None, (who, ended.why, told))))
        if labels.get(STABLE) == version:
            return Look(version, "promoted")
        if labels.get(CANARY) == version:
            return Look(version, "canary" if share else "staged")
        return Look(version, "superseded" if self._has(version) else "unknown")

    def status(self) -> dict[str, Any]:
        """Which versions are stable and canary, their commits, and the canary's share.

        Raises:
            ServingError: The bucket cannot be read.
        """
        with self._copy(versions=False) as copy:
            labels = self._good_labels(copy)
            route = state.read(copy.folder).of(self._model)
        found: dict[str, Any] = {"model": self._model, "canary_share": route.canary_share}
        for label in (STABLE, CANARY):
            version = labels.get(label)
            record = self._read(version) if version is not None else None
            commit = record.release.commit if record and record.release else None
            found[label] = None if version is None else {"version": version, "commit": commit}
        return found

    def _refuse_older(self, version: int, labels: dict[str, int], now: Look) -> None:
        served = max(labels.values(), default=-1)
        if version < served or now.stage in ("rolled back", "superseded"):
            state_of = f"is older than version {served}, which is served"
            if now.stage in ("rolled back", "superseded"):
                state_of = f"was {now.stage} before"
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f"Version {version} of '{self._model}' {state_of}",
                "\n".join(now.words),
                "Push a new version: python -m pipeline run, or a push to main.",
            )

    def _not_there(self, version: int, now: Look) -> ServingError:
        return ServingError(
            Code.FAILED_PRECONDITION,
            f"Version {version} of '{self._model}' is no canary of {self._store.address}",
            f"It is {now.stage}. {' '.join(now.words)}".strip(),
            f"See what is: python -m serving release status {self._model}",
        )

    def _good_labels(self, copy: Copy) -> dict[str, int]:
        """The labels, without a first version that was rolled back: nothing has its place yet."""
        labels = _labels(copy, self._model)
        ended = endings.of(labels.get(STABLE), self._model, endings.read(self._store))
        if ended is not None and ended.outcome == "rolled back":
            return {label: version for label, version in labels.items() if label != STABLE}
        return labels

    @contextlib.contextmanager
    def _copy(self, versions: bool) -> Iterator[Copy]:
        with tempfile.TemporaryDirectory(prefix="release-") as folder:
            copy = Copy(self._store, Path(folder))
            copy.pull(versions)
            yield copy

    def _file(self, version: int) -> str:
        return f"{self._model}/{version}.json"

    def _has(self, version: int) -> bool:
        return self._read(version) is not None

    def _read(self, version: int) -> registry.Record | None:
        content = self._store.read(self._file(version))
        return None if content is None else registry.Record.model_validate_json(content)

    def _write(self, record: registry.Record) -> None:
        content = json.dumps(record.model_dump(mode="json"), indent=2)
        self._store.write(self._file(record.number), f"{content}\n".encode())

    def _add(self, version: int, stage: Stage, why: str = "") -> None:
        """Adds a step to a version's file."""
        record = self._read(version)
        if record is None or record.release is None:
            return
        time = datetime.now(timezone.utc)
        step = registry.Step(stage=stage, time=time, by=self._by, why=why)
        release = record.release.model_copy(update={"steps": (*record.release.steps, step)})
        self._write(record.model_copy(update={"release": release}))


def _release(commit: str, source: str) -> registry.Release:
    return registry.Release(commit=commit, source=source)


def _labels(copy: Copy, model: str) -> dict[str, int]:
    models = models_config.read(copy.folder / models_config.FILE)
    return dict(models[model].labels) if model in models else {}


def _before(copy: Copy, model: str, version: int) -> int | None:
    """The version whose place another has taken."""
    for event in reversed(state.read(copy.folder).events):
        if (event.model, event.action, event.version) == (model, "promote", version):
            return event.previous
    return None


def _reasons(seen: Comparison, rules: state.Rollback, settings: Canary) -> list[str]:
    """Why a canary has to be taken out; empty where nothing says so beyond doubt."""
    found = []
    for difference in seen.differences:
        stable, canary = difference.stable, difference.other
        if not difference.significant:
            continue
        if difference.name == "errors" and canary - stable > rules.error_rate:
            found.append(f"It has {canary:.2%} errors, the stable version {stable:.2%}.")
        if difference.name == "latency" and canary > rules.latency_ratio * stable:
            found.append(f"It takes {canary * 1e3:.1f} ms, the stable version {stable * 1e3:.1f}.")
        if difference.name not in _BOUNDED and settings.other_answers == "roll back":
            found.append(f"Its '{difference.name}' is another than the stable version's.")
    return found
