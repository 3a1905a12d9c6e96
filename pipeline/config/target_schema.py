"""What `targets.yaml` may say of the places in the cloud where pipelines run.

The docstring under a key is also what a person reads when the key is missing.
"""

from __future__ import annotations

import re
from typing import Annotated

import pydantic
from pydantic import Field

from pipeline.config.base import Count, Section, Text, refuse


class Beam(Section):
    """Where the data nodes run."""

    args: tuple[Text, ...] = ("--runner=FnApiRunner",)
    """Beam pipeline options. The default runs in the process, without trying Prism first."""


Positive = Annotated[float, Field(gt=0)]
IMAGE_RULE = "expected a digest (name@sha256:...) or a tag other than latest"
_BY_CONTENT = re.compile(r"\S+@sha256:[0-9a-f]{64}")
_FOLDER_URI = re.compile(r"[a-z][a-z0-9+.-]*://[^\s/]+(/[^\s/]+)*/?")
# Vertex AI's own containers for predictions have no tag but latest.
_PREBUILT = re.compile(r"[a-z]+-docker\.pkg\.dev/vertex-ai/prediction/[\w.-]+:latest")
_TAGGED = re.compile(r"\S+/[^\s:@]+:([\w][\w.-]{0,127})")


def is_named_by_content(image: str) -> bool:
    """Whether a container image has a digest, or a tag that does not say to change."""
    tag = _TAGGED.fullmatch(image)
    return bool(_BY_CONTENT.fullmatch(image)) or (tag is not None and tag[1] != "latest")


def _by_content(image: str) -> str:
    if not is_named_by_content(image):
        refuse(IMAGE_RULE)
    return image


def _serves(image: str) -> str:
    return image if _PREBUILT.fullmatch(image) else _by_content(image)


Image = Annotated[Text, pydantic.AfterValidator(_by_content)]
ServingImage = Annotated[Text, pydantic.AfterValidator(_serves)]


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


class Endpoint(Section):
    """A Vertex AI endpoint to deploy to, in the place of a bucket."""

    name: Text
    """The endpoint's display name; it is created if there is none."""
    image: ServingImage
    """The container that serves: one of Vertex AI's own, or one that starts as those do."""
    machine_type: Text = "n1-standard-4"
    """The machine that serves."""
    replicas: Count = 1
    """How many of it, at least."""


class CloudTarget(Section):
    """What is the same on Vertex AI and on a Kubeflow cluster."""

    bucket: Text
    """Where artifacts, code bundles and pushed models go: a bucket, or a folder in one."""
    data: Text | None = None
    """The bucket or folder that relative `data.path`s of models are in."""
    image: Image | None = None
    """The pipeline's image; null: --image or PIPELINE_IMAGE names it."""
    training: Machine = Machine()
    """The machine for Tuner and Trainer."""
    beam: Beam | None = None
    """Where the data nodes run; null: where the model's `beam` says."""

    @pydantic.field_validator("bucket", "data")
    @classmethod
    def _is_a_uri(cls, folder: str | None) -> str | None:
        if folder is not None and not _FOLDER_URI.fullmatch(folder):
            refuse("expected the URI of a bucket or of a folder in one, such as gs://bucket/folder")
        return folder and folder.rstrip("/")


class VertexTarget(CloudTarget):
    """Vertex AI Pipelines."""

    project: Text
    """The Google Cloud project's id."""
    region: Text
    """The region where pipelines run, such as europe-west4."""
    service_account: Text | None = None
    """Whose permissions the tasks have; null: the project's default."""
    endpoint: Endpoint | None = None
    """Where blessed models are deployed; null: they go to the bucket."""

    @pydantic.field_validator("bucket")
    @classmethod
    def _is_in_google_cloud(cls, bucket: str) -> str:
        if not bucket.startswith("gs://"):
            refuse("expected a bucket of Google Cloud Storage, gs://...")
        return bucket


class KfpTarget(CloudTarget):
    """A Kubeflow Pipelines cluster."""

    service_account: Text | None = None
    """The Kubernetes service account of the run; null: the cluster's default."""


class Targets(Section):
    """The content of `targets.yaml`: a section for each place where pipelines run."""

    vertex: VertexTarget | None = None
    """Vertex AI Pipelines."""
    kfp: KfpTarget | None = None
    """A Kubeflow Pipelines cluster."""


class ModelTarget(Section):
    """What one model needs of a target; a key that is set stands in for the target's."""

    training: Machine | None = None
    """The machine for Tuner and Trainer."""
    beam: Beam | None = None
    """Where the data nodes run."""
