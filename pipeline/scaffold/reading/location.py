"""Where a table is and how its files are written, from what somebody typed."""

from __future__ import annotations

import codecs
import dataclasses
import gzip
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from components import tables
from components.tables import TableSource
from components.tables.source import EXTENSIONS, LOCAL, looks_like, read_errors
from models.common.errors import ConfigError, DataError, did_you_mean

_DELIMITERS = (",", ";", "\t", "|")
_FORMATS = tuple(EXTENSIONS)
_HEAD = 1 << 16
_BLOCK = 1 << 20


@dataclass(frozen=True)
class Location:
    """A table's files."""

    source: TableSource
    path: str
    """As `data.path` has it: relative to the project, where it is in there."""

    @property
    def is_outside(self) -> bool:
        """Whether the files are outside of the project, so that only this machine has them."""
        return self.path.startswith("/")


def locate(data: str, said: Mapping[str, str], root: Path, here: Path) -> Location:
    """Finds a table and how it is written.

    Args:
        data: A file, a folder or a glob.
        said: `format`, `delimiter` and `encoding`, where somebody has said them.
        root: The project's root.
        here: The folder that a relative path is seen from.

    Raises:
        ConfigError: What is said is not known, or the data is in a bucket.
        DataError: There is no such file.
    """
    _check_said(said)
    if "://" in data.removeprefix("file://"):
        raise ConfigError(
            f"--data {data}: files are read from this machine alone",
            "Expected: a file, a folder or a glob. Received: a bucket.",
            "Copy one of its files here, and set data.path to the bucket in the config.yaml that "
            "is written.",
        )
    typed = Path(os.path.normpath(here / Path(data.removeprefix("file://")).expanduser()))
    source = TableSource(str(typed), root="")
    format = said.get("format") or _format(source)
    source = dataclasses.replace(source, format=cast(Any, format))
    try:
        paths = tables.resolve(source)
    except DataError as error:
        raise _not_found(error, data) from None
    if format == "csv":
        delimiter = said.get("delimiter") or _delimiter(paths[0], said.get("encoding"))
        encoding = said.get("encoding") or "utf-8"
        source = dataclasses.replace(source, delimiter=delimiter, encoding=encoding)
    inside = typed.is_relative_to(root)
    path = typed.relative_to(root).as_posix() if inside else typed.as_posix()
    # As `pipeline.config.model_files.source_of` has the source of the same path.
    rooted = dataclasses.replace(source, pattern=path, root=str(root) if inside else "")
    return Location(rooted, path)


def other_encoding(location: Location) -> Location | None:
    """The table as text of Windows' code page 1252 or Latin-1, where it is not the UTF-8 that it
    was taken for; None: it is."""
    source = location.source
    if source.format != "csv" or source.encoding != "utf-8":
        return None
    for path in tables.resolve(source):
        if not _is_text(path, "utf-8"):
            others = ("cp1252", "latin-1")
            encoding = next(name for name in others if _is_text(path, name))
            return Location(dataclasses.replace(source, encoding=encoding), location.path)
    return None


def _check_said(said: Mapping[str, str]) -> None:
    format = said.get("format", "csv")
    if format not in _FORMATS:
        raise ConfigError(
            f"--set data.format={format}: not a format{did_you_mean(format, _FORMATS)}",
            f"Expected: {', '.join(_FORMATS)}.",
            "Correct it, or leave it out: it follows from the file.",
        )
    delimiter = said.get("delimiter", ",")
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise ConfigError(
            f"--set data.delimiter={delimiter}: not one character between cells",
            f"Received: {delimiter!r}.",
            "Correct it, or leave it out: it follows from the header.",
        )
    try:
        codecs.lookup(said.get("encoding", "utf-8"))
    except (LookupError, ValueError):
        raise ConfigError(
            f"--set data.encoding={said['encoding']}: not an encoding that Python knows",
            "Expected: such as utf-8 or latin-1.",
            "Correct it, or leave it out: it follows from the file.",
        ) from None


def _format(source: TableSource) -> str:
    """The format of the files, by the end of their names, or by what is in the first."""
    path = Path(source.pattern)
    if path.is_dir():
        there = [
            format
            for format in _FORMATS
            if _is_found(dataclasses.replace(source, format=cast(Any, format)))
        ]
        if len(there) > 1:
            raise ConfigError(
                f"--data {source.pattern}: the folder has files of several formats",
                f"Received: {' and '.join(there)}.",
                f"Say which: --set data.format={there[0]}.",
            )
        return there[0] if there else "csv"
    try:
        first = tables.resolve(source)[0]
    except DataError:
        return "csv"  # What finds the files says why there are none.
    with read_errors(first), LOCAL.open(first, "rb") as file:
        head = file.read(_HEAD)
    kind = looks_like(head)
    if kind == "gzip" and not first.lower().endswith((".tfrecord.gz", ".tfrecords.gz")):
        _check_is_tfrecord(first)
    by_content = {"Parquet": "parquet", "Avro": "avro", "gzip": "tfrecord"}.get(kind or "")
    by_name = (format for format, endings in EXTENSIONS.items() if first.lower().endswith(endings))
    return by_content or next(by_name, "csv")


def _is_found(source: TableSource) -> bool:
    try:
        return bool(tables.resolve(source))
    except DataError:
        return False


def _check_is_tfrecord(path: str) -> None:
    """Refuses text that is compressed: only TFRecord is read so."""
    try:
        with gzip.open(path) as file:
            head = file.read(_HEAD)
    except (OSError, EOFError) as error:
        raise DataError(
            f"{tables.shown(path)} is damaged or incomplete",
            f"Expected: a gzip file. Received: {error}.",
            "Write or copy the file again.",
        ) from error
    if b"\0" not in head:
        raise DataError(
            f"{tables.shown(path)} is compressed text",
            "Expected: CSV as it is; of gzip files only TFRecord is read.",
            f"Decompress it: gunzip --keep {tables.shown(path)}",
        )


def _delimiter(path: str, encoding: str | None) -> str:
    """What stands most often between the cells of the header."""
    with read_errors(path), LOCAL.open(path, "rb") as file:
        head = file.read(_HEAD)
    text = head.decode(
        "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else encoding or "utf-8", "replace"
    )
    header = text.lstrip("\ufeff\r\n").partition("\n")[0]
    outside = "".join(header.split('"')[::2])
    counts = {mark: outside.count(mark) for mark in _DELIMITERS}
    most = max(counts, key=lambda mark: counts[mark])
    return most if counts[most] else ","


def _is_text(path: str, encoding: str) -> bool:
    decode = codecs.getincrementaldecoder(encoding)().decode
    with read_errors(path), LOCAL.open(path, "rb") as file:
        head = file.read(4)
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return True  # A mark says what it is.
        try:
            decode(head)
            while block := file.read(_BLOCK):
                decode(block)
            decode(b"", True)
        except UnicodeError:
            return False
    return True


def _not_found(error: DataError, data: str) -> DataError:
    """The error about files, in the words of the command line."""
    remedy = "Correct --data; a glob in quotes, so that the shell leaves it as it is."
    return DataError(error.headline, error.detail, remedy)


def as_typed(error: DataError) -> DataError:
    """The error about the data, with a remedy that can be typed where it names a key."""
    found = error.remedy
    for key in ("data.delimiter", "data.encoding", "data.format"):
        found = found.replace(f"Set {key}: ", f"Say --set {key}=").replace(
            f"set {key}: ", f"say --set {key}="
        )
    return DataError(error.headline, error.detail, found.replace(" in the model's config.yaml", ""))
