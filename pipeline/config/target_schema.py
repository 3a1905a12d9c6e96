"""What one model may say of the places in the cloud where its pipeline runs.

What `targets.yaml` says of each of them for all models is in `pipeline/cloud/platforms/`. The
docstring under a key is also what a person reads when the key is missing.
"""

from __future__ import annotations

from typing import Annotated, Literal

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


class Toleration(Section):
    """A taint of the cluster's nodes that tasks may run in spite of, as Kubernetes has it."""

    key: Text | None = None
    """The taint's key; null: any."""
    operator: Literal["Equal", "Exists"] = "Equal"
    """Whether its value has to be the same, or the key alone."""
    value: Text | None = None
    """The taint's value."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Its effect; null: any."""


class Machine(Section):
    """What the Tuner and the Trainer ask for; Vertex AI picks the machine type that has it."""

    cpus: Positive | None = None
    """Processors, at most; null: the platform's default."""
    memory_gb: Positive | None = None
    """Memory in GB, at most; null: the platform's default."""
    accelerator: Accelerator | None = None
    """GPUs; null: none."""
    requested_cpus: Positive | None = None
    """Kubeflow only: the processors that a node must have free; null: `cpus`."""
    requested_memory_gb: Positive | None = None
    """Kubeflow only: the memory in GB that a node must have free; null: `memory_gb`."""
    node_selector: dict[Text, str] = pydantic.Field(default_factory=dict)
    """Kubeflow only: labels that a node must have, beside those for all tasks."""
    tolerations: tuple[Toleration, ...] = ()
    """Kubeflow only: taints of nodes that are no hindrance, beside those for all tasks."""


class ModelTarget(Section):
    """What one model needs of a target; a key that is set stands in for the target's."""

    training: Machine | None = None
    """The machine for Tuner and Trainer."""
    beam: Beam | None = None
    """Where the data nodes run."""
