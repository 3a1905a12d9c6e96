"""Reads `targets.yaml`, and completes a section of it with what a model's configuration says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pydantic

from models.common.errors import ConfigError
from pipeline.cloud import images, platforms
from pipeline.cloud.platforms.base import Platform
from pipeline.config import model_files, platform_names, project, yaml_file
from pipeline.config.base import Section
from pipeline.config.beam import arguments as beam_arguments
from pipeline.config.errors import explain
from pipeline.config.model_config import Data, ModelConfig
from pipeline.config.target_schema import Beam, ModelTarget

FILE = "targets.yaml"
TARGET = "PIPELINE_TARGET"
"""The environment variable that names the target for entry points without options."""
IMAGE = "PIPELINE_IMAGE"
"""The environment variable that names the pipeline's image."""

_NO_IMAGE = f"rehearsal@sha256:{'0' * 64}"


def load(
    name: str, model: str, config: ModelConfig, image: str | None = None, root: Path = project.ROOT
) -> Platform:
    """A target, with what the model's configuration says of it.

    Args:
        name: The section of `targets.yaml`.
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
    target = _with_model(section(name, root), name, config)
    target = target.model_copy(update={"image": _image(image, target, name)})
    target = target.model_copy(update={"beam": _beam(target, name, model, config)})
    for key, data in _tables(config).items():
        inside = target.data and model_files.is_in_project(data)
        if not inside and not model_files.is_remote(data):
            raise ConfigError(
                f"models/{model}/config.yaml: a container in the cloud cannot read {key}",
                f"Received: {data.path}, and {name}.data: {target.data or 'nothing'} in {FILE}.",
                f"Copy the data to a bucket and set {name}.data to the folder that then holds a "
                f"relative {key}; or set {key} to a URI.",
            )
    return target


def for_rehearsal(
    name: str, model: str, config: ModelConfig, root: Path = project.ROOT
) -> Platform:
    """The target as a rehearsal has it: no image, all in buckets, Beam in the task's process.

    Where `targets.yaml` does not speak of it, its placeholder stands for it.

    Raises:
        ConfigError: There is no such target, the file is not valid, or the data is not on this
            machine.
    """
    for key, data in _tables(config).items():
        if not model_files.is_in_project(data):
            form = f" --set {key.replace('path', 'format')}=csv" * (data.format == "bigquery")
            raise ConfigError(
                f"models/{model}/config.yaml: {key} is not in the project's folder",
                f"Received: {data.path}. A rehearsal reads files of this machine alone.",
                f"Name a sample for the rehearsal, such as --set {key}=data/sample.csv{form}.",
            )
    platform = platforms.find(name)
    sections = read(root) if (root / FILE).exists() else {}
    target = _with_model(sections.get(name) or platform.placeholder(), name, config)
    return target.for_rehearsal().model_copy(update={"image": _NO_IMAGE})


def section(name: str, root: Path = project.ROOT) -> Platform:
    """A section of `targets.yaml`.

    Raises:
        ConfigError: There is no such target, or the file is missing, not valid or without it.
    """
    platforms.find(name)
    found = read(root).get(name)
    if found is None:
        raise ConfigError(
            f"{FILE} has no section '{name}'",
            f"Expected: {name}, with where its pipelines run and keep what they make.",
            "Add it; docs/kubeflow.md has one to start from.",
        )
    return found


def read(root: Path = project.ROOT) -> dict[str, Platform]:
    """The sections of `targets.yaml` by name.

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
    file_schema = schema()
    try:
        content = file_schema.model_validate(tree)
    except pydantic.ValidationError as error:
        raise explain(error, tree, FILE, lines, schema=file_schema) from None
    return {name: found for name, found in content if found is not None}


def schema() -> type[Section]:
    """What `targets.yaml` may say: a section for each platform, any of which may be left out."""
    sections: dict[str, Any] = {
        name: (platforms.find(name) | None, None) for name in platform_names.names()
    }
    return pydantic.create_model("Targets", __base__=Section, **sections)


def _tables(config: ModelConfig) -> dict[str, Data]:
    """The tables that a pipeline reads, by the key of their paths."""
    batch = config.batch_prediction
    return {"data.path": config.data} | ({"batch_prediction.path": batch} if batch else {})


def _with_model(target: Platform, name: str, config: ModelConfig) -> Platform:
    """The target with the keys that the model's configuration sets for it."""
    own = config.targets.get(name, ModelTarget())
    return target.model_copy(update={key: value for key, value in own if value is not None})


def _beam(target: Platform, name: str, model: str, config: ModelConfig) -> Beam:
    """Where the data nodes run, told what the target knows anyway."""
    own = config.targets.get(name, ModelTarget()).beam
    if own is not None:
        where = f"models/{model}/config.yaml: targets.{name}.beam.args"
    elif target.beam is not None:
        where = f"{FILE}: {name}.beam.args"
    else:
        where = f"models/{model}/config.yaml: beam.args"
    args = beam_arguments.completed((target.beam or config.beam).args, target.beam_options())
    beam_arguments.check(args, where)
    target.check_beam(args, where)
    return Beam(args=args)


def _image(given: str | None, target: Platform, name: str) -> str:
    sources = {
        "--image": given,
        IMAGE: os.environ.get(IMAGE),
        f"{FILE}: {name}.image": target.image,
    }
    for source, image in sources.items():
        if image:
            if not images.is_named_by_content(image):
                raise ConfigError(
                    f"{source}: {images.RULE}",
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
