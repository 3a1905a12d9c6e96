"""JSON lines: each line an instance as a request would hold it, an object or a plain value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from serving.batch.formats import Answered, Row, in_chunks
from serving.batch.text_file import TextFile, is_utf8
from serving.model.signatures import Signature

ENDING = ".jsonl"


def read(path: Path, signature: Signature, rows: int) -> Iterator[list[Row]]:
    """See `formats.Format`.

    Raises:
        ServingError: See `TextFile`.
    """
    with TextFile(path) as file:
        yield from in_chunks(_rows(file, signature), rows)


def _rows(file: TextFile, signature: Signature) -> Iterator[Row]:
    for number, line in enumerate(file, start=1):
        file.begin_row()
        if line.strip():
            yield _row(number, line, signature)


def _row(number: int, line: str, signature: Signature) -> Row:
    text = line.rstrip("\r\n")
    if not is_utf8(text):
        return Row(number, None, text, "is not UTF-8")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return Row(number, None, text, f"is not JSON: {error}")
    instance = value
    if isinstance(value, dict) and value.keys() != {"b64"}:
        inputs = signature.inputs
        instance = {k: v for k, v in value.items() if k in inputs and v is not None}
    return Row(number, instance, value)


class JsonLinesWriter:
    """See `formats.Writer`."""

    def __init__(self, path: Path, source: Path, signature: Signature) -> None:
        self._file = path.open("w", encoding="utf-8")

    def write(self, rows: list[Answered]) -> None:
        """Adds rows."""
        for item in rows:
            given = item.row.source
            named = given if isinstance(given, dict) else {"instance": given}
            outputs = {f"output_{name}": value for name, value in item.outputs.items()}
            self._file.write(json.dumps({**named, **outputs}) + "\n")

    def close(self) -> None:
        """Completes the file."""
        self._file.close()


writer = JsonLinesWriter
