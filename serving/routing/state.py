"""`routing.json` in the serving folder: shares of the traffic, changes, and when to roll back.

Which versions are `stable` and `canary` stands in `models.config`, which TensorFlow Serving reads
too; what that format has no place for stands here.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from serving.core.errors import ServingError
from serving.core.files import settings_file
from serving.core.files.atomic_file import write_whole

FILE = "routing.json"
STABLE = "stable"
CANARY = "canary"

Share = Annotated[float, Field(ge=0, le=1)]


class Rollback(settings_file.Section):
    """When a canary is taken out of the traffic without anybody asking for it."""

    enabled: bool = True
    """Whether that happens at all."""
    min_requests: Annotated[int, Field(ge=20)] = 100
    """How many requests the canary, and the stable version, must have answered."""
    error_rate: Share = 0.0
    """By how much its share of errors may surely exceed the stable version's."""
    latency_ratio: Annotated[float, Field(gt=1)] = 2.0
    """How many times the stable version's median latency its own may be."""


class Route(settings_file.Section):
    """How one model's requests are shared out, if they name neither version nor label."""

    canary_share: Share = 0.0
    """The share of the requests that the canary answers."""
    mirror_share: Share = 0.0
    """The share of the stable version's requests that the canary gets a copy of."""
    sticky: bool = True
    """Whether requests with the same `X-Routing-Key` go to the same version."""
    rollback: Rollback = Rollback()
    """When the canary is rolled back automatically."""
    since: datetime | None = None
    """When labels or shares were last changed; observations count from then."""


class Event(settings_file.Section):
    """A change of labels or shares."""

    time: datetime
    """When."""
    model: str
    """Of which model."""
    action: Literal["canary", "promote", "rollback", "route"]
    """What was done."""
    version: int | None = None
    """The version that it was done to."""
    previous: int | None = None
    """For `promote` and `rollback`: the version that was stable, or canary, before."""
    by: str
    """Who did it: a user, or `automatic`."""
    why: str = ""
    """The reason that was given."""


class Routing(settings_file.Section):
    """The whole file."""

    version: Literal[1] = 1
    """The version of this file's format."""
    models: dict[str, Route] = Field(default_factory=dict)
    """By model."""
    events: tuple[Event, ...] = ()
    """What was changed, oldest first."""

    def of(self, model: str) -> Route:
        """A model's route; all to the stable version where none is set."""
        return self.models.get(model, Route())


def read(serving_folder: Path) -> Routing:
    """Reads the file; a missing one means that no model has a canary.

    Raises:
        ServingError: It is not usable.
    """
    try:
        return settings_file.read(serving_folder / FILE, Routing)
    except ServingError as error:
        purpose = "The file says how requests are shared out, and what was changed."
        repair = "Or set it aside: python -m serving repair"
        raise ServingError(
            error.code, error.message, f"{error.detail}\n{purpose}", f"{error.remedy} {repair}"
        ) from error


def write(serving_folder: Path, routing: Routing) -> None:
    """Replaces the file in one step.

    Raises:
        ServingError: It cannot be written.
    """
    content = {"version": 1, **routing.model_dump(mode="json", exclude_defaults=True)}
    write_whole(serving_folder / FILE, json.dumps(content, indent=2) + "\n")
