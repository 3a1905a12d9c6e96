"""What is known about a table's columns, and how that grows with every batch of rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from components.tables.quality import account
from components.tables.quality.account import Loss, Tally

ColumnType = Literal["INT", "FLOAT", "STRING"]

_LATTICE: tuple[ColumnType | None, ...] = (None, "INT", "FLOAT", "STRING")

ARROW_TYPE: dict[ColumnType, pa.DataType] = {
    "INT": pa.int64(),
    "FLOAT": pa.float64(),
    "STRING": pa.string(),
}


def widest(*types: ColumnType | None) -> ColumnType | None:
    """The narrowest type that holds the values of all these: INT in FLOAT, both in STRING."""
    return max(types, key=_LATTICE.index)


def wider_or_same(least: ColumnType | None) -> Iterable[ColumnType]:
    """The types that hold the values of this one, narrowest first."""
    return [kind for kind in _LATTICE[_LATTICE.index(least) :] if kind is not None]


@dataclass(frozen=True)
class Column:
    """What one column holds, as far as it was read."""

    name: str
    type: ColumnType | None
    """None: there was no value to tell it by."""
    is_list: bool = False
    """Whether some row has more than one value."""
    missing: int = 0
    """Rows without a value."""
    values: tuple[Any, ...] = ()
    """The first two distinct values, as long as no row has more than one."""
    unreadable: str | None = None
    """Why no example can hold the column, such as its type; None: one can."""
    lengths: tuple[int, int] | None = None
    """The fewest and the most elements of a list that has any, missing ones included; None: of no
    list."""
    losses: Mapping[Loss, Tally] = field(default_factory=dict, hash=False)
    """What examples, statistics or a vocabulary do not hold exactly."""
    of_folders: bool = False
    """Whether its values are of the names of folders, which are text that may be numbers."""

    @property
    def constant(self) -> bool:
        """Whether all rows are alike: one value in each of them, or none in any."""
        return not self.is_list and len(self.values) + (self.missing > 0) <= 1

    def merged(self, other: Column) -> Column:
        """The same column over these rows and the other's."""
        values = self.values + tuple(value for value in other.values if value not in self.values)
        return Column(
            self.name,
            widest(self.type, other.type),
            self.is_list or other.is_list,
            self.missing + other.missing,
            values[:2],
            self.unreadable or other.unreadable,
            _both(self.lengths, other.lengths),
            account.added(self.losses, other.losses),
            self.of_folders and other.of_folders,
        )


@dataclass(frozen=True)
class TableSummary:
    """What a table holds."""

    files: tuple[str, ...]
    rows: int
    columns: tuple[Column, ...]
    notices: tuple[str, ...] = ()
    """What somebody should know of it, in sentences."""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in the order of the first file."""
        return tuple(column.name for column in self.columns)

    def column(self, name: str) -> Column:
        """The column of this name."""
        return next(column for column in self.columns if column.name == name)

    def types(self, hints: Mapping[str, ColumnType] | None = None) -> dict[str, ColumnType | None]:
        """How to read each column that can be read.

        Args:
            hints: Types from elsewhere, such as a schema. A hint widens: a whole number is read as
                FLOAT, anything as STRING. One that the values do not allow has no effect.
        """
        hints = hints or {}
        return {
            column.name: widest(column.type, hints.get(column.name))
            for column in self.columns
            if column.unreadable is None
        }


def observe(
    name: str, array: pa.Array, kind: ColumnType | None, known: tuple[Any, ...] = ()
) -> Column:
    """Describes a batch's values of one column.

    Args:
        name: The column's name.
        array: Scalars, or lists of them.
        kind: Their type.
        known: Distinct values found before; with two of them no more are looked for.
    """
    if pa.types.is_list(array.type) or pa.types.is_large_list(array.type):
        sizes = pc.fill_null(pc.list_value_length(array), 0)
        missing = pc.sum(pc.equal(sizes, 0)).as_py() or 0
        longest = pc.max(sizes).as_py() or 0
        if longest > 1:
            return Column(name, kind, True, missing)
        array = array.flatten()
        return Column(name, kind, False, missing, _two_values(array) if len(known) < 2 else ())
    values = _two_values(array) if len(known) < 2 else ()
    return Column(name, kind, False, array.null_count, values)


def lengths(array: pa.Array) -> tuple[int, int] | None:
    """The fewest and the most elements of a list that has any."""
    if not pa.types.is_list(array.type):
        return None
    found = pc.list_value_length(array)
    ends = pc.min_max(found.filter(pc.fill_null(pc.greater(found, 0), False)))
    return (ends["min"].as_py(), ends["max"].as_py()) if ends["max"].is_valid else None


def _both(first: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int] | None:
    if first is None or other is None:
        return first or other
    return min(first[0], other[0]), max(first[1], other[1])


def _two_values(array: pa.Array) -> tuple[Any, ...]:
    present = array.drop_null()
    if not len(present) or pa.types.is_null(present.type):
        return ()
    first = present[0]
    others = present.filter(pc.not_equal(present, first))
    return (first.as_py(), *(other.as_py() for other in others[:1]))
