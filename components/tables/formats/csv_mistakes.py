"""Finds and tells what is wrong with a CSV file, by line.

Reading is Arrow's, which is fast and says little; where it stumbles, the file is read again, here,
by Python's own parser, which is slow and knows where it is.
"""

from __future__ import annotations

import collections
import contextlib
import csv
import io
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from components.tables.source import TableSource, listing, looks_like, remedy_for, shown
from models.common.errors import DataError

HEAD = 1 << 16
"""Bytes of a file's beginning that are looked at before it is read."""
LONGEST_ROW = 8 << 20
"""Bytes, the most that one row may have."""

_DELIMITERS = (",", ";", "\t", "|")
_SHOWN = 80


@dataclass(frozen=True)
class Row:
    """One row and where it is."""

    first_line: int
    last_line: int
    cells: list[str]
    text: str


def rows(file: BinaryIO, source: TableSource, path: str, encoding: str) -> Iterator[Row]:
    """Yields the rows that are not blank, the header among them.

    Raises:
        DataError: The file is not text in this encoding, or a row does not end.
    """
    text = io.TextIOWrapper(file, encoding, newline="")
    taken: list[str] = []
    line = 1

    def lines() -> Iterator[str]:
        size = 0
        for part in text:
            size = len(part) + (size if taken else 0)
            if size > LONGEST_ROW:
                raise _unclosed(path, line, f"the row is longer than {LONGEST_ROW >> 20} MB")
            if "\0" in part:
                raise _binary(path, f"in line {line + len(taken)}")
            taken.append(part)
            yield part

    try:
        with _long_cells():
            reader = csv.reader(lines(), delimiter=source.delimiter)
            for cells in reader:
                if cells:
                    yield Row(line, reader.line_num, cells, "".join(taken))
                taken.clear()
                line = reader.line_num + 1
    except UnicodeError as error:
        raise _wrong_encoding(file, path, encoding, error) from None
    finally:
        # Otherwise the file is closed with the wrapper.
        text.detach()


def check_head(head: bytes, source: TableSource, path: str, encoding: str) -> None:
    """Refuses a file that is empty or not text."""
    if not head.strip():
        raise empty_file(path)
    kind = looks_like(head)
    if kind:
        raise DataError(
            f"{shown(path)} is not CSV: it looks like {kind}",
            f"Expected: text, because data.format is csv. Received: a file that begins with "
            f"{head[:8]!r}.",
            remedy_for(kind),
        )
    if encoding.startswith(("utf-16", "utf-32")):
        return
    if b"\0" in head:
        if _looks_like_utf16(head):
            raise DataError(
                f"{shown(path)} is not {encoding} text: it looks like UTF-16",
                f"Expected: text in {encoding}. Received: every other byte is zero.",
                f"Set data.encoding: {'utf-16-be' if head[0] == 0 else 'utf-16-le'} in the "
                "model's config.yaml.",
            )
        raise _binary(path, f"at byte {head.index(0)}")


def check_header(names: Sequence[str], source: TableSource, path: str) -> None:
    """Refuses column names that do not name columns, and what looks like another delimiter."""
    others = [mark for mark in _DELIMITERS if mark != source.delimiter and mark in names[0]]
    if len(names) == 1 and others:
        mark = max(others, key=names[0].count)
        raise DataError(
            f"{shown(path)} has a single column: its cells seem to be separated by {mark!r}",
            f"Expected: cells separated by data.delimiter, which is {source.delimiter!r}. "
            f"Received: {_short(names[0])}",
            f'Set data.delimiter: "{mark if mark != chr(9) else chr(92) + "t"}" in the model\'s '
            "config.yaml.",
        )
    for position, name in enumerate(names, start=1):
        if not name.strip():
            raise DataError(
                f"{shown(path)}:1: column {position} has no name",
                f"Expected: a name for each of the {len(names)} columns. "
                f"Received: {_short(source.delimiter.join(names))}",
                "Name it; or, if it is an index that pandas wrote, write with index=False.",
            )
    counts = collections.Counter(names)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        places = [str(place) for place, name in enumerate(names, start=1) if name == twice[0]]
        raise DataError(
            f"{shown(path)}:1: more than one column is called '{twice[0]}'",
            f"Expected: each name once. Received: '{twice[0]}' as columns {', '.join(places)}"
            + (f"; also twice: {listing(twice[1:])}." if twice[1:] else "."),
            "Rename or remove all but one.",
        )


def check_end(file: BinaryIO, source: TableSource, path: str, encoding: str) -> None:
    """Looks through a file that Arrow could read for what it does not notice.

    Raises:
        DataError: A quote is not closed, or the file has a byte that no text has.
    """
    last: Row | None = None
    for row in rows(file, source, path, encoding):
        last = row
    if last is not None and _is_open(last.text, source.delimiter):
        raise _unclosed(path, last.first_line, "the file ends inside of it")


def explain(
    file: BinaryIO, source: TableSource, path: str, encoding: str, width: int, reason: str
) -> DataError:
    """Says why Arrow could not read a file.

    Args:
        file: The file, at its beginning.
        source: How it was read.
        path: Its path.
        encoding: The encoding with which it was read.
        width: How many columns the header names.
        reason: What Arrow says.
    """
    try:
        for row in rows(file, source, path, encoding):
            if len(row.cells) != width:
                if _is_open(row.text, source.delimiter):
                    return _unclosed(path, row.first_line, "the file ends inside of it")
                return _ragged(row, source, path, width)
    except DataError as error:
        return error
    return DataError(
        f"{shown(path)} cannot be read as CSV",
        f"Expected: {width} columns separated by {source.delimiter!r}. Received: {reason}",
        "Correct the file, or data.format, data.delimiter or data.encoding.",
    )


def empty_file(path: str) -> DataError:
    """The error about a file without content."""
    return DataError(
        f"{shown(path)} is empty",
        "Expected: a line with the columns' names, then rows. Received: nothing.",
        "Write the file again, or correct data.path.",
    )


def _ragged(row: Row, source: TableSource, path: str, width: int) -> DataError:
    received = len(row.cells)
    remedy = f"Correct the row; a cell with {source.delimiter!r} in it has to be in double quotes."
    if row.last_line > row.first_line:
        remedy = (
            f"The row goes on to line {row.last_line}: see whether the quote that opens a cell in "
            f"line {row.first_line} is closed."
        )
    return DataError(
        f"{shown(path)}:{row.first_line}: {received} cell{'s' if received > 1 else ''} where the "
        f"header has {width}",
        f"Expected: {width} cells separated by {source.delimiter!r}. "
        f"Received {received}: {_short(row.text)}",
        remedy,
    )


def _binary(path: str, where: str) -> DataError:
    return DataError(
        f"{shown(path)} is not text: it has a zero byte {where}",
        "Expected: text, because data.format is csv. Received: a zero byte, which no text has.",
        remedy_for(None),
    )


def _unclosed(path: str, line: int, why: str) -> DataError:
    return DataError(
        f"{shown(path)}:{line}: a cell opens with a quote that is not closed",
        f"Expected: a second double quote at the cell's end. Received: {why}.",
        "Close the quote; a quote inside of a quoted cell has to be doubled.",
    )


def _wrong_encoding(file: BinaryIO, path: str, encoding: str, error: UnicodeError) -> DataError:
    remedy = "Set data.encoding to the encoding of the file"
    if encoding.startswith("utf-8"):
        remedy += ", for example data.encoding: latin-1 (from Windows programs: cp1252)"
    detail = f"Expected: text in {encoding}. Received: {error}."
    place = ""
    file.seek(0)
    if not encoding.startswith(("utf-16", "utf-32")):
        offset = 0
        for number, line in enumerate(file, start=1):
            try:
                line.decode(encoding)
            except UnicodeError as in_line:
                start = getattr(in_line, "start", 0)
                place = f":{number}"
                detail = (
                    f"Expected: text in {encoding}. Received: the byte 0x{line[start]:02X} at "
                    f"offset {offset + start}, after "
                    f"{line[max(0, start - 20) : start].decode(encoding, 'replace')!r}."
                )
                break
            offset += len(line)
    return DataError(f"{shown(path)}{place}: not {encoding} text", detail, f"{remedy}.")


def _is_open(text: str, delimiter: str) -> bool:
    """Whether a row's text ends inside of a quoted cell."""
    try:
        with _long_cells():
            collections.deque(csv.reader([text], delimiter=delimiter, strict=True), maxlen=0)
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


@contextlib.contextmanager
def _long_cells() -> Iterator[None]:
    """Lifts the limit of Python's parser, 128 KiB a cell."""
    limit = csv.field_size_limit(2 * LONGEST_ROW)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def _looks_like_utf16(head: bytes) -> bool:
    start = head[:64]
    return len(start) > 3 and (not any(start[1::2]) or not any(start[::2]))


def _short(text: str) -> str:
    """A row's text as one line of at most 80 characters."""
    line = "\\n".join(itertools.islice(text.rstrip("\r\n").splitlines(), 3))
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 3]}..."
