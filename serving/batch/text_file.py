"""Reads files of text line by line: gzipped or not, in memory that no file decides on."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from serving.core.errors import Code, ServingError

LONGEST_ROW = 64 * 2**20
"""Characters of a row. A few kilobytes of gzip may stand for gigabytes without a line break."""


class TextFile(Iterator[str]):
    """A file's lines with their ends; bytes that are not UTF-8 become surrogates.

    Raises:
        ServingError: While it is read: a row is longer than `LONGEST_ROW`, or the gzip is damaged.
    """

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            packed = file.read(2) == b"\x1f\x8b"
        binary = gzip.GzipFile(path) if packed else path.open("rb")
        self._path = path
        self._file = io.TextIOWrapper(binary, "utf-8-sig", errors="surrogateescape", newline="")
        self._line = 0
        self._size = 0

    def __enter__(self) -> TextFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._file.close()

    def begin_row(self) -> None:
        """Counts from here; without it, all lines together are one row."""
        self._size = 0

    def __next__(self) -> str:
        try:
            line = self._file.readline(LONGEST_ROW + 1 - self._size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise ServingError(
                Code.DATA_LOSS,
                f"{self._path} is damaged, or not whole",
                f"After line {self._line}: {error}.",
                "Copy the file again.",
            ) from error
        self._line += 1
        self._size += len(line)
        if self._size > LONGEST_ROW:
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f"{self._path} has a row of more than {LONGEST_ROW // 2**20} MB",
                f"It goes on at line {self._line}.",
                "Look for a line break that is missing, or a quote without its partner.",
            )
        if not line:
            raise StopIteration
        return line


def is_utf8(text: str) -> bool:
    """Whether a text of a `TextFile` was UTF-8."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
