"""What is submitted, whatever the target is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.common.errors import ConfigError

_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,126}[a-z0-9])?")
_NOT_IN_A_LABEL = re.compile(r"[^-_a-z0-9]")


_NODES = "tfx-dag"
"""The component that TFX's compiler puts a pipeline's nodes into, beside its exit handler."""


@dataclass(frozen=True)
class Job:
    """A compiled pipeline, ready to be submitted."""

    name: str
    """Unique among the platform's jobs; of a schedule, the same for all of the model's."""
    model: str
    specification: Path
    """The file, with the platform's `specification_suffix`."""
    labels: dict[str, str]
    """The commit, the model and the data's hash."""
    image: str = ""
    """The pipeline's image."""
    cached: bool = True
    """Whether what has not changed may come from the cache."""
    cron: str | None = None
    """When to run it, again and again; None: now, once."""

    def description(self) -> str:
        """What it is of, as lines of `label: value`."""
        what = {**self.labels, "image": self.image}
        return "\n".join(f"{key}: {value}" for key, value in what.items() if value)


@dataclass(frozen=True)
class Accepted:
    """What came of a submission that the platform knows of."""

    where: str
    """A page that shows it, or its id."""
    notes: Sequence[str] = ()
    """What else a person has to know, such as which schedule it replaced."""
    run: str | None = None
    """What the platform calls the run, by which its record is found; None for a schedule."""


@dataclass(frozen=True)
class Schedule:
    """A schedule of a model on a platform."""

    id: str
    name: str
    cron: str
    """As the platform has it."""
    enabled: bool
    created: str
    """The time, as the platform writes it."""


def name(model: str, suffix: str | None) -> str:
    """A job's name.

    Args:
        model: The model's name.
        suffix: Its end; None: the name of a schedule, which has none.

    Raises:
        ConfigError: It would not be one that Vertex AI and Kubernetes take.
    """
    found = model.lower().replace("_", "-")
    found = found.strip("-") if suffix is None else f"{found}-{suffix}"
    if not _NAME.fullmatch(found):
        raise ConfigError(
            f"'{found}' cannot be a job's name",
            "Expected: a small letter, then small letters, digits and hyphens, 128 at most.",
            "Choose another --run." if suffix is not None else "Choose another name for the model.",
        )
    return found


def labels_of(job: Job) -> dict[str, str]:
    """A job's labels, with its image's name and tag or digest."""
    image = {"image": label(job.image.rpartition("/")[2])} if job.image else {}
    return {**job.labels, **image}


def tasks_of(specification: Mapping[str, Any]) -> dict[str, Any]:
    """The tasks of the pipeline's nodes in a compiled specification, without the exit handler.

    Args:
        specification: A KFP `PipelineSpec` in JSON.
    """
    within = specification.get("components", {}).get(_NODES, specification["root"])
    tasks: dict[str, Any] = within["dag"]["tasks"]
    return tasks


def label(value: str) -> str:
    """A value as Google Cloud's labels have it."""
    return _NOT_IN_A_LABEL.sub("-", value.lower())[:63]
