"""Which way of splitting rows a table asks for: row by row, by group, or by time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from components.tables import times
from pipeline.scaffold.inference import kinds
from pipeline.scaffold.inference.kinds import Choice
from pipeline.scaffold.reading.profile import ColumnProfile, TableProfile

Way = Literal["rows", "by", "time"]

_FEWEST_TIMES = 20
_FEWEST_GROUPS = 20
_OF_THE_THING = re.compile(
    r"birth|born|dob|expir|hire|since|regist|join|signup|built|build|valid|founded|first|until|end"
)
"""Dates by these names are of a thing's life, and not of when the row was written."""


@dataclass(frozen=True)
class Splitting:
    """How rows are split."""

    way: Way
    column: str
    """Of groups or of times; empty: rows are split one by one."""
    format: str | None
    """How times are written as text, where they are not ISO 8601."""
    shares: tuple[int, int, int]
    """Of train, eval and test."""
    why: str

    @property
    def test_share(self) -> float:
        """The share of the rows that are judged."""
        return self.shares[2] / sum(self.shares)


def ways(table: TableProfile, choices: Mapping[str, Choice]) -> list[Splitting]:
    """The ways that the table allows, the proposed one first and row by row last.

    Args:
        table: The table.
        choices: What each column is taken for.
    """
    shares = _shares(table.rows - table.without_label)
    found = []
    for name, choice in choices.items():
        profile = table.columns[name]
        if choice.kind == "group" and profile.distinct >= _FEWEST_GROUPS:
            why = f"{profile.distinct:,} of '{name}' have several rows each"
            found.append(Splitting("by", name, None, shares, why))
    by_name = [one for one in found if kinds.is_of_people(one.column)]
    others = [one for one in found if one not in by_name]
    rows = Splitting(
        "rows", "", None, shares, "rows are taken to have nothing to do with each other"
    )
    return [*by_name, *_by_time(table, choices, shares), *others, rows]


def by_column(table: TableProfile, choices: Mapping[str, Choice], way: Way, name: str) -> Splitting:
    """The way that somebody asked for.

    Raises:
        ValueError: The column cannot be split by; says why.
    """
    shares = _shares(table.rows - table.without_label)
    if way == "by":
        if table.columns[name].distinct < 3:
            raise ValueError(
                f"it has {table.columns[name].distinct} different values, 3 are needed"
            )
        return Splitting("by", name, None, shares, "as you said")
    format = _time_format(table, choices[name])
    if isinstance(format, ValueError):
        raise format
    return Splitting("time", name, format, shares, "as you said")


def moments(profile: ColumnProfile, choice: Choice) -> npt.NDArray[np.float64]:
    """The time of each sampled row as a number in the order of time; NaN where there is none."""
    if profile.sample.dtype != object:
        return profile.sample
    known: dict[object, float] = {None: np.nan}
    for value in set(profile.sample.tolist()):
        if isinstance(value, str):
            text = value.strip()
            read = (times.parse(text, format) for format in choice.formats)
            known[value] = next((float(one) for one in read if one is not None), np.nan)
    return np.array([known.get(value, np.nan) for value in profile.sample])


def _by_time(
    table: TableProfile, choices: Mapping[str, Choice], shares: tuple[int, int, int]
) -> list[Splitting]:
    found: list[tuple[tuple[bool, int], Splitting]] = []
    for name, choice in choices.items():
        if not choice.formats or _OF_THE_THING.search(name.lower()):
            continue
        format = _time_format(table, choice)
        profile = table.columns[name]
        if isinstance(format, ValueError) or profile.distinct < _FEWEST_TIMES:
            continue
        in_order = bool((np.diff(moments(profile, choice)) >= 0).mean() > 0.95)
        why = "rows are in the order of it" if in_order else "a model is asked of what is to come"
        splitting = Splitting("time", name, format, shares, why)
        found.append(((in_order, profile.distinct), splitting))
    return [splitting for _, splitting in sorted(found, key=lambda item: item[0], reverse=True)]


def _time_format(table: TableProfile, choice: Choice) -> str | ValueError | None:
    """How splits.time reads the column's times, or why it cannot."""
    profile = table.columns[choice.name]
    if profile.missing > profile.without_label:
        return ValueError(f"{profile.missing - profile.without_label:,} rows have no value in it")
    if not choice.formats and profile.is_number:
        return None  # Somebody said that its numbers are in the order of time.
    if not any(part in format for format in choice.formats for part in ("%Y", "%y", "epoch")):
        return ValueError("it has no dates or times with a year")
    if profile.is_number:
        return None
    texts = [value for value, _ in profile.counts if isinstance(value, str)]
    for format in (None, *choice.formats):
        if all(times.parse(text, format) is not None for text in texts):
            return format
    return ValueError("its times are written in several ways, and splits.time reads one")


def _shares(rows: int) -> tuple[int, int, int]:
    """More of a small table is judged, or chance would be all that the figures show."""
    return (8, 1, 1) if rows >= 1_000 else (6, 2, 2) if rows >= 40 else (2, 1, 1)
