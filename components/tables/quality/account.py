"""What a table holds that examples, statistics or a vocabulary cannot hold exactly.

It is counted while the table is scanned, from Arrow arrays, so it is the same for every format; and
it is told by column, count and example, before anything is trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from components.tables.columns import ColumnType

Loss = Literal[
    "nan", "smallest", "empty", "elements", "infinite", "large", "tiny", "rounded", "alike",
    "zeros", "breaks", "encoding", "other",
]  # fmt: skip
"""What is counted of a column:

* `nan`, `smallest`, `empty`: markers of a missing value;
* `elements`: lists of several values with some that are missing;
* `infinite`, `large`, `tiny`: floats that are infinite, or are infinity or 0 as a float32;
* `rounded`: whole numbers that a float32 does not hold exactly;
* `alike`: floats that differ from another only in digits that a float32 does not have;
* `zeros`: numbers that are written with leading zeros;
* `breaks`: texts with line breaks; `encoding`: bytes that are not UTF-8;
* `other`: texts that are not numbers.
"""

EXAMPLES = 3
"""So many distinct values are kept as examples."""
_SHOWN = 40
_EXACT = 2**24
"""Up to here a float32 has every whole number."""
_LARGEST = float(np.finfo(np.float32).max)
_PROBED = 64
_COMPARED = 8192
"""So many floats of a batch are compared with each other."""
_NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
_WHOLE = r"^\s*[+-]?\d{16,}\s*$"
_LEADING_ZERO = r"^\s*[+-]?0\d"


@dataclass(frozen=True)
class Tally:
    """How many values of a kind there are, with the first few distinct ones."""

    count: int = 0
    examples: tuple[str, ...] = ()

    def __add__(self, other: Tally) -> Tally:
        examples = tuple(dict.fromkeys(self.examples + other.examples))[:EXAMPLES]
        return Tally(self.count + other.count, examples)


Tallies = Mapping[Loss, Tally]


def added(first: Tallies, second: Tallies) -> dict[Loss, Tally]:
    """The tallies of both."""
    losses = dict.fromkeys((*first, *second))
    return {loss: first.get(loss, Tally()) + second.get(loss, Tally()) for loss in losses}


def tally(values: pa.Array, mask: pa.Array | np.ndarray) -> Tally:
    """Counts the values where the mask is true."""
    if isinstance(mask, pa.Array):
        mask = mask.to_numpy(zero_copy_only=False)
    if not mask.any():
        return Tally()
    found = values.filter(pa.array(mask))
    distinct = found[:1024].unique()[:EXAMPLES].to_pylist()
    return Tally(len(found), tuple(_shown(value) for value in distinct))


def losses(
    array: pa.Array, kind: ColumnType | None, text: pa.Array | None = None, exact: bool = False
) -> dict[Loss, Tally]:
    """Counts what examples do not hold exactly.

    Args:
        array: The values, or lists of them, without markers of missing ones.
        kind: Their type.
        text: The same as the file writes them, where it is a text file.
        exact: Whether the file has decimal digits, so that each of a large number counts.
    """
    if kind is None or not len(array):
        return {}
    values = array.flatten() if pa.types.is_list(array.type) else array
    shown = values if text is None else text
    if kind == "FLOAT":
        found = _of_floats(values, shown, exact, text)
    elif kind == "INT":
        found = _of_integers(values, shown)
    else:
        found = _of_texts(values)
    if text is not None and kind != "STRING":
        found["zeros"] = tally(text, _matches(text, _LEADING_ZERO))
    return {loss: tally for loss, tally in found.items() if tally.count}


def numbers_of(values: pa.Array) -> np.ndarray:
    """The numbers or booleans, with 0 or false for null."""
    blank = pa.scalar(0).cast(values.type) if values.null_count else None
    filled = values if blank is None else pc.fill_null(values, blank)
    return filled.to_numpy(zero_copy_only=False)


def _of_floats(
    values: pa.Array, shown: pa.Array, exact: bool, text: pa.Array | None
) -> dict[Loss, Tally]:
    numbers = numbers_of(values)
    with np.errstate(over="ignore", under="ignore"):
        narrow = numbers.astype(np.float32)
    found: dict[Loss, Tally] = {"tiny": tally(shown, (numbers != 0) & (narrow == 0))}
    inexact = narrow != numbers
    if not inexact.any() and not np.isinf(narrow).any():
        return found
    sizes = np.abs(numbers)
    whole = np.zeros(len(numbers), bool)
    if sizes.max() > _EXACT:
        finite = np.isfinite(numbers)
        whole = (sizes > _EXACT) & (sizes < (_LARGEST if exact else 2.0**64))
        whole &= numbers == np.floor(numbers)
        lost = whole & inexact
        if text is not None and sizes.max() >= 2.0**64:
            # By its digits it is meant exactly, and not as a measurement.
            lost |= finite & (sizes >= 2.0**64) & _matches(text, _WHOLE)
        found["infinite"] = tally(shown, ~finite)
        found["large"] = tally(shown, finite & np.isinf(narrow))
        found["rounded"] = tally(shown, lost)
    inexact &= np.isfinite(narrow) & (narrow != 0) & ~whole
    if inexact.any():
        found["alike"] = tally(shown, inexact & _alike(numbers, narrow))
    return found


def _alike(numbers: np.ndarray, narrow: np.ndarray) -> np.ndarray:
    """Which numbers have another beside them that is the same as a float32; none where few have."""
    order = np.argsort(numbers[:_COMPARED])
    wide, short = numbers[order], narrow[order]
    same = (wide[1:] != wide[:-1]) & (short[1:] == short[:-1])
    # Where there are many values, some meet by chance.
    if 10 * same.sum() < len(order):
        return np.zeros(len(numbers), bool)
    return np.isin(narrow, short[1:][same])


def _long_numbers(values: pa.Array, text: pa.Array) -> Tally:
    """Whole numbers, by their digits, beyond what the rule for floats looks at."""
    if not pc.any(pc.greater(pc.abs(values), 2.0**64)).as_py():
        return Tally()
    beyond = pc.fill_null(pc.greater(pc.abs(values), 2.0**64), False)
    return tally(text, pc.and_(beyond, _matches(text, _WHOLE)))


def _of_integers(values: pa.Array, shown: pa.Array) -> dict[Loss, Tally]:
    numbers = numbers_of(values)
    found: dict[Loss, Tally] = {}
    if (np.abs(numbers) > _EXACT).any():
        # Told where the column becomes one of floats. The largest round up to 2**63, which no
        # int64 is.
        narrow = numbers.astype(np.float32).astype(np.float64)
        back = np.where(narrow < 2.0**63, narrow, 0).astype(np.int64)
        found["rounded"] = tally(shown, back != numbers)
    return found


def _of_texts(values: pa.Array) -> dict[Loss, Tally]:
    if pa.types.is_binary(values.type):
        try:
            values = values.cast(pa.string())
        except pa.ArrowInvalid:
            return _of_bytes(values)
    present = values.drop_null()
    breaks = pc.or_(pc.match_substring(present, "\n"), pc.match_substring(present, "\r"))
    found: dict[Loss, Tally] = {"breaks": tally(present, breaks)}
    some = present.take(pa.array(range(0, len(present), 1 + len(present) // _PROBED), pa.int64()))
    # Most text is nothing but text: there the values are not looked at one by one.
    if 2 * (pc.sum(pc.match_substring_regex(some, _NUMBER)).as_py() or 0) > len(some):
        number = pc.match_substring_regex(present, _NUMBER)
        found["other"] = tally(present, pc.invert(number))
    else:
        found["other"] = Tally(len(present))
    return found


def _of_bytes(values: pa.Array) -> dict[Loss, Tally]:
    present = values.drop_null()
    text = pa.array([_is_utf8(value) for value in present.to_pylist()])
    return {"encoding": tally(present, pc.invert(text)), "other": Tally(len(present))}


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _matches(text: pa.Array, pattern: str) -> np.ndarray:
    return numbers_of(pc.match_substring_regex(text, pattern))


def _shown(value: object) -> str:
    text = value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
    text = text.encode("unicode_escape").decode() if not text.isprintable() else text
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
