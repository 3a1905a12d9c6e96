"""The content of an exported model, stored with it, so that what is served is what was exported.

The file is `assets.extra/manifest.json`, in the folder that TensorFlow Serving leaves to others:
`{"version": 1, "files": {path: {"size": bytes, "sha256": hexadecimal}}}`. It goes wherever the
model is copied, and names every file of it but itself. Whoever serves the model compares.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import tensorflow as tf

EXTRA = "assets.extra/"
"""What is in this folder is not part of the model, and others may add to it."""
PATH = f"{EXTRA}manifest.json"
_BLOCK = 1 << 20


@dataclass(frozen=True)
class FileContent:
    """What a file holds."""

    size: int
    """Bytes."""
    sha256: str
    """Hexadecimal."""


def write(folder: str) -> None:
    """Stores what the files of a model hold, when all of them are written.

    Args:
        folder: The folder of the SavedModel, local or in a bucket.
    """
    content = {path: asdict(_content(f"{folder}/{path}")) for path in _files(folder)}
    tf.io.gfile.makedirs(f"{folder}/{EXTRA}")
    with tf.io.gfile.GFile(f"{folder}/{PATH}", "w") as file:
        json.dump({"version": 1, "files": content}, file, indent=2, sort_keys=True)


def read(folder: str) -> Mapping[str, FileContent] | None:
    """What the files of a model are to hold, by path; None where nothing says so.

    Raises:
        ValueError: The manifest is there, and is none.
    """
    if not tf.io.gfile.exists(f"{folder}/{PATH}"):
        return None
    try:
        with tf.io.gfile.GFile(f"{folder}/{PATH}", "rb") as file:
            files = json.loads(file.read())["files"]
        return {path: FileContent(**content) for path, content in files.items()}
    except (AttributeError, KeyError, TypeError, ValueError, tf.errors.OpError) as error:
        raise ValueError(f"{PATH} cannot be read") from error


def damage(folder: str, expected: Mapping[str, FileContent] | None = None) -> str | None:
    """What of a model is not as it was exported; None where all is, or where nothing tells.

    Sizes are compared first, then contents: all of the model is read.

    Args:
        folder: The folder of the SavedModel.
        expected: What its files are to hold; None: what its own manifest says.

    Returns:
        A clause that begins with the file, such as `saved_model.pb is missing`.
    """
    if expected is None:
        try:
            expected = read(folder)
        except ValueError as error:
            return str(error)
        if expected is None:
            return None
    found = set(_files(folder))
    for path in sorted(found - expected.keys()):
        if not path.startswith(EXTRA):
            return f"{path} was added"
    for differs in (_size_differs, _content_differs):
        for path, content in sorted(expected.items()):
            try:
                if path not in found or (reason := differs(f"{folder}/{path}", content)):
                    return f"{path} {reason if path in found else 'is missing'}"
            except tf.errors.NotFoundError:
                return f"{path} is missing"
            except tf.errors.OpError as error:
                return f"{path} cannot be read: {error.message}"
    return None


def _size_differs(file: str, expected: FileContent) -> str:
    same = tf.io.gfile.stat(file).length == expected.size
    return "" if same else "has another size than when it was exported"


def _content_differs(file: str, expected: FileContent) -> str:
    same = _content(file) == expected
    return "" if same else "has other content than when it was exported"


def _files(folder: str) -> list[str]:
    """The paths of a folder's files, the manifest left out, sorted."""
    start = len(folder.rstrip("/")) + 1
    found = (
        f"{parent.rstrip('/')}/{name}"[start:]
        for parent, _, names in tf.io.gfile.walk(folder.rstrip("/"))
        for name in names
    )
    return sorted(path for path in found if path != PATH)


def _content(path: str) -> FileContent:
    digest, size = hashlib.sha256(), 0
    with tf.io.gfile.GFile(path, "rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            size += len(block)
    return FileContent(size, digest.hexdigest())
