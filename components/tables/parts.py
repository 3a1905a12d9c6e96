"""Parts of a table's files, each of whole rows, that can be read at the same time."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from components.tables.formats import columnar, csv_file
from components.tables.reading import READERS, Reader
from components.tables.source import LOCAL, Files, TableSource, read_errors

CSV_BYTES = 16 << 20
"""A part of a CSV file has at least so many bytes, but for the last."""
PARQUET_ROWS = 125_000
"""A part of a Parquet file has so many rows, but for the last."""
_SINGLE_BYTES = re.compile("utf-8(-sig)?|ascii|iso8859-[0-9]+|cp125[0-9]")
"""Encodings whose ASCII characters are bytes that no other character has."""
_BLOCK = 8 << 20
_QUOTE, _FEED, _RETURN = b'"\n\r'


@dataclass(frozen=True)
class Part:
    """Some of a file's rows."""

    path: str
    start: int = 0
    """Of CSV its first byte, of Parquet its first row."""
    end: int | None = None
    """What follows the last one; None: it goes to the file's end."""

    @property
    def is_whole(self) -> bool:
        """Whether it is all of the file."""
        return self.start == 0 and self.end is None


def of_file(source: TableSource, path: str, files: Files = LOCAL) -> list[Part]:
    """The parts of a file, in its order; the same wherever and by however many they are read.

    A file of another format, or that is not on this machine, is one part: to find where its rows
    begin would be to read it. So is one in which something is wrong.

    Raises:
        DataError: The file cannot be read.
    """
    starts = [0]
    if files is LOCAL and source.format in ("csv", "parquet"):
        with read_errors(path), LOCAL.open(path, "rb") as file:
            if source.format == "parquet":
                starts = list(range(0, columnar.rows_of_parquet(file), PARQUET_ROWS)) or [0]
            elif _SINGLE_BYTES.fullmatch(csv_file.encoding(source, path, LOCAL)):
                starts = csv_starts(file, source.delimiter, CSV_BYTES)
    return [Part(path, *ends) for ends in zip(starts, [*starts[1:], None], strict=True)]


def reader(source: TableSource, part: Part, read: Reader | None = None) -> Reader:
    """What reads a part, called as what reads its file is.

    Args:
        source: The table.
        part: The part.
        read: What reads a whole file; None: what `READERS` has for its format.
    """
    read = read or READERS[source.format]
    return read if part.is_whole else functools.partial(read, start=part.start, end=part.end)


def csv_starts(file: BinaryIO, delimiter: str, least: int) -> list[int]:
    """Where each part of a CSV file begins, by the number of its first byte; the first is 0.

    A line break ends a row unless it is in quotes, and whether it is depends on all before it. To
    count quotes tells that as long as each that opens a cell is where a cell begins; a file in
    which one is elsewhere, as in `5" pipe`, is not cut.

    Args:
        file: At its beginning; of an encoding whose ASCII characters are bytes that no other
            character has.
        delimiter: Between two cells.
        least: Bytes that each part but the last has at least.
    """
    if Path(file.name).stat().st_size <= least or not delimiter.isascii():
        return [0]
    found, read, quoted, last = [0], 0, False, _FEED
    beginning = np.array([_QUOTE, _FEED, _RETURN, ord(delimiter)], np.uint8)
    while block := file.read(_BLOCK):
        data = np.frombuffer(block, np.uint8)
        quotes = np.flatnonzero(data == _QUOTE)
        opening = quotes[int(quoted) :: 2]
        # One that follows another at once is the second half of a quote in a quoted cell.
        before = np.where(opening == 0, last, data[opening - 1])
        if not np.isin(before, beginning).all():
            return [0]
        if found[-1] + least < read + len(block):
            breaks = np.flatnonzero(data == _FEED)
            breaks = breaks[(np.searchsorted(quotes, breaks) + quoted) % 2 == 0]
            ends = read + 1 + breaks
            while (place := np.searchsorted(ends, found[-1] + least)) < len(ends):
                found.append(int(ends[place]))
        read += len(block)
        quoted ^= len(quotes) % 2 == 1
        last = block[-1]
    if quoted:
        return [0]
    return found[:-1] if found[-1] == read and read else found
