"""Reads CSV with Arrow, first as text: what type a column has is only known after its last row.

A missing value is an empty cell, quoted or not; nothing else is, so `NA` is text. Blank lines are
skipped. Whitespace around a number and a leading plus do not make it text.
"""

from __future__ import annotations

import codecs
import collections
import contextlib
import io
import sys
import time
import weakref
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from components.tables.columns import ARROW_TYPE, ColumnType, wider_or_same
from components.tables.formats import csv_mistakes
from components.tables.source import Files, TableSource, read_errors

_BLOCK = csv_mistakes.LONGEST_ROW
_LONGEST_WAIT = 5.0
"""Seconds."""
_PROBED = 64
"""About how many values are tried before all of a column's in a batch."""
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    # Before the marks of UTF-16, of which one is the beginning of this.
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def read(
    source: TableSource, path: str, files: Files, start: int = 0, end: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Yields the file's rows, every column as text with null for an empty cell.

    The first batch is there, perhaps without rows, whatever the file holds.

    Args:
        source: The table.
        path: One of its files.
        files: Where it is.
        start: The first byte of the part to read: where a row begins; 0: the header too.
        end: The byte that follows it; None: it goes to the file's end.

    Raises:
        DataError: The file is not a table in CSV with this delimiter and encoding.
    """
    with read_errors(path):
        known = encoding(source, path, files)
        with files.open(path, "rb") as file:
            csv_mistakes.check_head(file.read(csv_mistakes.HEAD), source, path, known)
        names = _header(source, path, files, known)
        csv_mistakes.check_header(names, source, path)
        with files.open(path, "rb") as file:
            file.seek(start)
            watched = _Watched(file, known, None if end is None else end - start)
            yield from _batches(watched, source, path, files, known, names, bool(start))


def _batches(
    watched: _Watched,
    source: TableSource,
    path: str,
    files: Files,
    encoding: str,
    names: list[str],
    is_headless: bool,
) -> Iterator[pa.RecordBatch]:
    schema = pa.schema([(name, pa.string()) for name in names])
    yield pa.RecordBatch.from_arrays([pa.nulls(0, pa.string()) for _ in names], schema=schema)
    try:
        yield from _read_by_arrow(watched, source, encoding, schema, is_headless)
    except (pa.ArrowException, UnicodeError) as error:
        # A header without a line break is, to Arrow, no header.
        if is_headless or watched.has_rows:
            with files.open(path, "rb") as again:
                raise csv_mistakes.explain(
                    again, source, path, encoding, len(names), str(error)
                ) from None
    if watched.suspicious:
        with files.open(path, "rb") as again:
            csv_mistakes.check_end(again, source, path, encoding)


def _read_by_arrow(
    watched: _Watched, source: TableSource, encoding: str, schema: pa.Schema, is_headless: bool
) -> Iterator[pa.RecordBatch]:
    """Yields batches, and ends no sooner than Arrow's threads have let go of the file.

    They read ahead, and one that wants the interpreter while it ends would end the program by a
    signal, whatever the exit status was.
    """
    file = _Handle(watched)
    held = weakref.ref(file)
    reader = pa.csv.open_csv(
        file,
        read_options=pa.csv.ReadOptions(
            block_size=_BLOCK,
            encoding="utf8" if _is_utf8(encoding) else encoding,
            column_names=schema.names if is_headless else None,
        ),
        parse_options=pa.csv.ParseOptions(delimiter=source.delimiter, newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types=schema,
            null_values=["", *source.missing],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )
    del file
    try:
        yield from reader
    finally:
        watched.stop()
        with contextlib.suppress(pa.ArrowException, UnicodeError):
            collections.deque(reader, maxlen=0)
        reader.close()
        del reader
        until = time.monotonic() + _LONGEST_WAIT
        while held() is not None and time.monotonic() < until:
            time.sleep(0.0005)


def parse(array: pa.Array, kind: ColumnType | None) -> tuple[ColumnType | None, pa.Array]:
    """Gives text the narrowest type, from this one on, that all of its values have.

    Args:
        array: Text, with nulls.
        kind: A type that other rows of the column need; None where they had no value.

    Returns:
        The type and the values in it; without any value, the type as it was.
    """
    if array.null_count == len(array):
        return kind, pa.nulls(len(array), ARROW_TYPE[kind] if kind else pa.null())
    # A cast that fails takes long, because Arrow words an error for each value: so try a few first.
    present = array.drop_null()
    some = present.take(pa.array(range(0, len(present), 1 + len(present) // _PROBED)))
    for candidate in wider_or_same(kind):
        try:
            _as(some, candidate)
            return candidate, _as(array, candidate)
        except pa.ArrowInvalid:
            continue
    raise AssertionError("any text is STRING")


def _as(array: pa.Array, kind: ColumnType) -> pa.Array:
    if kind == "STRING":
        return array
    target = ARROW_TYPE[kind]
    try:
        numbers = array.cast(target)
    except pa.ArrowInvalid:
        # Which of these Arrow takes by itself depends on its version.
        trimmed = pc.replace_substring_regex(
            pc.utf8_trim_whitespace(array), pattern=r"^\+([0-9.])", replacement=r"\1"
        )
        numbers = trimmed.cast(target)
    if kind == "INT" and any(pc.any(pc.match_substring(array, x)).as_py() for x in "xX"):
        # Arrow takes 0x1F for a whole number, but not for a FLOAT, to which the column may widen.
        raise pa.ArrowInvalid("hexadecimal")
    return numbers


class _Watched(io.RawIOBase):
    """A file that looks at the bytes which pass, for what Arrow does not notice."""

    def __init__(self, file: Any, encoding: str, size: int | None = None) -> None:
        self._file = file
        self._left = sys.maxsize if size is None else size
        self._wide = encoding.startswith(("utf-16", "utf-32"))
        self._lines = 0
        self._quotes = 0
        self._nul = False
        self._stopped = False

    def stop(self) -> None:
        """Has nothing more to read from now on."""
        self._stopped = True

    @property
    def has_rows(self) -> bool:
        """Whether there was more than one line."""
        return self._lines > 0

    @property
    def suspicious(self) -> bool:
        """Whether a quote has no partner, or a byte is not text."""
        return self._quotes % 2 == 1 or self._nul

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        block = b"" if self._stopped else self._file.read(min(len(buffer), self._left))
        self._left -= len(block)
        buffer[: len(block)] = block
        self._lines += block.count(b"\n") + block.count(b"\r")
        self._quotes += block.count(b'"')
        self._nul |= not self._wide and b"\0" in block
        return len(block)


class _Handle(io.RawIOBase):
    """What Arrow has of a file; it is gone once Arrow has let go of it."""

    def __init__(self, file: _Watched) -> None:
        self._file = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._file.readinto(buffer)


def encoding(source: TableSource, path: str, files: Files) -> str:
    """The configured encoding, unless the file begins with a mark that tells another."""
    with files.open(path, "rb") as file:
        head = file.read(4)
    marked = next((name for mark, name in _MARKS.items() if head.startswith(mark)), None)
    return marked or codecs.lookup(source.encoding).name


def _is_utf8(encoding: str) -> bool:
    # Arrow skips the mark by itself.
    return encoding in ("utf-8", "utf-8-sig", "ascii")


def _header(source: TableSource, path: str, files: Files, encoding: str) -> list[str]:
    with files.open(path, "rb") as file:
        for row in csv_mistakes.rows(file, source, path, encoding):
            return row.cells
    raise csv_mistakes.empty_file(path)
