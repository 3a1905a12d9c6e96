"""CSV with a header: UTF-8, commas, quotes where needed. An empty cell is a missing value."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from serving.batch.formats import Answered, Row, check_columns, in_chunks
from serving.batch.text_file import TextFile, is_utf8
from serving.codec import csv_text
from serving.core.errors import Code, ServingError
from serving.model.signatures import Signature

ENDING = ".csv"


def read(path: Path, signature: Signature, rows: int) -> Iterator[list[Row]]:
    """See `formats.Format`.

    Raises:
        ServingError: The header lacks an input of the model, or see `TextFile`.
    """
    with TextFile(path) as file:
        yield from in_chunks(_rows(file, path, signature), rows)


def _rows(file: TextFile, path: Path, signature: Signature) -> Iterator[Row]:
    reader = csv.reader(file)
    header = next(reader, [])
    check_columns(path, header, signature)
    if len(set(header)) < len(header):
        raise ServingError(
            Code.INVALID_ARGUMENT, f"{path} has two columns of the same name", f"Header: {header}."
        )
    line = reader.line_num + 1
    while True:
        file.begin_row()
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(line, None, [], f"is not CSV: {error}")
            line = reader.line_num + 1
            continue
        if cells:
            yield _row(line, cells, header, signature)
        line = reader.line_num + 1


def _row(line: int, cells: list[str], header: list[str], signature: Signature) -> Row:
    if len(cells) != len(header):
        return Row(line, None, cells, f"has {len(cells)} cells; the header has {len(header)}")
    if not all(cell.isascii() or is_utf8(cell) for cell in cells):
        return Row(line, None, cells, "is not UTF-8")
    instance: dict[str, Any] = {}
    for name, cell in zip(header, cells, strict=True):
        if cell == "" or name not in signature.inputs:
            continue
        try:
            instance[name] = csv_text.value(cell, signature.inputs[name])
        except (KeyError, OverflowError, RecursionError, ValueError):
            expected = signature.inputs[name].type_name
            return Row(line, None, cells, f"{name}: '{cell}' is not of the type {expected}")
    return Row(line, instance, cells)


class CsvWriter:
    """See `formats.Writer`."""

    def __init__(self, path: Path, source: Path, signature: Signature) -> None:
        with TextFile(source) as file:
            header = next(csv.reader(file), [])
        self._names = list(signature.outputs)
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow([*header, *(f"output_{name}" for name in self._names)])

    def write(self, rows: list[Answered]) -> None:
        """Adds rows."""
        self._writer.writerows(
            [*item.row.source, *(_cell(item.outputs[name]) for name in self._names)]
            for item in rows
        )

    def close(self) -> None:
        """Completes the file."""
        self._file.close()


def _cell(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, list) else value


writer = CsvWriter
