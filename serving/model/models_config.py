"""Reads and writes `models.config`: which versions of which model are served, and their labels.

It is TensorFlow Serving's own text format (`tensorflow_serving.config.ModelServerConfig`), so that
its image can be started on the same file. There a model's folder is `/models/<name>`, where the
image mounts them; that path means `<serving folder>/<name>` to this server.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from serving.core.errors import Code, ServingError
from serving.core.files import regular_file
from serving.core.files.atomic_file import write_whole

FILE = "models.config"
MOUNT = PurePosixPath("/models")


@dataclass(frozen=True)
class ServedModel:
    """One model of the file."""

    name: str
    base_path: str = ""
    """The folder of the version folders; empty for `/models/<name>`."""
    versions: tuple[int, ...] = ()
    """Exactly these; empty for the latest ones."""
    latest: int = 1
    """How many of the latest versions, if none are named; 0 for all of them."""
    labels: Mapping[str, int] = field(default_factory=dict)

    def folder(self, root: Path) -> Path:
        """Where the versions are, for a server whose serving folder is `root`."""
        path = PurePosixPath(self.base_path or MOUNT / self.name)
        return root / path.relative_to(MOUNT) if MOUNT in path.parents else Path(path)


def read(path: Path) -> dict[str, ServedModel]:
    """Reads the file; one that does not exist names no model.

    Raises:
        ServingError: It is not in TensorFlow Serving's format, or contradicts itself.
    """
    return checked(_parse(path), path)


def checked(config: Any, path: Path) -> dict[str, ServedModel]:
    """The models of a `ModelServerConfig`.

    Args:
        config: The message.
        path: Where it is from, or goes to.

    Raises:
        ServingError: It contradicts itself.
    """
    models: dict[str, ServedModel] = {}
    for entry in config.model_config_list.config:
        model = _from_message(entry)
        if not model.name or model.name in models:
            raise _refused(
                path, f"Received name: '{model.name}' in an entry after {list(models)}.",
                "Give each `config` a name of its own.",
            )  # fmt: skip
        dangling = {
            label: version
            for label, version in model.labels.items()
            if model.versions and version not in model.versions
        }
        if dangling:
            raise _refused(
                path,
                f"Model '{model.name}' has labels for versions that it does not serve: {dangling}."
                f" Served: {list(model.versions)}.",
                "Add the version to `specific`, or remove the label.",
            )
        models[model.name] = model
    return models


def write(path: Path, models: Mapping[str, ServedModel]) -> None:
    """Replaces the file in one step; settings of TensorFlow Serving that this module does not know,
    such as `logging_config`, stay.

    Raises:
        ServingError: The present file is not in TensorFlow Serving's format, or the file cannot be
            written.
    """
    config = _parse(path)
    present = {entry.name: entry for entry in config.model_config_list.config}
    entries = []
    for model in models.values():
        entry = present.get(model.name, model_server_config_pb2.ModelConfig())
        _to_message(model, entry)
        entries.append(entry)
    del config.model_config_list.config[:]
    config.model_config_list.config.extend(entries)
    write_whole(path, text_format.MessageToString(config))


@contextlib.contextmanager
def edit(path: Path) -> Iterator[MutableMapping[str, ServedModel]]:
    """Holds the file's models for a change, and writes them at the end if nothing was raised.

    Other processes that edit wait until then. Creates the file if there is none.

    Raises:
        ServingError: The present file is not in TensorFlow Serving's format, or the file cannot be
            written.
    """
    folder = -1
    try:
        try:
            folder = os.open(path.parent, os.O_RDONLY)
            fcntl.flock(folder, fcntl.LOCK_EX)
        except OSError as error:
            raise ServingError(
                Code.FAILED_PRECONDITION,
                f"{path} cannot be changed",
                f"Received: {error.strerror}.",
                "Make the folder one that you may read and write.",
            ) from error
        models = read(path)
        yield models
        write(path, models)
    finally:
        if folder >= 0:
            os.close(folder)


def _parse(path: Path) -> Any:
    config = model_server_config_pb2.ModelServerConfig()
    try:
        text = regular_file.read(path).decode()
    except FileNotFoundError:
        return config
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise _refused(path, f"Received: {reason}", "Make it a readable text file.") from error
    try:
        return text_format.Parse(text, config)
    except (text_format.ParseError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        raise _refused(
            path,
            "It is nested too deeply." if deep else f"Line and column {error}",
            "Correct it; the format is that of TensorFlow Serving's --model_config_file.",
        ) from error


def _refused(path: Path, detail: str, remedy: str) -> ServingError:
    purpose = "The file says which versions are served, and their labels."
    repair = "Or have it written again: python -m serving repair"
    return ServingError(
        Code.INVALID_ARGUMENT, f"{path} is not usable", f"{detail}\n{purpose}", f"{remedy} {repair}"
    )


def _from_message(entry: Any) -> ServedModel:
    policy = entry.model_version_policy
    latest = policy.latest.num_versions or 1
    return ServedModel(
        name=entry.name,
        base_path=entry.base_path,
        versions=tuple(sorted(set(policy.specific.versions))),
        latest=0 if policy.HasField("all") else latest,
        labels=dict(entry.version_labels),
    )


def _to_message(model: ServedModel, entry: Any) -> None:
    entry.name = model.name
    entry.base_path = model.base_path or str(MOUNT / model.name)
    # TensorFlow Serving refuses an entry without a platform.
    entry.model_platform = entry.model_platform or "tensorflow"
    policy = entry.model_version_policy
    policy.Clear()
    if model.versions:
        policy.specific.versions.extend(model.versions)
    elif model.latest == 0:
        policy.all.SetInParent()
    elif model.latest > 1:
        policy.latest.num_versions = model.latest
    entry.version_labels.clear()
    entry.version_labels.update(model.labels)
