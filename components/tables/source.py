"""Which files hold a table, and a hash of what is in them."""

from __future__ import annotations

import contextlib
import dataclasses
import glob
import hashlib
import json
import os
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol

from components.bigquery import address
from components.content import files as file_content
from components.tables import partitions, spans
from components.tables.spans import Spans
from models.common.errors import DataError, did_you_mean
from models.common.files import regular_file

Format = Literal["csv", "tfrecord", "parquet", "avro", "bigquery"]

EXTENSIONS: dict[str, tuple[str, ...]] = {
    "csv": (".csv", ".tsv"),
    "tfrecord": (".tfrecord", ".tfrecords", ".gz"),
    "parquet": (".parquet", ".pq"),
    "avro": (".avro",),
}
"""In a folder, the files of each format that has any."""

_BLOCK = 1 << 20
_LISTED = 8


@dataclasses.dataclass(frozen=True)
class TableSource:
    """Where a table is and how to read it."""

    pattern: str
    """A file, a folder or a glob, which may have placeholders of spans. Folders that are there are
    taken by their name, whatever characters of a glob it has. Of BigQuery, `project.dataset.table`
    or, where `given` names tables, `project.dataset`; of a query, the name of its file."""
    format: Format = "csv"
    delimiter: str = ","
    """CSV only: the character between two cells."""
    encoding: str = "utf-8"
    """CSV only; a byte-order mark in a file overrules it."""
    missing: tuple[str, ...] = ()
    """What stands for a missing value, beside what does so in every table."""
    root: str = ""
    """The folder or bucket that the pattern is in; empty: the current folder, or none."""
    spans: Spans = dataclasses.field(default_factory=Spans)
    """Which spans to read, where the pattern has placeholders of them."""
    given: Mapping[str, str] | None = None
    """The files of each split, as patterns below `pattern`; None: rows are yet to be split."""
    times: tuple[str, ...] = ()
    """Columns that are read as text where the file has dates or times of day in them."""
    query: str | None = None
    """BigQuery only: the query whose result is the table; None: `pattern` names a table."""

    @property
    def location(self) -> str:
        """The pattern with its root; of BigQuery, a URI."""
        if self.format == "bigquery":
            return address.whole(self.pattern)
        return posixpath.join(self.root, self.pattern)

    def to_json(self) -> str:
        """The source as text, the same for equal sources."""
        values = dataclasses.asdict(self)
        if self.query is None:  # So that files are called as they were before there was BigQuery.
            del values["query"]
        return json.dumps(values, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> TableSource:
        """The source that `to_json` wrote."""
        values = json.loads(text)
        values["missing"] = tuple(values["missing"])
        values["spans"] = Spans(**values["spans"])
        values["times"] = tuple(values["times"])
        return cls(**values)


class Files(Protocol):
    """A file system, by the names of `tfx.dsl.io.fileio`."""

    def open(self, path: str, mode: str) -> Any:
        """Opens a file for reading bytes."""

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder."""

    def isdir(self, path: str) -> bool:
        """Whether the path is a folder."""

    def listdir(self, path: str) -> list[str]:
        """The names in a folder."""

    def glob(self, pattern: str) -> list[str]:
        """The paths that match."""


class LocalFiles:
    """The file system of this machine."""

    def open(self, path: str, mode: str) -> BinaryIO:
        """Opens a file for reading bytes; what is none, such as a named pipe, is refused."""
        regular_file.check(path)
        return Path(path).open("rb")

    def exists(self, path: str) -> bool:
        """Whether there is such a file or folder."""
        return Path(path).exists()

    def isdir(self, path: str) -> bool:
        """Whether the path is a folder."""
        return Path(path).is_dir()

    def listdir(self, path: str) -> list[str]:
        """The names in a folder."""
        return os.listdir(path)  # noqa: PTH208  (names, not paths)

    def glob(self, pattern: str) -> list[str]:
        """The paths that match; `**` stands for any number of folders."""
        return glob.glob(pattern, recursive=True)  # noqa: PTH207  (Path.glob wants a relative one)


LOCAL = LocalFiles()


def shown(path: str) -> str:
    """A path as a message names it: relative, where it is below the current folder."""
    if path.startswith(address.SCHEME):
        return address.name_of(path)
    if "://" in path:
        return path
    absolute = Path(path).absolute()
    here = Path.cwd()
    return str(absolute.relative_to(here)) if absolute.is_relative_to(here) else str(absolute)


@dataclasses.dataclass(frozen=True)
class Found:
    """The files of a table."""

    paths: tuple[str, ...]
    """Sorted."""
    splits: Mapping[str, str]
    """The split of each path, where they are given; otherwise empty."""
    spans: tuple[str, ...]
    """The spans that were chosen, the earliest first; empty without placeholders."""


def resolve(source: TableSource, files: Files = LOCAL) -> list[str]:
    """The files of a table, sorted; see `find`.

    Raises:
        DataError: There is none, or the folder cannot be listed.
    """
    return list(find(source, files).paths)


def find(source: TableSource, files: Files = LOCAL) -> Found:
    """The files of a table, their splits where these are given, and the spans that they are of.

    Of a folder, these are the files with an extension of the format, and those in folders below it
    that are Hive partitions. Files whose name begins with a dot or an underscore are not data,
    unless the pattern is such a file itself. Of BigQuery it is one stream of a table as it is now.

    Raises:
        DataError: There is none, the folder cannot be listed, or a file is given to two splits.
    """
    if source.format == "bigquery":
        from components.bigquery import streams

        return streams.open_streams(source)
    if source.given is None:
        paths, chosen = _find(source, source.location, files)
        _check_names(paths)
        return Found(tuple(sorted(paths)), {}, tuple(chosen))
    splits: dict[str, str] = {}
    names: dict[str, list[str]] = {}
    for split, pattern in source.given.items():
        try:
            paths, names[split] = _find(source, posixpath.join(source.location, pattern), files)
        except DataError as error:
            remedy = f"{error.remedy} For '{split}' it is {pattern} below it, by splits.given."
            raise DataError(error.headline, error.detail, remedy) from None
        _check_names(paths)
        for path in paths:
            if path in splits:
                raise DataError(
                    f"{shown(path)} is given to two splits",
                    f"Expected: each file in one of them. Received: {splits[path]} and {split}, by "
                    f"splits.given ({source.given[splits[path]]}, {pattern}).",
                    "Correct splits.given in the model's config.yaml.",
                )
            splits[path] = split
    first, *others = names
    for split in others:
        if names[split] != names[first]:
            raise DataError(
                f"The splits '{first}' and '{split}' are not of the same spans",
                f"Received: {', '.join(names[first])} and {', '.join(names[split])}.",
                "Complete the data of each split, or name the spans under data.spans.",
            )
    return Found(tuple(sorted(splits)), splits, tuple(names[first]))


def _find(source: TableSource, pattern: str, files: Files) -> tuple[list[str], list[str]]:
    """The files of a pattern and the spans that they are of."""
    pattern = pattern.rstrip("/") or pattern
    chosen: list[str] = []
    with read_errors(pattern):
        if files.isdir(pattern):
            found = _in_folder(source, pattern, files)
            if not found:
                raise _no_such_files(source, pattern, files)
        elif files.exists(pattern):
            return [pattern], []
        else:
            folder, rest = _folder_that_is_there(pattern, files)
            folder = glob.escape(folder)
            matched = files.glob(folder + spans.as_glob(rest))
            if spans.has_placeholder(rest):
                matched, chosen = spans.select(folder + rest, matched, source.spans)
            visible = [path for path in matched if any(_visible([posixpath.basename(path)]))]
            found = [path for path in visible if not files.isdir(path)] or [
                file for path in visible for file in _in_folder(source, path, files)
            ]
            if not found and visible:
                raise DataError(
                    f"No file matches {shown(pattern)}",
                    f"Folders do that have no {source.format} file in them: "
                    f"{listing(map(shown, visible))}.",
                    "Correct data.path or data.format in the model's config.yaml.",
                )
            if not found:
                raise _no_match(pattern, files)
    return found, chosen


def _check_names(paths: Iterable[str]) -> None:
    """Refuses names that no record of the run could hold."""
    for path in paths:
        try:
            path.encode()
        except UnicodeEncodeError:
            raise DataError(
                f"{shown(path)!a} has a name that is not UTF-8 text",
                f"Received: {os.fsencode(path)!r}.",
                "Rename the file, or the folder that it is in.",
            ) from None


def _in_folder(source: TableSource, folder: str, files: Files) -> list[str]:
    """The files of a folder and of the Hive partitions below it."""
    found = []
    for name in _visible(files.listdir(folder)):
        path = posixpath.join(folder, name)
        if name.lower().endswith(EXTENSIONS[source.format]):
            found.append(path)
        elif "=" in name and files.isdir(path):
            found += _in_folder(source, path, files)
    return found


def _folder_that_is_there(pattern: str, files: Files) -> tuple[str, str]:
    """Splits a pattern: folders to be taken by their name, with a slash, and a glob below them."""
    scheme, slashes, below = pattern.rpartition("://")
    folder, parts = scheme + slashes, below.split("/")
    for number, part in enumerate(parts[:-1]):
        special = glob.has_magic(part) or spans.has_placeholder(part)
        if special and not files.isdir(folder + part):
            return folder, "/".join(parts[number:])
        folder += f"{part}/"
    return folder, parts[-1]


def content_hash(source: TableSource, files: Files = LOCAL) -> str:
    """A hash of the table's file names and contents, not of when they were written.

    Returns:
        32 hexadecimal digits; of BigQuery, what `bigquery.versions.fingerprint` gives.

    Raises:
        DataError: There is no such file, or one cannot be read.
    """
    if source.format == "bigquery":
        from components.bigquery import versions

        return versions.fingerprint(source)
    found = find(source, files)
    paths = found.paths
    folder = posixpath.commonpath([posixpath.dirname(path) for path in paths])
    digest = hashlib.sha256()
    if found.spans:
        digest.update(json.dumps(found.spans).encode())
    for path in paths:
        with read_errors(path):
            content = _content(path, files)
        digest.update(f"{posixpath.relpath(path, folder)}\0".encode())
        folders = partitions.values(path, source.root)
        if found.splits or folders:
            digest.update(json.dumps([found.splits.get(path), folders]).encode())
        digest.update(content)
    return digest.hexdigest()[:32]


def _content(path: str, files: Files) -> bytes:
    """The SHA-256 of a file; of this machine's own, only those that were touched are read again."""
    if files is LOCAL:
        return bytes.fromhex(file_content.sha256(path)[1])
    content = hashlib.sha256()
    with files.open(path, "rb") as file:
        while block := file.read(_BLOCK):
            content.update(block)
    return content.digest()


@contextlib.contextmanager
def read_errors(path: str) -> Iterator[None]:
    """Turns what the operating system says of a file into a DataError."""
    try:
        yield
    except OSError as error:
        raise DataError(
            f"{shown(path)} cannot be read",
            f"Received: {error.strerror or error}.",
            "Make it readable for this user, or correct data.path.",
        ) from error


def looks_like(head: bytes) -> str | None:
    """The name of a binary format by a file's first bytes; None: none that is known."""
    if not _NOT_TEXT.search(head):
        return None
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)


# A column may well be called ORCID or PAR1.
_NOT_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f\x80-\xff]")
_MAGIC = {
    b"PAR1": "Parquet",
    b"Obj\x01": "Avro",
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip (or Excel)",
    b"\xd0\xcf\x11\xe0": "old Excel",
    b"ORC": "ORC",
    b"ARROW1": "Arrow or Feather",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"BZh": "bzip2",
    b"SQLite format 3\0": "SQLite",
}


def remedy_for(kind: str | None) -> str:
    """What to do where a file has another format than the configuration says."""
    if kind in ("Parquet", "Avro"):
        return f"Set data.format: {kind.lower()} in the model's config.yaml."
    if kind in ("gzip", "Zstandard", "bzip2"):
        return "Decompress the file; or, if it holds tf.Examples, set data.format: tfrecord."
    if kind and "Excel" in kind:
        return "Save the sheet as CSV (in a spreadsheet: File, Save As, CSV UTF-8)."
    return "Set data.format to the file's format: csv, tfrecord, parquet or avro."


def listing(names: Iterable[str]) -> str:
    """Some of the names, and how many more there are."""
    ordered = sorted(names)
    more = len(ordered) - _LISTED
    return ", ".join(ordered[:_LISTED]) + (f" and {more} more" if more > 0 else "") or "nothing"


def _visible(names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if not name.startswith((".", "_")))


def _no_such_files(source: TableSource, folder: str, files: Files) -> DataError:
    expected = " or ".join(EXTENSIONS[source.format])
    return DataError(
        f"The folder {shown(folder)} has no {source.format} file",
        f"Expected: files that end in {expected}. "
        f"It has: {listing(_visible(files.listdir(folder)))}.",
        "Correct data.path or data.format; a glob such as folder/*.txt takes any extension.",
    )


def _no_match(pattern: str, files: Files) -> DataError:
    """Says how far the path is right, and what there is instead."""
    remedy = "Correct data.path in the model's config.yaml."
    if "\\" in pattern:
        remedy = f"Write folders with slashes: {shown(pattern.replace(chr(92), '/'))}."
    elif unknown := spans.unknown_placeholder(pattern):
        remedy = unknown
    elif spans.has_placeholder(pattern):
        remedy = "Correct data.path: where its placeholder is, no file has a number or a date."
    if "://" in pattern:
        return DataError(f"No file matches {pattern}", "Received: nothing from there.", remedy)
    folder, name = posixpath.split(pattern)
    while folder and not files.isdir(folder) and posixpath.dirname(folder) != folder:
        folder, name = posixpath.split(folder)
    if folder and not files.isdir(folder):
        names: list[str] = []
    else:
        names = list(_visible(files.listdir(folder or ".")))
    place = shown(folder or ".")
    place = "The current folder" if place == "." else f"The folder {place}"
    return DataError(
        f"No file matches {shown(pattern)}{did_you_mean(name, names)}",
        f"{place} has: {listing(names)}.",
        remedy,
    )
