"""CSV (RFC 4180) as the body of `:predict` and of its answer.

A line is a row. A first line with names of inputs is a header; without one, cells are in the order
of the signature's inputs, which is that of `metadata`. Of a signature with a single input that
takes a list, a line without a header is the list.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from serving.codec import instances_json, predict_json, tensors
from serving.codec.long_json import too_many
from serving.core import background, json_text
from serving.core.errors import Code, ServingError
from serving.model.signatures import Arrays, Signature, TensorInfo

_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_CELLS_AT_ONCE = 4096
"""Read or written between two pauses."""

# A text may be longer than the module's default of 128 kB.
csv.field_size_limit(2**31 - 1)


def read(
    body: bytes,
    signature: Signature,
    most_rows: int,
    header: bool | None = None,
    note: Callable[[list[dict[str, Any]]], None] = lambda rows: None,
) -> tuple[Arrays, int]:
    """The tensors of a request, and how many rows it has.

    Args:
        body: UTF-8, perhaps with a byte order mark.
        signature: What the rows are for. An empty cell is a missing value where the signature has
            a default, and an empty string of an input of strings that has none.
        most_rows: More are refused.
        header: Whether the first line is one; None: if it has the name of an input.
        note: Told of the rows, some at a time.

    Raises:
        ServingError: It is no such request; the message names line and column.
    """
    parts: list[tuple[Arrays, int]] = []
    count = 0
    for rows in _chunks(_rows(body, signature, header), max(1, len(signature.inputs))):
        background.pause()
        if count + len(rows) > most_rows:
            raise too_many(count + len(rows), most_rows)
        note(rows)
        try:
            parts.append((instances_json.arrays(rows, signature), len(rows)))
        except ServingError as error:
            raise refused(f"From row {count + 1} on: {error.message}") from None
        count += len(rows)
    if not parts:
        raise refused("The body has no rows")
    return {name: _joined(name, parts, info) for name, info in signature.inputs.items()}, count


def write(outputs: Arrays, infos: Mapping[str, TensorInfo], header: bool) -> bytes:
    """An answer: a line for each row, a column for each output; a list is JSON in its cell.

    Raises:
        ServingError: An output has no value for each row, or no form as text.
    """
    predict_json.check_rows(outputs)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    if header:
        writer.writerow(outputs)
    count = len(next(iter(outputs.values())))
    width = sum(array.size for array in outputs.values()) // max(1, count)
    step = max(1, _CELLS_AT_ONCE // max(1, width))
    for start in range(0, count, step):
        background.pause()
        columns = [
            _cells(array[start : start + step], infos[name]) for name, array in outputs.items()
        ]
        writer.writerows(zip(*columns, strict=True))
    return text.getvalue().encode()


def value(cell: str, info: TensorInfo) -> Any:
    """A cell that is not empty as a value of an input, or a list of such.

    Raises:
        KeyError, ValueError: It is none.
    """
    if info.shape is not None and len(info.shape) > 1:
        listed = json.loads(cell) if cell.startswith("[") else None
        return listed if isinstance(listed, list) else [_scalar(cell, info)]
    return _scalar(cell, info)


def refused(message: str) -> ServingError:
    """A client's mistake."""
    return ServingError(Code.INVALID_ARGUMENT, message)


def _scalar(cell: str, info: TensorInfo) -> Any:
    kind = info.dtype.kind
    if kind == "b":
        return _TRUTH[cell.strip().lower()]
    if kind not in "iuf":
        return cell
    if "_" in cell:  # Python's own way of writing numbers.
        raise ValueError(cell)
    if kind == "f":
        decimal = float(cell)
        if math.isinf(decimal) and "inf" not in cell.lower():
            raise ValueError(cell)
        return decimal
    # Tools that know only floats write 3.0 for 3.
    try:
        number = int(cell)
    except ValueError:
        decimal = float(cell)
        if not decimal.is_integer():
            raise
        number = int(decimal)
    limits = np.iinfo(info.dtype)
    if not limits.min <= number <= limits.max:
        raise ValueError(cell)
    return number


def _rows(body: bytes, signature: Signature, header: bool | None) -> Iterator[dict[str, Any]]:
    lines = _lines(body)
    infos = signature.inputs
    first = next(lines, None)
    if first is None:
        return
    names = list(infos)
    is_header = header if header is not None else any(cell in infos for cell in first[1])
    if is_header:
        names = _header(first, infos)
    alone = infos[names[0]] if len(infos) == 1 and not is_header else None
    if alone is not None and (alone.shape is None or len(alone.shape) != 2):
        alone = None
    for line, cells in lines if is_header else _and_then(first, lines):
        if alone is not None:
            yield _vector(line, cells, alone)
        else:
            yield _row(line, cells, names, infos)


def _and_then(
    first: tuple[int, list[str]], lines: Iterator[tuple[int, list[str]]]
) -> Iterator[tuple[int, list[str]]]:
    yield first
    yield from lines


def _lines(body: bytes) -> Iterator[tuple[int, list[str]]]:
    """The lines that have cells, with their numbers."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise refused(f"Line {line} is not UTF-8") from None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise refused(f"Line {line} is not CSV: {error}") from None
        if cells:
            yield line, cells
        line = reader.line_num + 1


def _header(first: tuple[int, list[str]], infos: Mapping[str, TensorInfo]) -> list[str]:
    line, names = first
    for column, name in enumerate(names, start=1):
        if name not in infos:
            raise refused(
                f"Line {line}, column {column}: the model has no input '{name}'; it has "
                f"{', '.join(infos)}"
            )
        if name in names[: column - 1]:
            raise refused(f"Line {line}, column {column}: '{name}' is there twice")
    missing = [name for name, info in infos.items() if info.default is None and name not in names]
    if missing:
        raise refused(f"Line {line}: the header lacks {', '.join(missing)}")
    return names


def _row(
    line: int, cells: list[str], names: list[str], infos: Mapping[str, TensorInfo]
) -> dict[str, Any]:
    if len(cells) != len(names):
        raise refused(
            f"Line {line}: {len(cells)} cells, where there are {len(names)} columns: "
            f"{', '.join(names)}"
        )
    row = {}
    for column, (name, cell) in enumerate(zip(names, cells, strict=True), start=1):
        info = infos[name]
        if cell == "" and info.default is not None:
            continue
        row[name] = _checked(cell, info, f"Line {line}, column {column} ({name})", value)
    return row


def _vector(line: int, cells: list[str], info: TensorInfo) -> dict[str, Any]:
    if len(cells) == 1 and cells[0].startswith("["):
        return _row(line, cells, [info.name], {info.name: info})
    width = info.shape[1] if info.shape else None
    if width not in (None, len(cells)):
        raise refused(f"Line {line}: {len(cells)} cells, where input '{info.name}' takes {width}")
    return {
        info.name: [
            _checked(cell, info, f"Line {line}, column {column}", _scalar)
            for column, cell in enumerate(cells, start=1)
        ]
    }


def _checked(
    cell: str, info: TensorInfo, place: str, read_cell: Callable[[str, TensorInfo], Any]
) -> Any:
    if cell == "" and info.dtype.kind != "O":
        raise refused(f"{place} is empty, and the model has no default for it")
    try:
        return read_cell(cell, info)
    except (KeyError, OverflowError, RecursionError, ValueError):
        shown = json_text.shown(cell)
        raise refused(f"{place}: {shown} is not of expected type: {info.type_name}") from None


def _chunks(rows: Iterator[dict[str, Any]], width: int) -> Iterator[list[dict[str, Any]]]:
    chunk: list[dict[str, Any]] = []
    cells = 0
    for row in rows:
        chunk.append(row)
        cells += sum(len(one) if isinstance(one, list) else 1 for one in row.values()) or width
        if cells >= _CELLS_AT_ONCE:
            yield chunk
            chunk, cells = [], 0
    if chunk:
        yield chunk


def _joined(name: str, parts: list[tuple[Arrays, int]], info: TensorInfo) -> np.ndarray:
    arrays = [part[name] for part, _ in parts]
    if info.default is not None:
        if all(array is info.default for array in arrays):
            return info.default
        default = np.atleast_1d(info.default)[:1]
        arrays = [
            np.repeat(default, count, axis=0) if array is info.default else array
            for array, (_, count) in zip(arrays, parts, strict=True)
        ]
    if len({array.shape[1:] for array in arrays}) > 1:
        shapes = sorted({str(list(array.shape[1:])) for array in arrays})
        raise refused(f"Column {name}: rows differ in shape: {' and '.join(shapes)}")
    return np.concatenate(arrays) if len(arrays) > 1 else arrays[0]


def _cells(array: np.ndarray, info: TensorInfo) -> list[Any]:
    if array.ndim > 1 and math.prod(array.shape[1:]) == 1:
        array = array.reshape(-1)
    if array.dtype.kind == "O":
        texts = [_text(cell, info.name.endswith("_bytes")) for cell in array.ravel()]
        listed = np.empty(array.size, dtype=object)
        listed[:] = texts
        values = listed.reshape(array.shape).tolist()
    elif array.dtype.kind in "fiub":
        values = predict_json.shortest(array)
    else:
        raise refused(f"Output '{info.name}' of type {info.type_name} has no form as text")
    if array.ndim > 1:
        return [json_text.dump_special(one).decode() for one in values]
    return [str(one).lower() if isinstance(one, bool) else one for one in values]


def _text(cell: bytes, as_bytes: bool) -> str:
    return tensors.as_b64(cell)["b64"] if as_bytes else cell.decode(errors="replace")
