"""What one model may say of the places in the cloud where its pipeline runs.

What `targets.yaml` says of each of them for all models is in `pipeline/cloud/platforms/`. The
docstring under a key is also what a person reads when the key is missing.
"""

from __future__ import annotations

from typing import Annotated

import pydantic
from pydantic import Field
from pydantic_core import PydanticKnownError

from pipeline.config import platform_names
from pipeline.config.base import Count, Section, Text


def _is_known(name: str) -> str:
    # Not a Literal: its names would be those of the time when this module was imported.
    names = platform_names.names()
    if name not in names:
        expected = " or ".join(map(repr, names))
        raise PydanticKnownError("literal_error", {"expected": expected})
    return name


PlatformName = Annotated[str, pydantic.AfterValidator(_is_known)]
Positive = Annotated[float, Field(gt=0)]


class Beam(Section):
    """Where the data nodes run."""

    args: tuple[Text, ...] = ("--runner=FnApiRunner",)
    """Beam pipeline options. The default runs in the process, without trying Prism first."""


class Accelerator(Section):
    """GPUs of the machine that trains."""

    type: Text
    """Vertex AI: such as NVIDIA_TESLA_T4. Kubeflow: the resource's name, nvidia.com/gpu."""
    count: Count = 1
    """How many."""


class Machine(Section):
    """What the Tuner and the Trainer ask for; Vertex AI picks the machine type that has it."""

    cpus: Positive | None = None
    """Processors; null: the platform's default."""
    memory_gb: Positive | None = None
    """Memory in GB; null: the platform's default."""
    accelerator: Accelerator | None = None
    """GPUs; null: none."""


class ModelTarget(Section):
    """What one model needs of a target; a key that is set stands in for the target's."""

    training: Machine | None = None
    """The machine for Tuner and Trainer."""
    beam: Beam | None = None
    """Where the data nodes run."""
