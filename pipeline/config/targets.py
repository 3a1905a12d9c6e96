"""Reads `targets.yaml`, and says what a model's pipeline gets of a target."""

from __future__ import annotations

import os
import typing
from pathlib import Path
from typing import Literal

import pydantic

from models.common.errors import ConfigError, did_you_mean
from pipeline.config import beam_arguments, project, yaml_file
from pipeline.config.errors import explain
from pipeline.config.model_config import ModelConfig
from pipeline.config.target_schema import (
    IMAGE_RULE,
    Beam,
    CloudTarget,
    KfpTarget,
    ModelTarget,
    Targets,
    VertexTarget,
    is_named_by_content,
)

FILE = "targets.yaml"
TARGET = "PIPELINE_TARGET"
"""The environment variable that names the target for entry points without options."""
IMAGE = "PIPELINE_IMAGE"
"""The environment variable that names the pipeline's image."""

Kind = Literal["vertex", "kfp"]

_NO_IMAGE = f"rehearsal@sha256:{'0' * 64}"
_MADE_UP: dict[Kind, CloudTarget] = {
    "vertex": VertexTarget(project="rehearsal", region="nowhere", bucket="gs://rehearsal"),
    "kfp": KfpTarget(bucket="gs://rehearsal"),
}


def kind(name: str) -> Kind:
    """The kind of target that a name names.

    Raises:
        ConfigError: There is no such kind.
    """
    for known in typing.get_args(Kind):
        if name == known:
            return known
    known = typing.get_args(Kind)
    raise ConfigError(
        f"There is no target '{name}'{did_you_mean(name, known)}",
        f"Expected: {' or '.join(known)}.",
    )


def load(
    kind: Kind, model: str, config: ModelConfig, image: str | None = None, root: Path = project.ROOT
) -> CloudTarget:
    """A target, with what the model's configuration says of it.

    Args:
        kind: The section of `targets.yaml`.
        model: The model's name.
        config: Its configuration.
        image: The pipeline's image; None: PIPELINE_IMAGE, or what the file says.
        root: The project's root.

    Returns:
        A target that has an image.

    Raises:
        ConfigError: The file is missing or not valid, or there is no image, or the data is not
            where the target could read it.
    """
    target = getattr(read(root), kind)
    if target is None:
        raise ConfigError(
            f"{FILE} has no section '{kind}'",
            f"Expected: {kind}, with where its pipelines run and keep what they make.",
            "Add it; docs/kubeflow.md has one to start from.",
        )
    target = overridden(target, kind, config)
    target = target.model_copy(update={"image": _image(image, target, kind)})
    target = target.model_copy(update={"beam": _beam(target, kind, model, config)})
    if "://" not in config.data.path and (
        target.data is None or Path(config.data.path).is_absolute()
    ):
        raise ConfigError(
            f"models/{model}/config.yaml: a container in the cloud cannot read data.path",
            f"Received: {config.data.path}, and {kind}.data: {target.data or 'nothing'} in {FILE}.",
            f"Copy the data to a bucket and set {kind}.data to the folder that then holds a "
            "relative data.path; or set data.path to a URI.",
        )
    return target


def for_rehearsal(
    kind: Kind, model: str, config: ModelConfig, root: Path = project.ROOT
) -> CloudTarget:
    """The target as a rehearsal has it: no image, all in buckets, Beam in the task's process.

    Where `targets.yaml` does not speak of it, buckets of a made-up name stand for it.

    Raises:
        ConfigError: The file is not valid, or the data is not on this machine.
    """
    if "://" in config.data.path or Path(config.data.path).is_absolute():
        raise ConfigError(
            f"models/{model}/config.yaml: data.path is not in the project's folder",
            f"Received: {config.data.path}. A rehearsal reads files of this machine alone.",
            "Name a sample for the rehearsal, such as --set data.path=data/sample.csv.",
        )
    named = getattr(read(root), kind) if (root / FILE).exists() else None
    target = overridden(named or _MADE_UP[kind], kind, config)
    changes = {"image": _NO_IMAGE, "data": target.data or target.bucket, "beam": Beam()}
    if isinstance(target, VertexTarget):
        changes["endpoint"] = None
    return target.model_copy(update=changes)


def read(root: Path = project.ROOT) -> Targets:
    """The content of `targets.yaml`.

    Raises:
        ConfigError: The file is missing or not valid.
    """
    path = root / FILE
    if not path.exists():
        raise ConfigError(
            f"{FILE} does not exist",
            "Expected: in the project's root, with a section for each place where pipelines run.",
            "Write it; docs/kubeflow.md has one to start from.",
        )
    tree, lines = yaml_file.read(path, FILE)
    try:
        return Targets.model_validate(tree)
    except pydantic.ValidationError as error:
        raise explain(error, tree, FILE, lines, schema=Targets) from None


def overridden(target: CloudTarget, kind: Kind, config: ModelConfig) -> CloudTarget:
    """The target with the keys that the model's configuration sets for it."""
    wishes = config.targets.get(kind, ModelTarget())
    return target.model_copy(update={key: value for key, value in wishes if value is not None})


def _beam(target: CloudTarget, kind: Kind, model: str, config: ModelConfig) -> Beam:
    """Where the data nodes run, told what the target knows anyway."""
    known = {"sdk_container_image": str(target.image), "temp_location": f"{target.bucket}/temp"}
    if isinstance(target, VertexTarget):
        known |= {"project": target.project, "region": target.region}
    own = config.targets.get(kind, ModelTarget()).beam
    if own is not None:
        where = f"models/{model}/config.yaml: targets.{kind}.beam.args"
    elif target.beam is not None:
        where = f"{FILE}: {kind}.beam.args"
    else:
        where = f"models/{model}/config.yaml: beam.args"
    args = beam_arguments.completed((target.beam or config.beam).args, known)
    beam_arguments.check(args, where)
    return Beam(args=args)


def _image(named: str | None, target: CloudTarget, kind: Kind) -> str:
    sources = {
        "--image": named,
        IMAGE: os.environ.get(IMAGE),
        f"{FILE}: {kind}.image": target.image,
    }
    for source, image in sources.items():
        if image:
            if not is_named_by_content(image):
                raise ConfigError(
                    f"{source}: {IMAGE_RULE}",
                    f"Received: {image}.",
                    "Under a name that may change, other code would run than was tested.",
                )
            return image
    raise ConfigError(
        "The pipeline's image is not named",
        f"Looked for: {', '.join(sources)}.",
        "Build and push the image, then name it by digest or tag, such as "
        "--image registry/pipeline@sha256:...",
    )
