"""What each feature of a request was like in the training split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from components.profile import distribution, format
from components.profile.format import Feature, Value
from components.profile.reading import Column

MOST_CODES = 100
"""Whole numbers with at most so many different values are codes,"""
FEWEST_REPEATS = 5
"""where each occurs so many times on average: 20 rows of years from 1 to 20 are numbers."""
MOST_VALUES, MOST_VALUE_BYTES = 1_000, 64_000
"""Values of a category that have a name."""
NAMED = ((MOST_VALUES, MOST_VALUE_BYTES), (200, 8_000), (50, 1_000), (20, 300), (5, 60), (3, 40))
"""So many values, of so many bytes, by level of `distribution.LEVELS`."""
LONGEST_TEXT = 1_000
"""Bytes on average, above which text is no category."""
SAMPLED_ROWS, SAMPLED_BYTES = 1_000, 100_000
FEWEST_SAMPLED_ROWS = 300
"""Rather fewer columns than fewer rows."""
_LONGEST_SAMPLED = 60
"""Characters of the longest named value of a category in the sample."""


@dataclass(frozen=True)
class Input:
    """An input of the serving signature."""

    dtype: str
    """Such as `DT_FLOAT`."""
    fixed: bool
    """Whether each row has as many values as any other."""


def feature(of: Input, column: Column, is_code: bool, digits: int) -> Feature:
    """Describes a feature.

    Args:
        of: How a request carries it.
        column: Its values in the rows that are looked at.
        is_code: Whether preprocessing takes its values for names, whole numbers too.
        digits: Of numbers that are written.
    """
    values, rows, missing = column.values, len(column.lengths), column.missing
    lengths = None
    if not of.fixed and not column.is_scalar:
        lengths = distribution.numbers(column.lengths, digits)
    if of.dtype == "DT_STRING":
        names = _texts(values)
        if names is None:
            return Feature("opaque", of.dtype, rows, missing, lengths=lengths)
        return Feature("category", of.dtype, rows, missing, None, _categories(names), lengths)
    if values.dtype.kind in "iu":
        different, counts = np.unique(values, return_counts=True)
        if len(different) and (is_code or _are_codes(len(different), len(values))):
            codes = dict(zip(map(str, different.tolist()), counts.tolist(), strict=True))
            return Feature("category", of.dtype, rows, missing, None, _categories(codes), lengths)
    found = distribution.numbers(values, digits)
    return Feature("number", of.dtype, rows, missing, found, None, lengths)


def coarser(of: Feature, level: int) -> Feature:
    """A feature in fewer bytes.

    Args:
        of: The feature as `feature` describes it.
        level: Of `distribution.LEVELS`; categories get fewer with it too. Behind the last one
            there is presence alone.
    """
    if not level:
        return of
    if level == len(distribution.LEVELS):
        return Feature("opaque", of.dtype, of.rows, of.missing)
    most, most_bytes = NAMED[level]
    return Feature(
        of.kind,
        of.dtype,
        of.rows,
        of.missing,
        None if of.numbers is None else distribution.coarser(of.numbers, level),
        None if of.categories is None else distribution.fewer(of.categories, most, most_bytes),
        None if of.lengths is None else distribution.coarser(of.lengths, level),
    )


def sample(
    features: Mapping[str, Feature], columns: Mapping[str, Column], most_bytes: int
) -> dict[str, tuple[Value, ...]]:
    """Rows by chance, as columns, of features with one value a row; always the same ones.

    Where not all columns fit with enough rows, they are of some columns by chance.

    Args:
        features: The features.
        columns: The rows that were looked at.
        most_bytes: Of the sample as JSON, about.
    """
    random = np.random.default_rng(0)
    names = [name for name, one in features.items() if _is_sampled(one, columns[name])]
    if not names or not len(columns[names[0]].lengths):
        return {}
    rows = len(columns[names[0]].lengths)
    chosen = np.sort(random.permutation(rows)[:SAMPLED_ROWS])
    fewest = min(FEWEST_SAMPLED_ROWS, len(chosen))
    found: dict[str, tuple[Value, ...]] = {}
    width = 0.0  # Bytes of a row.
    for name in random.permutation(np.array(names, dtype=object)).tolist():
        cells = _cells(features[name], columns[name], chosen)
        width += format.size(cells) / len(chosen)
        if width * fewest > most_bytes:
            width -= format.size(cells) / len(chosen)
            break
        found[name] = cells
    if not found:
        return {}
    fit = min(len(chosen), int(most_bytes / width))
    places = np.sort(random.permutation(len(chosen))[:fit]).tolist()
    return {name: tuple(found[name][p] for p in places) for name in names if name in found}


def _texts(values: np.ndarray) -> dict[str, int] | None:
    """How often each text occurs; None where it is no text, or too long to be a category."""
    if len(values) and sum(map(len, values)) > LONGEST_TEXT * len(values):
        return None
    found: dict[bytes, int] = {}
    for value in values.tolist():
        found[value] = found.get(value, 0) + 1
    try:
        return {value.decode(): number for value, number in found.items()}
    except (AttributeError, UnicodeDecodeError):  # Images; or numbers where text is asked for.
        return None


def _categories(counts: Mapping[str, int]) -> format.Categories:
    return distribution.categories(counts, MOST_VALUES, MOST_VALUE_BYTES)


def _are_codes(different: int, values: int) -> bool:
    return different <= MOST_CODES and values >= FEWEST_REPEATS * different


def _is_sampled(of: Feature, column: Column) -> bool:
    if not column.is_scalar or of.kind == "opaque":
        return False
    if of.categories is None:
        return True
    longest = max(map(len, of.categories.counts), default=_LONGEST_SAMPLED + 1)
    return longest <= _LONGEST_SAMPLED  # Where no value has a name, nearly all differ.


def _cells(of: Feature, column: Column, rows: Sequence[int] | np.ndarray) -> tuple[Value, ...]:
    """A column's values in some rows, None where there is none.

    Numbers are exact: who compares them with others shall not find how they are written.
    """
    has = column.lengths[rows] > 0
    places = (np.cumsum(column.lengths) - column.lengths)[rows]
    found: list[Value] = []
    for present, place in zip(has.tolist(), places.tolist(), strict=True):
        value = column.values[place] if present else None
        if value is None:
            found.append(None)
        elif isinstance(value, bytes):
            found.append(value.decode(errors="replace"))
        elif of.kind == "category":
            found.append(str(value))
        elif isinstance(value, np.integer):
            found.append(int(value))
        else:
            found.append(float(str(value)))  # As short as single precision tells.
    return tuple(found)
