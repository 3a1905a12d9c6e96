"""Times in a column, as numbers that are in the order of time."""

from __future__ import annotations

import contextlib
import datetime
import re
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from components.tables.source import shown
from models.common.errors import DataError

Times: TypeAlias = npt.NDArray[Any]

_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:[ T](\d{2}:\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?"
)
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_MICROSECOND = datetime.timedelta(microseconds=1)


def values(array: pa.Array, column: str, format: str | None, path: str, before: int = 0) -> Times:
    """The time of each row: numbers as they are, text in microseconds since 1970.

    Text is a date or a time of ISO 8601, or of the format; without a zone it is taken for UTC.

    Args:
        array: int64, float64 or text.
        column: The column's name, for messages.
        format: Of `datetime.strptime`; None: ISO 8601.
        path: The file that it is from, for messages.
        before: Rows of the file before these.

    Raises:
        DataError: A row has no time, or one that cannot be read.
    """
    if pa.types.is_list(array.type):
        array = _scalars(array, column, path, before)
    if pa.types.is_binary(array.type):
        array = array.cast(pa.string())
    if pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_finite(array), array, pa.scalar(None, array.type))
    if array.null_count:
        raise DataError(
            f"{shown(path)}: {array.null_count} of {len(array)} rows have no time in '{column}'",
            "Expected: a time in every row, because splits.time.column names it. Received: none in "
            f"row {before + _first(array.is_null())}.",
            "Leave these rows out, or fill the column.",
        )
    if not pa.types.is_string(array.type):
        return np.asarray(array.to_numpy(zero_copy_only=False))
    encoded = array.dictionary_encode()
    known = []
    for text in encoded.dictionary.to_pylist():
        moment = parse(text, format)
        if moment is None:
            row = before + _first(pc.equal(array, text))
            raise DataError(
                f"{shown(path)}: row {row} has no time in '{column}' that can be read",
                f"Expected: {_expected(format)}. Received: {text!r}.",
                "Correct the column, or say under splits.time.format how its times are written, "
                'such as "%d.%m.%Y".',
            )
        known.append(moment)
    return np.array(known, np.int64)[encoded.indices.to_numpy(zero_copy_only=False)]


def cut(value: Any, key: str, column: pa.DataType, format: str | None) -> float:
    """A time of the configuration, comparable with those of a column.

    Args:
        value: What the configuration says: a number, or a time as text.
        key: Its key, for messages.
        column: The column's type.
        format: As for `values`.

    Raises:
        DataError: It is not such a time.
    """
    kind = column.value_type if pa.types.is_list(column) else column
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        expected = "a number, as the column has"
        with contextlib.suppress(ValueError):
            return float(value) if isinstance(value, str) else value
    else:
        expected = f"{_expected(format)}, as the column has"
        moment = parse(str(value), format)
        # A column with another format may well be cut at a date of ISO 8601.
        moment = parse(str(value)) if moment is None else moment
        if moment is not None:
            return moment
    raise DataError(
        f"{key} is no time of the column",
        f"Expected: {expected}. Received: {value!r}.",
        f"Correct {key} in the model's config.yaml.",
    )


def parse(text: str, format: str | None = None) -> int | None:
    """A time in microseconds since 1970; None where it cannot be read."""
    try:
        if format is not None:
            moment = datetime.datetime.strptime(text.strip(), format)
        else:
            match = _ISO.fullmatch(text.strip())
            if match is None:
                return None
            day, minute, second, fraction, zone = match.groups()
            zone = "+00:00" if zone in (None, "Z") else f"{zone[:3]}:{zone[-2:]}"
            exact = (fraction or "").ljust(6, "0")[:6]
            moment = datetime.datetime.fromisoformat(
                f"{day}T{minute or '00:00'}:{second or '00'}.{exact}{zone}"
            )
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.timezone.utc)
    return (moment - _EPOCH) // _MICROSECOND


def _scalars(array: pa.Array, column: str, path: str, before: int) -> pa.Array:
    """The one value of each row; null where it has none."""
    lengths = pc.fill_null(pc.list_value_length(array), 0)
    if (pc.max(lengths).as_py() or 0) > 1:
        raise DataError(
            f"{shown(path)}: row {before + _first(pc.greater(lengths, 1))} has several times in "
            f"'{column}'",
            "Expected: one in every row, because splits.time.column names it.",
            "Name another column under splits.time.",
        )
    indices = pc.cumulative_sum(lengths)
    kept = pc.if_else(pc.equal(lengths, 1), pc.subtract(indices, 1), None)
    return array.flatten().take(kept)


def _expected(format: str | None) -> str:
    return f"a time as {format}" if format else "a date or a time such as 2025-01-31 13:05:00"


def _first(mask: pa.Array) -> int:
    """The number of the first row, from 1, where it holds."""
    return int(np.argmax(mask.to_numpy(zero_copy_only=False))) + 1
