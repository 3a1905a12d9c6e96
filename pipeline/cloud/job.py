"""What is submitted, whatever the target is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from models.common.errors import ConfigError

_NAME = re.compile(r"[a-z](?:[-a-z0-9]{0,126}[a-z0-9])?")
_NOT_IN_A_LABEL = re.compile(r"[^-_a-z0-9]")


@dataclass(frozen=True)
class Job:
    """A compiled pipeline, ready to be submitted."""

    name: str
    """Unique among the platform's jobs."""
    model: str
    specification: Path
    """The file, with the platform's `specification_suffix`."""
    labels: dict[str, str]
    """The commit, the model and the data's hash."""
    cached: bool = True
    """Whether what has not changed may come from the cache."""
    cron: str | None = None
    """When to run it, again and again; None: now, once."""


def name(model: str, suffix: str) -> str:
    """A job's name.

    Raises:
        ConfigError: It would not be one that Vertex AI and Kubernetes take.
    """
    found = f"{model.lower().replace('_', '-')}-{suffix}"
    if not _NAME.fullmatch(found):
        raise ConfigError(
            f"'{found}' cannot be a job's name",
            "Expected: a small letter, then small letters, digits and hyphens, 128 at most.",
            "Choose another --run.",
        )
    return found


def label(value: str) -> str:
    """A value as Google Cloud's labels have it."""
    return _NOT_IN_A_LABEL.sub("-", value.lower())[:63]
