"""Models from elsewhere: copied, or converted, into a version's folder."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Literal

from serving.core.errors import Code, ServingError
from serving.model import keras_archive, onnx_files, version_folders
from serving.model.version_folders import ONNX_FILE

Format = Literal["savedmodel", "keras", "onnx"]


def format_of(source: Path) -> Format:
    """What a model from elsewhere is: a SavedModel's folder, a `.keras` or an `.onnx` file.

    Raises:
        ServingError: It is none of them.
    """
    if not source.exists():
        raise ServingError(Code.NOT_FOUND, f"There is no {source}")
    if source.is_dir():
        if any((source / name).is_file() for name in ("saved_model.pb", "saved_model.pbtxt")):
            return "savedmodel"
        found = version_folders.versions(source)
        hint = f"It has versions: name one, such as {source / str(max(found))}." if found else ""
        raise ServingError(
            Code.INVALID_ARGUMENT, f"{source} is no SavedModel: saved_model.pb is missing", hint
        )
    if source.suffix.lower() == ".keras":
        return "keras"
    if source.suffix.lower() == ".onnx":
        return "onnx"
    raise ServingError(
        Code.INVALID_ARGUMENT,
        f"{source} is of no format that can be added",
        "",
        "Name the folder of a SavedModel, a .keras file or an .onnx file. Save a model that is in "
        "HDF5 anew: keras.models.load_model(path).save('model.keras').",
    )


def stage(source: Path, folder: Path) -> Format:
    """Makes a version's folder of a model from elsewhere.

    Args:
        source: The model.
        folder: Where the version is made; there is none yet.

    Returns:
        What the model was.

    Raises:
        ServingError: It is no model, reaches for files outside of its own, or cannot be converted.
    """
    kind = format_of(source)
    if kind == "keras":
        keras_archive.check(source)
        keras_archive.export(source, folder)
    elif kind == "onnx":
        beside = onnx_files.external(source)
        folder.mkdir()
        for path in beside:
            target = folder / path.resolve().relative_to(source.parent.resolve())
            if target.name == ONNX_FILE:
                raise ServingError(
                    Code.INVALID_ARGUMENT, f"{source.name} has weights in a file {ONNX_FILE}"
                )
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        shutil.copyfile(source, folder / ONNX_FILE)
    else:
        _check_links(source)
        shutil.copytree(source, folder)
    return kind


def _check_links(folder: Path) -> None:
    """Checks that what would be copied is the model's own: regular files, within its folder."""
    root = folder.resolve()
    for path in folder.rglob("*"):
        target = path.resolve()
        if not target.is_relative_to(root):
            wrong = f"is a link to {target}, outside of it"
        elif not (path.is_dir() or path.is_file()):
            wrong = "is neither a file nor a folder"
        elif path.is_symlink() and path.is_dir():
            wrong = "is a link to a folder"
        else:
            continue
        raise ServingError(Code.INVALID_ARGUMENT, f"{path.relative_to(folder)} of {folder} {wrong}")
