"""What stands for a missing value in a table, the same for every format.

Null and an empty list are missing, as an absent feature is. So is what stands for a missing value
in a request: NaN, the empty text, and the smallest whole number of 64 bits. And so are the texts
and numbers that `data.missing` names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.tables.lists import relisted
from components.tables.quality.account import Loss, Tally, numbers_of, tally

_SMALLEST = -(2**63)


def without_markers(array: pa.Array, named: Sequence[str] = ()) -> pa.Array:
    """Makes null of each value, or leaves out of a list each element, that stands for none.

    Args:
        array: int64, floats, text, bytes, or lists of one of these.
        named: What `data.missing` names; what is a number stands for that number too.
    """
    return _without(array, _markers(_flat(array), named))


def counted(array: pa.Array, named: Sequence[str] = ()) -> tuple[pa.Array, dict[Loss, Tally]]:
    """As `without_markers`, with an account of what was there besides null and what is named."""
    flat = _flat(array)
    markers = _markers(flat, named)
    tallies = {loss: tally(flat, mask) for loss, mask in markers.items() if loss}
    without = _without(array, markers)
    if pa.types.is_list(array.type):
        lengths = pc.list_value_length(array)
        shorter = pc.not_equal(pc.list_value_length(without), lengths)
        holes = pc.and_(shorter, pc.greater(lengths, 1))
        if count := pc.sum(holes).as_py():
            tallies["elements"] = Tally(count, tuple(map(str, array.filter(holes)[:1].to_pylist())))
    return without, tallies


def _flat(array: pa.Array) -> pa.Array:
    return array.flatten() if pa.types.is_list(array.type) else array


def _markers(values: pa.Array, named: Sequence[str]) -> Mapping[Loss | None, np.ndarray]:
    """Which values stand for none, where some do, by what is told of it; None: what is named."""
    if not len(values) or pa.types.is_null(values.type):
        return {}
    found: dict[Loss | None, np.ndarray] = {}
    if pa.types.is_floating(values.type):
        found["nan"] = np.isnan(numbers_of(values))
    elif pa.types.is_integer(values.type):
        found["smallest"] = numbers_of(values) == _SMALLEST
    else:
        found["empty"] = numbers_of(pc.equal(pc.binary_length(values), 0))
    if named:
        is_number = "empty" not in found
        wanted = _numbers(named) if is_number else [name.encode() for name in named]
        found[None] = _is_in(values, wanted)
    return {loss: mask for loss, mask in found.items() if mask.any()}


def _numbers(named: Sequence[str]) -> list[float]:
    numbers = []
    for name in named:
        try:
            numbers.append(float(name))
        except ValueError:
            continue
    return numbers


def _is_in(values: pa.Array, wanted: list[float] | list[bytes]) -> np.ndarray:
    found = np.zeros(len(values), bool)
    same: str | bytes | float
    for item in wanted:
        if isinstance(item, bytes):
            same = item.decode() if pa.types.is_string(values.type) else item
        elif pa.types.is_floating(values.type):
            same = item
        elif item.is_integer() and abs(item) <= 2**53:
            same = int(item)
        else:
            continue
        found |= numbers_of(pc.equal(values, pa.scalar(same, values.type)))
    return found


def _without(array: pa.Array, markers: Mapping[Loss | None, np.ndarray]) -> pa.Array:
    values = _flat(array)
    for mask in markers.values():
        values = pc.if_else(pa.array(mask), pa.scalar(None, values.type), values)
    if not pa.types.is_list(array.type):
        return values
    return relisted(array, values, nulls=False) if values.null_count else array
