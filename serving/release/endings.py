"""How a canary ended: a file of its own in the serving folder, which nobody writes over.

`.endings/<model>/<version>.<outcome>.json` in a bucket is added by who watches the canary, or by a
server that has rolled it back; neither needs a right to change the labels, which stand in
`models.config` and `routing.json`. An ending has effect on the version that is the canary there and
on no other: so whoever watches can promote what was approved, and nothing else. Each server takes
the endings into account; where a canary was both promoted and rolled back, the latter holds.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from serving.core import logs
from serving.model.models_config import ServedModel
from serving.release.store import Store
from serving.routing.state import CANARY, STABLE, Event, Routing

FOLDER = ".endings"
Outcome = Literal["promoted", "rolled back"]


class Ending(BaseModel):
    """The end of a version's time as a canary."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    model: str
    version: int
    outcome: Outcome
    by: str
    """A user, a workflow's run, or `automatic`."""
    why: str = ""
    time: datetime
    told: bool = False
    """Whether a webhook was told by who has written this."""

    @property
    def name(self) -> str:
        """Its file."""
        return f"{FOLDER}/{self.model}/{self.version}.{self.outcome.replace(' ', '-')}.json"


def ending(
    model: str, version: int, outcome: Outcome, by: str, why: str, told: bool = False
) -> Ending:
    """An ending of now."""
    now = datetime.now(timezone.utc)
    return Ending(
        model=model, version=version, outcome=outcome, by=by, why=why, time=now, told=told
    )


def add(store: Store, made: Ending) -> bool:
    """Writes an ending, unless it is there; returns whether it was not.

    Raises:
        ServingError: It cannot be written.
    """
    if store.read(made.name) is not None:
        return False
    store.write(made.name, (made.model_dump_json(indent=2) + "\n").encode())
    return True


def read(store: Store, known: Iterable[Ending] = ()) -> list[Ending]:
    """All endings.

    Args:
        store: The serving folder.
        known: Those that were read before; they are not read again.

    Raises:
        ServingError: The bucket cannot be read.
    """
    found = {each.name: each for each in known}
    for name in store.names(FOLDER):
        if name not in found and name.endswith(".json"):
            try:
                found[name] = Ending.model_validate_json(store.read(name) or b"")
            except ValidationError as error:
                logs.event("ending not read", "warning", file=name, error=str(error)[:500])
    return list(found.values())


def of(version: int | None, model: str, endings: Iterable[Ending]) -> Ending | None:
    """The ending of a version that holds, if it has one."""
    own = [each for each in endings if (each.model, each.version) == (model, version)]
    return min(own, key=lambda each: (each.outcome == "promoted", each.time), default=None)


def settled(
    models: dict[str, ServedModel], routing: Routing, endings: Iterable[Ending]
) -> tuple[dict[str, ServedModel], Routing]:
    """Labels and shares once the endings have had their effect."""
    endings = list(endings)
    for name, served in models.items():
        canary = served.labels.get(CANARY)
        found = of(canary, name, endings)
        if canary is None or found is None:
            continue
        before = served.labels[STABLE]
        stable = canary if found.outcome == "promoted" else before
        labels = {key: value for key, value in served.labels.items() if key != CANARY}
        models = {**models, name: dataclasses.replace(served, labels={**labels, STABLE: stable})}
        event = Event(
            time=found.time, model=name,
            action="promote" if found.outcome == "promoted" else "rollback",
            version=stable, previous=before if stable == canary else canary,
            by=found.by, why=found.why,
        )  # fmt: skip
        none = {"canary_share": 0.0, "mirror_share": 0.0, "since": found.time}
        routes = {**routing.models, name: routing.of(name).model_copy(update=none)}
        routing = routing.model_copy(
            update={"models": routes, "events": (*routing.events, event)[-1000:]}
        )
    return models, routing
