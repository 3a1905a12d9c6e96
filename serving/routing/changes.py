"""Changes of what is served: canary, promote, rollback, route.

Labels and versions go to `models.config`, the rest to `routing.json`, under one lock. The route is
written first: a canary that has a share but no label yet gets no traffic.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Literal

from serving.core.errors import Code, ServingError
from serving.core.files.settings_file import did_you_mean
from serving.model import manifest, models_config, version_folders
from serving.model.models_config import ServedModel
from serving.routing import state
from serving.routing.state import CANARY, STABLE, Event, Route, Routing

_EVENTS_KEPT = 1000
Action = Literal["canary", "promote", "rollback", "route"]


Check = Callable[[int, Path], None]
"""Raises a ServingError for a version and its folder, if it can answer nobody."""


def canary(
    folder: Path,
    model: str,
    version: int | None,
    share: float,
    mirror: float,
    by: str,
    why: str,
    check: Check | None = None,
) -> Event:
    """Gives a version a share of the traffic.

    Args:
        folder: The serving folder.
        model: The model's name.
        version: The canary; None for the highest.
        share: The share of the requests that it answers.
        mirror: The share of the stable version's requests of which it gets a copy.
        by: Who wants it.
        why: The reason; may be empty.
        check: What the version is put to before anything is changed.

    Raises:
        ServingError: There is no such version, it is damaged, or there is no other one to be
            stable.
    """
    with _edit(folder, model) as change:
        chosen = change.intact(change.existing(version))
        stable = change.stable(other_than=chosen)
        change.put_to(check, chosen)
        change.labels = {STABLE: stable, CANARY: chosen}
        change.route = change.route.model_copy(
            update={"canary_share": share, "mirror_share": mirror}
        )
        return change.done("canary", chosen, change.served.labels.get(CANARY), by, why)


def promote(
    folder: Path, model: str, version: int | None, by: str, why: str, check: Check | None = None
) -> Event:
    """Makes a version the stable one: by default the canary, or the highest if there is none.

    The version that was stable stays loaded, so that going back takes no time.

    Raises:
        ServingError: There is no such version, or it is damaged.
    """
    with _edit(folder, model) as change:
        chosen = change.intact(change.existing(version or change.served.labels.get(CANARY)))
        change.put_to(check, chosen)
        previous = change.served.labels.get(STABLE)
        change.keep_loaded = previous
        change.labels = {STABLE: chosen}
        change.take_no_share()
        return change.done("promote", chosen, previous, by, why)


def rollback(
    folder: Path,
    model: str,
    by: str,
    why: str,
    only_canary: int | None = None,
    check: Check | None = None,
) -> Event:
    """Takes the canary out; without one, makes the version stable that was so before.

    Args:
        folder: The serving folder.
        model: The model's name.
        by: Who wants it.
        why: The reason; may be empty.
        only_canary: Only if this version is the canary, as somebody may have changed it meanwhile.
        check: What the version that gets the traffic is put to before anything is changed.

    Raises:
        ServingError: There is nothing to go back to.
    """
    with _edit(folder, model) as change:
        labels = change.served.labels
        present = labels.get(CANARY)
        if only_canary is not None and present != only_canary:
            raise ServingError(Code.ABORTED, f"Version {only_canary} of '{model}' is no canary now")
        if present is not None:
            stable = change.stable(other_than=present)
        else:
            stable = change.stable_before()
            change.keep_loaded = labels.get(STABLE)
        change.put_to(check, stable)
        change.labels = {STABLE: stable}
        change.take_no_share()
        return change.done("rollback", stable, present or labels.get(STABLE), by, why)


def route(folder: Path, model: str, changes: dict[str, Any], by: str, why: str) -> Event:
    """Changes a model's shares, stickiness or rules of rollback.

    Args:
        folder: The serving folder.
        model: The model's name.
        changes: Keys of `state.Route`; those of `rollback` are merged into what is there.
        by: Who wants it.
        why: The reason; may be empty.

    Raises:
        ServingError: There is a share and no canary to get it.
    """
    with _edit(folder, model) as change:
        rules = change.route.rollback.model_copy(update=changes.pop("rollback", {}))
        change.route = change.route.model_copy(update={**changes, "rollback": rules})
        shared = change.route.canary_share or change.route.mirror_share
        if shared and CANARY not in change.served.labels:
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f"'{model}' has no canary that could get a share",
                remedy=f"Name one: python -m serving canary {model} VERSION --share {shared}",
            )
        return change.done("route", change.served.labels.get(CANARY), None, by, why)


def check_model(model: str, models: Collection[str], folder: Path) -> None:
    """Checks that there is such a model.

    Raises:
        ServingError: There is none.
    """
    if model not in models:
        raise ServingError(
            Code.NOT_FOUND,
            f"There is no model '{model}'{did_you_mean(model, models)}",
            f"{folder} has: {', '.join(sorted(models)) or 'none'}.",
            "Push one: python -m pipeline run",
        )


class _Change:
    """A model's settings under the lock, and what becomes of them."""

    def __init__(self, folder: Path, served: ServedModel, routing: Routing) -> None:
        self.served = served
        self.route: Route = routing.of(served.name)
        self.labels: dict[str, int] | None = None
        """The new stable and canary; None leaves them."""
        self.keep_loaded: int | None = None
        self.event: Event | None = None
        self._routing = routing
        self._folder = served.folder(folder)
        self._ready = sorted(version_folders.versions(self._folder))

    def put_to(self, check: Check | None, version: int) -> None:
        """Puts a version that is to get traffic to a check, if there is one."""
        if check is not None:
            check(version, self._folder / str(version))

    def existing(self, version: int | None) -> int:
        """The version, or the highest."""
        if version is None and self._ready:
            return self._ready[-1]
        if version in self._ready and version is not None:
            return version
        if lost := version_folders.without_model(self._folder).get(version or 0):
            manifest.check(lost)
        raise ServingError(
            Code.NOT_FOUND,
            f"'{self.served.name}' has no version {version if version is not None else 'yet'}",
            f"There is: {', '.join(map(str, self._ready)) or 'none'}.",
            "Name one of these, or push a model: python -m pipeline run",
        )

    def intact(self, version: int) -> int:
        """The version, which is read and compared with what was pushed."""
        manifest.check(self._folder / str(version))
        return version

    def stable(self, other_than: int) -> int:
        """The stable version; without a label, the highest of the others."""
        labelled = self.served.labels.get(STABLE)
        if labelled is not None and labelled != other_than:
            return labelled
        others = [version for version in self._ready if version != other_than]
        if others and labelled is None:
            return others[-1]
        raise ServingError(
            Code.FAILED_PRECONDITION,
            f"Version {other_than} of '{self.served.name}' is the stable one, or the only one",
            f"There is: {', '.join(map(str, self._ready))}.",
            "A canary needs a stable version beside it.",
        )

    def stable_before(self) -> int:
        """The version that the stable one replaced."""
        now = self.served.labels.get(STABLE)
        for event in reversed(self._routing.events):
            was = event.model == self.served.name and event.action == "promote"
            if was and event.version == now and event.previous in self._ready:
                return event.previous
        raise ServingError(
            Code.FAILED_PRECONDITION,
            f"'{self.served.name}' has no canary, and no version was stable before",
            f"Stable: {now}. There is: {', '.join(map(str, self._ready))}.",
            f"Name one: python -m serving promote {self.served.name} VERSION",
        )

    def take_no_share(self) -> None:
        """All of the traffic to the stable version."""
        self.route = self.route.model_copy(update={"canary_share": 0.0, "mirror_share": 0.0})

    def done(
        self, action: Action, version: int | None, previous: int | None, by: str, why: str
    ) -> Event:
        """Says what was changed."""
        now = datetime.now(timezone.utc)
        self.route = self.route.model_copy(update={"since": now})
        self.event = Event(
            time=now, model=self.served.name, action=action, version=version, previous=previous,
            by=by, why=why,
        )  # fmt: skip
        return self.event

    def result(self) -> tuple[ServedModel, Routing]:
        """The new content of both files."""
        served, name = self.served, self.served.name
        if self.labels is not None:
            others = {k: v for k, v in served.labels.items() if k not in (STABLE, CANARY)}
            kept = {*self.labels.values(), *others.values(), self.keep_loaded}
            loaded = tuple(version for version in self._ready if version in kept)
            served = dataclasses.replace(served, labels={**others, **self.labels}, versions=loaded)
        events = (*self._routing.events, *([self.event] if self.event else []))[-_EVENTS_KEPT:]
        models = {**self._routing.models, name: self.route}
        return served, self._routing.model_copy(update={"models": models, "events": events})


@contextlib.contextmanager
def _edit(folder: Path, model: str) -> Iterator[_Change]:
    if not folder.is_dir():
        raise ServingError(
            Code.NOT_FOUND, f"There is no serving folder {folder}", remedy="Name it: --models DIR"
        )
    file = folder / models_config.FILE
    with models_config.edit(file) as models:
        if not file.exists():
            # Without the file every model is served; the first edit must not take any out.
            names = [path.name for path in version_folders.models(folder)]
            models.update({name: ServedModel(name) for name in names})
        if model not in models and version_folders.versions(folder / model):
            models[model] = ServedModel(model)
        check_model(model, models, folder)
        change = _Change(folder, models[model], state.read(folder))
        yield change
        models[model], routing = change.result()
        state.write(folder, routing)
