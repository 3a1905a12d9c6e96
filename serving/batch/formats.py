"""The formats of batch prediction: how a file's rows are read, and written with predictions."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from serving.core.errors import Code, ServingError
from serving.core.files.settings_file import did_you_mean
from serving.model.signatures import Signature


@dataclass
class Row:
    """One row of a file."""

    number: int
    """The line, or for formats without lines the row, from 1."""
    instance: Any
    """What a request would hold; unknown columns included."""
    source: Any
    """The row as the format's writer wants it back."""
    refused: str | None = None
    """Why it cannot be asked about."""


@dataclass
class Answered:
    """A row with its outputs by name: a value, or nested lists of them."""

    row: Row
    outputs: Mapping[str, Any]


class Writer(Protocol):
    """Writes one part."""

    def write(self, rows: list[Answered]) -> None:
        """Adds rows."""
        ...

    def close(self) -> None:
        """Completes the file."""
        ...


class Format(Protocol):
    """A format; a module of this package is one."""

    ENDING: str

    def read(self, path: Path, signature: Signature, rows: int) -> Iterator[list[Row]]:
        """Yields a file's rows, `rows` at a time; only the last list may have fewer."""
        ...

    def writer(self, path: Path, source: Path, signature: Signature) -> Writer:
        """Begins a part with the rows of the file `source`."""
        ...


ENDINGS = {
    ".csv": "csv",
    ".parquet": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".tfrecord": "tfrecord",
    ".tfrecords": "tfrecord",
}
NAMES = tuple(dict.fromkeys(ENDINGS.values()))


def named(name: str) -> Format:
    """A format by name.

    Raises:
        ServingError: There is none of that name.
    """
    from serving.batch import csv_format, jsonl_format, parquet_format, tfrecord_format

    known: dict[str, Any] = {
        "csv": csv_format,
        "parquet": parquet_format,
        "jsonl": jsonl_format,
        "tfrecord": tfrecord_format,
    }
    if name not in known:
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"There is no format '{name}'{did_you_mean(name, known)}",
            f"There is: {', '.join(known)}.",
        )
    return known[name]


def of_file(path: Path) -> str:
    """The format that a file's name tells; what ends in `.gz` is read as well.

    Raises:
        ServingError: It tells none.
    """
    endings = [ending for ending in path.suffixes if ending != ".gz"]
    # TFX and Beam write names such as `examples.tfrecord-00000-of-00001.gz`.
    ending = endings[-1].partition("-")[0] if endings else ""
    if ending not in ENDINGS:
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"The format of {path} is not known by its name",
            f"Known endings: {', '.join(ENDINGS)}.",
            f"Name it: --format {'|'.join(NAMES)}",
        )
    return ENDINGS[ending]


def check_columns(path: Path, columns: list[str], signature: Signature) -> None:
    """Checks that a table has the inputs that every request must have.

    Raises:
        ServingError: It lacks one, or has none at all.
    """
    inputs = signature.inputs
    lacking = [n for n, info in inputs.items() if info.default is None and n not in columns]
    if lacking or not set(columns) & set(inputs):
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"{path} lacks {', '.join(lacking) or 'every input of the model'}",
            f"It has: {', '.join(columns)}{did_you_mean((lacking or list(inputs))[0], columns)}",
            "Name the columns as the signature does: "
            f"{', '.join(sorted(inputs))} (`python -m serving versions --json` shows the types).",
        )


def with_dimensions(rows: Sequence[Row], signature: Signature) -> None:
    """Gives flat lists the dimensions of their input, in place.

    Tables and `tf.Example`s hold an array of several dimensions, such as an image, as one list.
    """
    sizes = {
        name: info.shape[1:]
        for name, info in signature.inputs.items()
        if info.shape is not None and len(info.shape) > 2 and None not in info.shape[1:]
    }
    for row in rows if sizes else ():
        for name in sizes.keys() & (row.instance if isinstance(row.instance, dict) else {}).keys():
            row.instance[name] = _nested(row.instance[name], sizes[name])


def _nested(value: Any, sizes: Sequence[Any]) -> Any:
    """A flat list as lists of lists; what is no flat list of so many values is left to be refused.

    Args:
        value: What the file has.
        sizes: Those of each dimension.
    """
    if not isinstance(value, list) or len(value) != math.prod(sizes):
        return value
    if any(isinstance(item, list) for item in value):
        return value
    for size in reversed(sizes[1:]):
        value = [value[start : start + size] for start in range(0, len(value), size)]
    return value


def in_chunks(rows: Iterator[Row], size: int) -> Iterator[list[Row]]:
    """Lists of `size` rows, and one with the rest."""
    chunk = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def converted(values: Mapping[str, Any], convert: Callable[[str, Any], Any]) -> Any:
    """An instance from values by name; those that are None are left out."""
    return {name: convert(name, value) for name, value in values.items() if value is not None}
