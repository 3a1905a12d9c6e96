"""Which files an ONNX model reads beside its own, without loading it.

Weights may be in files that the model names ("external data"), and whoever loads the model reads
them. So a model from elsewhere could name any file of this machine. The names are found in the
model's protobuf, by the numbers of the fields in `onnx.proto` of ONNX's repository; the package
`onnx` is not needed for that.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from serving.core.errors import Code, ServingError

# Of each message the fields whose messages have tensors somewhere within.
_MESSAGES: dict[str, dict[int, str]] = {
    "Model": {7: "Graph", 20: "Training", 25: "Function"},
    "Training": {1: "Graph", 2: "Graph"},
    "Graph": {1: "Node", 5: "Tensor", 15: "SparseTensor"},
    "Function": {7: "Node", 11: "Attribute"},
    "Node": {5: "Attribute"},
    "Attribute": {
        5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "SparseTensor", 23: "SparseTensor"
    },
    "SparseTensor": {1: "Tensor", 2: "Tensor"},
    "Tensor": {13: "Entry"},
}  # fmt: skip
_DEEPEST = 200


def external(model: Path) -> list[Path]:
    """The files that a model names, beside it.

    Raises:
        ServingError: It cannot be read, is no protobuf, or names a file outside of its folder.
    """
    try:
        content = memoryview(model.read_bytes())
        names = dict.fromkeys(_locations(content, "Model", 0))
    except OSError as error:
        raise ServingError(Code.NOT_FOUND, f"{model} cannot be read: {error.strerror}") from error
    except (IndexError, UnicodeDecodeError, ValueError):
        raise ServingError(Code.INVALID_ARGUMENT, f"{model} is no model in ONNX's format") from None
    return [_beside(model, name) for name in names]


def _beside(model: Path, name: str) -> Path:
    folder, parts = model.parent.resolve(), PurePosixPath(name).parts
    path = folder / name
    if not name or PurePosixPath(name).is_absolute() or ".." in parts or "\0" in name:
        inside = False
    else:
        inside = path.resolve().is_relative_to(folder)
    if not inside:
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"{model.name} has weights in a file outside of its folder: {name[:200]!r}",
            "",
            "Save it with all weights in one file, or in files beside it.",
        )
    if not path.is_file():
        raise ServingError(
            Code.NOT_FOUND, f"{model.name} has weights in {name}, which is not beside it"
        )
    return path


def _locations(content: memoryview, message: str, depth: int) -> Iterator[str]:
    """The values of `location` in all of a message's external data."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    inner = _MESSAGES[message]
    for number, value in _fields(content):
        if number not in inner:
            continue
        if inner[number] != "Entry":
            yield from _locations(value, inner[number], depth + 1)
            continue
        entry = dict(_fields(value))
        if bytes(entry.get(1, b"")) == b"location":
            yield bytes(entry.get(2, b"")).decode()


def _fields(content: memoryview) -> Iterator[tuple[int, memoryview]]:
    """The fields of a message that have a length, with their content."""
    at = 0
    while at < len(content):
        tag, at = _varint(content, at)
        kind = tag & 7
        if kind == 0:
            _, at = _varint(content, at)
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        elif kind == 2:
            size, at = _varint(content, at)
            if size > len(content) - at:
                raise ValueError("cut short")
            yield tag >> 3, content[at : at + size]
            at += size
        else:
            raise ValueError(f"wire type {kind}")
    if at > len(content):
        raise ValueError("cut short")


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        byte = content[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError("too long a number")
