"""A model's `config.yaml`, read into one typed and validated object.

Nothing here imports TFX or TensorFlow: a mistake in the file is told at once, before anything runs.
"""

from __future__ import annotations

import difflib
import keyword
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pydantic

from models.common.errors import ConfigError, did_you_mean
from pipeline.config import project, yaml_file
from pipeline.config.errors import explain
from pipeline.config.model_config import ModelConfig

MODEL = "PIPELINE_MODEL"
"""The environment variable that names the model for entry points without options."""
_VARIABLES = {MODEL, "PIPELINE_CONFIG", "PIPELINE_IMAGE", "PIPELINE_RUN", "PIPELINE_TARGET"}


def load(model: str, overrides: Sequence[str] = (), root: Path = project.ROOT) -> ModelConfig:
    """Reads and validates `models/<model>/config.yaml`.

    Args:
        model: Name of a folder under `models/`.
        overrides: `key=value` settings, keys dotted, values in YAML: `training.epochs=3`.
        root: The project's root.

    Raises:
        ConfigError: There is no such model, or the file or an override is not valid.
    """
    check_model(model, root)
    path = _config_path(model, root)
    name = path.relative_to(root).as_posix()
    tree, lines = yaml_file.read(path, name)
    overridden = [_override(tree, setting) for setting in overrides]
    try:
        return ModelConfig.model_validate(tree)
    except pydantic.ValidationError as error:
        raise explain(error, tree, name, lines, overridden) from None


def model_of_environment() -> str:
    """The model that PIPELINE_MODEL names, for entry points without options; `taxi` by default.

    Raises:
        ConfigError: A variable's name looks like a misspelt one of those.
    """
    for name in os.environ.keys() - _VARIABLES:
        meant = difflib.get_close_matches(name, _VARIABLES, n=1, cutoff=0.85)
        if meant:
            raise ConfigError(
                f"The environment variable {name} means nothing; did you mean {meant[0]}?",
                f"Known here: {', '.join(sorted(_VARIABLES))}.",
                f"Set {meant[0]}, or unset {name}.",
            )
    return os.environ.get(MODEL, "taxi")


def check_model(model: str, root: Path = project.ROOT) -> None:
    """Refuses what is no folder under `models/`, whatever is in that folder.

    Raises:
        ConfigError: There is no such model.
    """
    known = project.model_names(root)
    listing = f"Models here: {', '.join(known) or 'none'}."
    if reason := _no_name(model):
        others = [name for name in known if not _no_name(name)]
        raise ConfigError(
            f"'{model}' is not a model's name{did_you_mean(model, others)}",
            f"Expected: letters, digits and underscores, as in a Python name. {reason} {listing}",
            f"Rename the folder models/{model}, such as to {_as_name(model)}."
            if model in (*known, *project.folders_without_config(root))
            else "Name a folder of models/.",
        )
    if model not in (*known, *project.folders_without_config(root)):
        raise ConfigError(
            f"There is no model '{model}'{did_you_mean(model, known)}",
            listing,
            f"Name one of these, or create models/{model}/: docs/new-model.md says how.",
        )


def check_name(model: str) -> None:
    """Refuses a name that no model can have, whether there is a folder of it or not.

    Raises:
        ConfigError: It is such a name.
    """
    if reason := _no_name(model):
        raise ConfigError(
            f"'{model}' is not a model's name",
            f"Expected: letters, digits and underscores, as in a Python name. {reason}",
            f"Choose another, such as {_as_name(model)}.",
        )


def _no_name(model: str) -> str:
    """Why no model can be called so; empty: one can."""
    if not model.isidentifier():
        return "Its code is imported by this name."
    if keyword.iskeyword(model):
        return f"'{model}' is a word of Python's own, so nothing of that name can be imported."
    if model in project.RESERVED:
        return f"'{model}' is {project.RESERVED[model]}."
    return ""


def _as_name(model: str) -> str:
    """A name like this one that a model may have."""
    name = re.sub(r"\W", "_", model).strip("_") or "model"
    return f"model_{name}" if _no_name(name) else name


def _config_path(model: str, root: Path) -> Path:
    known = project.model_names(root)
    if model in known:
        return project.model_folder(model, root) / "config.yaml"
    path = project.model_folder(model, root) / "config.yaml"
    if path.is_symlink():
        raise ConfigError(
            f"models/{model}/config.yaml is a link to {path.readlink()}, where there is no file",
            "Expected: the model's configuration.",
            "Correct the link, or copy models/taxi/config.yaml there and edit it.",
        )
    raise ConfigError(
        f"models/{model}/config.yaml does not exist",
        f"The folder models/{model} is there, without a configuration. "
        f"Models here: {', '.join(known) or 'none'}.",
        "Copy models/taxi/config.yaml there and edit it.",
    )


def _override(tree: dict[str, Any], setting: str) -> tuple[str, ...]:
    """Applies one `key=value` setting to the tree and returns the key's path."""
    option = f"--set {setting}"
    key, equals, text = setting.partition("=")
    path = tuple(part.strip() for part in key.split("."))
    if not equals or not all(path):
        raise ConfigError(
            f"{option}: not a key and a value",
            f"Received: {setting!r}. Expected: key=value, such as training.epochs=3.",
        )
    value, _ = yaml_file.parse(text, option)
    branch = tree
    for depth, part in enumerate(path[:-1], start=1):
        below = branch.get(part)
        if below is not None and not isinstance(below, dict):
            section = ".".join(path[:depth])
            raise ConfigError(
                f"{option}: '{section}' has no keys below it",
                f"Received: {below!r} in the configuration file.",
                f"Set it as a whole: --set {section}=...",
            )
        # A copy, because an alias in the file may stand for the same section elsewhere.
        branch[part] = dict(below or {})
        branch = branch[part]
    branch[path[-1]] = value
    return path
