"""A column of served rows as flat values: what is of the feature's type, missing, or neither."""

from __future__ import annotations

import base64
import binascii
import itertools
import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import monitoring.core.arrow  # noqa: F401  (no file runs code)
from monitoring.summary.rows import Column

_LONGEST_EXAMPLE = 40
_MOST_EXAMPLES = 3
_INTEGERS = frozenset(f"DT_{sign}INT{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64))
_SMALL_FLOATS = frozenset({"DT_FLOAT", "DT_HALF", "DT_BFLOAT16"})


class Values(NamedTuple):
    """The values of all rows, one after the other."""

    values: Any
    """Numbers: float64, NaN where there is none; else a `pyarrow.DictionaryArray` of text, without
    nulls."""
    lengths: np.ndarray
    """[rows]: how many of them are each row's; 0 where its value is missing or of a wrong type."""
    wrong: np.ndarray
    """[rows]: whether a row's value is of another type."""
    examples: tuple[str, ...] = ()
    """Of values of another type, as JSON: the first few in the order of their text."""

    @property
    def codes(self) -> np.ndarray:
        """[values]: of text, which of the dictionary's each is."""
        found: np.ndarray = self.values.indices.to_numpy(zero_copy_only=False)
        return found

    @property
    def owners(self) -> np.ndarray:
        """[values]: the row of each value."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    @property
    def missing(self) -> np.ndarray:
        """[rows]: whether a row has no value."""
        return (self.lengths == 0) & ~self.wrong


def as_stored(numbers: np.ndarray, dtype: str) -> np.ndarray:
    """Numbers with the precision that the signature's type has, as float64.

    What a client writes as 0.7 is to the model, and was in training, a little less.
    """
    if dtype not in _SMALL_FLOATS:
        return numbers
    with np.errstate(over="ignore"):
        return numbers.astype(np.float32).astype(np.float64)


def numbers(column: Column, dtype: str, single: bool = False, keep_nan: bool = False) -> Values:
    """A column of numbers.

    Args:
        column: The column.
        dtype: Of the signature, such as `DT_FLOAT`.
        single: Whether a row has one value, so that a longer list is of a wrong type.
        keep_nan: Leaves NaN and null among a row's values, so that places within a list stay.
    """
    flat, lengths = _flat(column)
    found = _as_floats(flat, dtype)
    if found is None:
        return _one_by_one(
            column, lambda value: _numbers_of(value, dtype, keep_nan), single, text=False
        )
    found = as_stored(found, dtype)
    given = ~np.isnan(found)
    wrong = np.zeros(len(lengths), dtype=bool)
    examples: tuple[str, ...] = ()
    if single and lengths.max(initial=0) > 1:
        wrong |= lengths > 1
    fraction = np.zeros(len(found), dtype=bool)
    if dtype in _INTEGERS:
        fraction = given & (found != np.floor(found))
    if (keep_nan or given.all()) and not wrong.any() and not fraction.any():
        return Values(found, lengths, wrong)
    owners = np.repeat(np.arange(len(lengths)), lengths)
    wrong[owners[fraction]] = True
    keep = np.ones(len(found), dtype=bool) if keep_nan else given
    if wrong.any():
        examples = _examples(_value(column, row) for row in np.flatnonzero(wrong)[:100])
        keep &= ~wrong[owners]
    if not keep.all():
        found = found[keep]
        lengths = np.bincount(owners[keep], minlength=len(lengths))
    return Values(found, lengths, wrong, examples)


def texts(column: Column, dtype: str, single: bool = False, empty: bool = False) -> Values:
    """A column of categories as text.

    Args:
        column: The column.
        dtype: Of the signature; codes that are whole numbers become decimals.
        single: Whether a row has one value.
        empty: Whether empty text is a value; else it is missing.
    """
    flat, lengths = _flat(column)
    found = _as_texts(flat, dtype)
    if found is None or (single and lengths.max(initial=0) > 1):
        return _one_by_one(column, lambda value: _texts_of(value, dtype, empty), single, text=True)
    keep = np.ones(len(found), dtype=bool)
    if found.null_count:
        keep &= found.is_valid().to_numpy(zero_copy_only=False)
    blank = pc.equal(found.dictionary, "").to_numpy(zero_copy_only=False)
    if not empty and blank.any():
        keep &= ~blank[pc.fill_null(found.indices, 0).to_numpy(zero_copy_only=False)]
    if not keep.all():
        owners = np.repeat(np.arange(len(lengths)), lengths)
        found = found.filter(pa.array(keep))
        lengths = np.bincount(owners[keep], minlength=len(lengths))
    return Values(found, lengths, np.zeros(len(lengths), dtype=bool))


def presence(column: Column) -> np.ndarray:
    """[rows]: how many values each row has."""
    flat, lengths = _flat(column)
    if isinstance(flat, pa.Array):
        given = pc.is_valid(flat).to_numpy(zero_copy_only=False)
    else:
        given = np.fromiter((value is not None for value in flat), bool, len(flat))
    owners = np.repeat(np.arange(len(lengths)), lengths)
    return np.bincount(owners[given], minlength=len(lengths))


def _flat(column: Column) -> tuple[Any, np.ndarray]:
    """The values of all rows one after the other, and how many each row has."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if isinstance(column, pa.Array):
        if pa.types.is_list(column.type) or pa.types.is_large_list(column.type):
            lengths = pc.fill_null(pc.list_value_length(column), 0)
            return column.flatten(), lengths.to_numpy(zero_copy_only=False).astype(np.int64)
        return column, np.ones(len(column), dtype=np.int64)
    kinds = set(map(type, column))
    if list not in kinds:
        return column, np.ones(len(column), dtype=np.int64)
    lists = column if kinds == {list} else [v if isinstance(v, list) else [v] for v in column]
    lengths = np.fromiter(map(len, lists), np.int64, len(lists))
    flat = list(itertools.chain.from_iterable(lists))
    while list in set(map(type, flat)):  # Shapes of more than two axes: their order is kept.
        lists = [[w for v in row for w in (v if isinstance(v, list) else [v])] for row in lists]
        lengths = np.fromiter(map(len, lists), np.int64, len(lists))
        flat = list(itertools.chain.from_iterable(lists))
    return flat, lengths


def _as_floats(flat: Any, dtype: str) -> np.ndarray | None:
    """All at once, which is fast; None where something is no number."""
    boolean = dtype == "DT_BOOL"
    if isinstance(flat, pa.Array):
        kind = flat.type
        if pa.types.is_null(kind):
            return np.full(len(flat), np.nan)
        if pa.types.is_boolean(kind) and boolean:
            flat = flat.cast(pa.int8())
        elif not (pa.types.is_integer(kind) or pa.types.is_floating(kind)):
            return None
        found = flat.cast(pa.float64(), safe=False)
        return found.to_numpy(zero_copy_only=False)
    kinds = set(map(type, flat))
    if kinds <= {float, int, type(None), *([bool] if boolean else [])}:
        try:
            return np.array(flat, dtype=np.float64)
        except OverflowError:  # A whole number of hundreds of digits.
            return None
    return None


def _as_texts(flat: Any, dtype: str) -> Any:
    """All at once, which is fast, with a dictionary; None where something has another type."""
    whole = dtype != "DT_STRING"
    if isinstance(flat, pa.Array):
        kind = flat.type
        if pa.types.is_dictionary(kind):
            if pa.types.is_string(kind.value_type) and not whole and not flat.dictionary.null_count:
                return flat
            flat, kind = flat.cast(kind.value_type), kind.value_type
        if pa.types.is_null(kind) or (pa.types.is_integer(kind) and whole):
            return _encoded(flat)
        if (pa.types.is_string(kind) or pa.types.is_large_string(kind)) and not whole:
            return _encoded(flat)
        return None
    kinds = set(map(type, flat))
    try:
        if kinds <= {str, type(None)} and not whole:
            return _encoded(pa.array(flat, pa.string()))
        if kinds <= {int, type(None)} and whole:
            return _encoded(pa.array(flat, pa.int64()))
    except (pa.ArrowException, OverflowError, UnicodeError):
        return None  # Halves of characters, or a number that is too large.
    return None


def _encoded(values: pa.Array) -> pa.DictionaryArray:
    """Each distinct value becomes text once."""
    if pa.types.is_null(values.type):
        values = values.cast(pa.string())
    found = values.dictionary_encode()
    return pa.DictionaryArray.from_arrays(found.indices, found.dictionary.cast(pa.string()))


def _one_by_one(
    column: Column, values_of: Callable[[Any], list[Any] | None], single: bool, text: bool
) -> Values:
    """Row for row, which tells what is wrong from what is not."""
    rows = column.to_pylist() if isinstance(column, pa.Array | pa.ChunkedArray) else column
    found: list[Any] = []
    lengths = np.zeros(len(rows), dtype=np.int64)
    wrong = np.zeros(len(rows), dtype=bool)
    for number, row in enumerate(rows):
        values = values_of(row)
        if values is None or (single and _size(row) > 1):
            wrong[number] = True
        else:
            lengths[number] = len(values)
            found += values
    examples = _examples(rows[row] for row in np.flatnonzero(wrong)[:100])
    flat = _encoded(pa.array(found, pa.string())) if text else np.array(found, dtype=np.float64)
    return Values(flat, lengths, wrong, examples)


def _size(value: Any) -> int:
    """How many values a row has, missing ones too."""
    return sum(map(_size, value)) if isinstance(value, list) else 1


def _each(value: Any, convert: Callable[[Any], Any], missing: list[Any]) -> list[Any] | None:
    """The values of a row, with `missing` for each that is null; None: one has another type."""
    if value is None:
        return missing
    if not isinstance(value, list):
        one = convert(value)
        return None if one is None else [one]
    found: list[Any] = []
    for item in value:
        inner = _each(item, convert, missing)
        if inner is None:
            return None
        found += inner
    return found


def _numbers_of(value: Any, dtype: str, keep_nan: bool) -> list[float] | None:
    def number(given: Any) -> float | None:
        if not isinstance(given, int | float) or (isinstance(given, bool) and dtype != "DT_BOOL"):
            return None
        try:
            found = float(as_stored(np.array([given], dtype=np.float64), dtype)[0])
        except OverflowError:
            found = float("inf") if given > 0 else float("-inf")
        fits = dtype not in _INTEGERS or np.isnan(found) or np.isinf(found) or found.is_integer()
        return found if fits else None

    found = _each(value, number, missing=[float("nan")])
    return found if keep_nan or found is None else [one for one in found if one == one]


def _texts_of(value: Any, dtype: str, empty: bool) -> list[str] | None:
    def text(given: Any) -> str | None:
        if isinstance(given, bytes):
            given = given.decode(errors="replace")
        if isinstance(given, dict) and given.keys() == {"b64"}:
            given = _decoded(given["b64"])
        if dtype != "DT_STRING":
            return _code(given, dtype)
        # Halves of characters, which JSON can name, are no text.
        return given.encode(errors="replace").decode() if isinstance(given, str) else None

    found = _each(value, text, missing=[])
    return None if found is None else [one for one in found if one or empty]


def _code(value: Any, dtype: str) -> str | None:
    if isinstance(value, bool):
        return str(int(value)) if dtype == "DT_BOOL" else None
    if isinstance(value, float) and value != value:
        return ""
    if isinstance(value, int) or (isinstance(value, float) and value.is_integer()):
        return str(int(value))
    return repr(value) if isinstance(value, float) and dtype not in _INTEGERS else None


def _decoded(value: Any) -> str | None:
    """Text that came as bytes; what is no text stays in base64."""
    try:
        return base64.b64decode(value, validate=True).decode()
    except UnicodeDecodeError:
        return str(value)
    except (binascii.Error, TypeError, ValueError):
        return None


def _value(column: Column, row: int) -> Any:
    value = column[row]
    return value.as_py() if isinstance(value, pa.Scalar) else value


def _examples(values: Iterable[Any]) -> tuple[str, ...]:
    return first_examples(json.dumps(value, default=str)[:_LONGEST_EXAMPLE] for value in values)


def first_examples(texts: Iterable[str]) -> tuple[str, ...]:
    """A few of them, the same whatever the order they come in."""
    return tuple(sorted(set(texts))[:_MOST_EXAMPLES])
