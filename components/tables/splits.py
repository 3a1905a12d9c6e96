"""Which row is in which split: by a hash, by groups, by time, or as the data comes."""

from __future__ import annotations

import bisect
import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from components.tables import times
from components.tables.columns import TableSummary
from components.tables.rows import row_hashes, to_lists
from components.tables.source import listing, shown
from models.common.errors import DataError, did_you_mean

Tables = Iterable[tuple[str, Iterable[pa.RecordBatch]]]
"""Each file's path and its rows, as `read_file` gives them."""
Counted = tuple[times.Times, npt.NDArray[np.int64]]
"""The distinct times of a file, and how many rows have each."""


@dataclasses.dataclass(frozen=True)
class SplitRule:
    """How the rows of a table are split."""

    shares: Mapping[str, int]
    """Each split's share, the splits in the order of time."""
    by: tuple[str, ...] = ()
    """Rows that agree in these columns are in one split; empty: rows that agree in all columns."""
    time: Mapping[str, Any] | None = None
    """The section `splits.time` of a model's configuration; None: time makes no difference."""
    cuts: tuple[float, ...] | None = None
    """Where each split but the first begins, as `times.values` gives times; None: by `time`."""
    given: Mapping[str, str] | None = None
    """The split of each file, by its path; None: splits are not given."""

    @classmethod
    def of_config(cls, splits: Mapping[str, Any], given: Mapping[str, str] | None) -> SplitRule:
        """The rule that a model's configuration says.

        Args:
            splits: The section `splits`; the numbers in it are shares.
            given: The split of each file, where the configuration gives the splits.
        """
        shares = {name: share for name, share in splits.items() if isinstance(share, int)}
        return cls(shares, tuple(splits.get("by") or ()), splits.get("time"), given=given or None)

    @property
    def needs_counts(self) -> bool:
        """Whether where splits begin has to be found from all rows: see `with_cuts`."""
        return self.time is not None and self.cuts is None and self.time.get("eval_from") is None

    def check_columns(self, table: TableSummary) -> None:
        """Refuses a table that lacks what the rule goes by.

        Raises:
            DataError: A column is not there, or has no value in any row.
        """
        places = [("splits.by", name) for name in self.by]
        places += [("splits.time.column", self.time["column"])] if self.time else []
        for key, name in places:
            if name not in table.names:
                raise DataError(
                    f"{key}: the data has no column '{name}'{did_you_mean(name, table.names)}",
                    f"{shown(table.files[0])} has: {listing(table.names)}.",
                    f"Correct {key} in the model's config.yaml.",
                )
            if reason := table.column(name).unreadable:
                raise DataError(
                    f"{key}: the column '{name}' has a type that an example cannot hold: {reason}",
                    "Expected: numbers, text or bytes to split by; for splits.time, dates too.",
                    "Convert it when writing the data, or split by another column.",
                )
            if table.column(name).type is None:
                raise DataError(
                    f"{key}: the column '{name}' has no value in any row",
                    f"Expected: values to split by. Received: {table.rows:,} rows without one.",
                    f"Correct the data, or {key} in the model's config.yaml.",
                )

    def split_rows(self, batch: pa.RecordBatch, rows: pa.RecordBatch, path: str) -> list[str]:
        """The split of each row.

        Args:
            batch: Rows, as `tables.read_file` gives them.
            rows: The same, as `to_lists` gives them.
            path: The file that they are from.

        Raises:
            DataError: A row has no time, or one that cannot be read.
        """
        names = list(self.shares)
        if self.given is not None:
            return [self.given[path]] * rows.num_rows
        if self.time is not None:
            column, format = self.time["column"], self.time.get("format")
            values = batch.column(batch.schema.get_field_index(column))
            found = times.values(values, column, format, path)
            cuts = self.cuts or self._cuts(values.type)
            return [names[index] for index in np.searchsorted(cuts, found, side="right")]
        ends = list(itertools.accumulate(self.shares.values()))
        return [names[bisect.bisect(ends, value % ends[-1])] for value in self.hashes(rows)]

    def _cuts(self, column: pa.DataType) -> tuple[float, float]:
        """The configured times at which eval and test begin, as the column's type has them."""
        assert self.time is not None
        first, second = (
            times.cut(self.time[key], f"splits.time.{key}", column, self.time.get("format"))
            for key in ("eval_from", "test_from")
        )
        if first >= second:
            raise DataError(
                "splits.time.test_from is not after eval_from",
                f"Expected: train, then eval, then test. Received: eval from "
                f"{self.time['eval_from']}, test from {self.time['test_from']}.",
                "Correct splits.time in the model's config.yaml.",
            )
        return first, second

    def hashes(self, rows: pa.RecordBatch) -> Iterator[int]:
        """What the split of each row goes by: the hash of its group, or of all that it holds.

        A row without a value in any column of `by` is in no group, and goes by all that it holds.
        """
        columns = [name for name in sorted(self.by) if name in rows.schema.names]
        if not columns:
            yield from row_hashes(rows)
            return
        arrays = [rows.column(rows.schema.get_field_index(name)) for name in columns]
        in_group = np.any([np.diff(array.offsets.to_numpy()) for array in arrays], axis=0)
        grouped = row_hashes(pa.RecordBatch.from_arrays(arrays, names=columns))
        if in_group.all():
            yield from grouped
            return
        for group, whole, is_known in zip(grouped, row_hashes(rows), in_group, strict=True):
            yield group if is_known else whole


def with_cuts(rule: SplitRule, counted: Iterable[Counted]) -> SplitRule:
    """The rule with the times at which eval and test begin, by the splits' shares.

    Rows of the same time are in one split, so the shares are met as nearly as they allow.

    Args:
        rule: A rule by time.
        counted: Of each file, what `count_times` gives.

    Raises:
        DataError: There are fewer distinct times than splits.
    """
    assert rule.time is not None
    every = [part for part in counted if len(part[0])]
    moments, position = np.unique(np.concatenate([part[0] for part in every]), return_inverse=True)
    rows = np.bincount(position, weights=np.concatenate([part[1] for part in every]))
    least = len(rule.shares)
    if len(moments) < least:
        raise DataError(
            f"The column '{rule.time['column']}' has too few times to split by",
            f"Expected: at least {least} distinct values, for {', '.join(rule.shares)}. "
            f"Received: {len(moments)} in {int(rows.sum()):,} rows.",
            "Name another column under splits.time, or split by hash or as given.",
        )
    before = np.concatenate([[0], np.cumsum(rows)[:-1]])
    total, ends = sum(rule.shares.values()), list(itertools.accumulate(rule.shares.values()))
    cuts: list[float] = []
    first = 1
    for number, end in enumerate(ends[:-1]):
        # So many times have to be left for the splits that follow.
        last = len(moments) - (least - 1 - number)
        wanted = np.abs(before[first : last + 1] - rows.sum() * end / total)
        first += int(np.argmin(wanted))
        cuts.append(moments[first].item())
        first += 1
    return dataclasses.replace(rule, cuts=tuple(cuts))


def count_times(rule: SplitRule, batches: Iterable[pa.RecordBatch], path: str) -> Counted:
    """The distinct times in a file, and how many rows have each.

    Raises:
        DataError: A row has no time, or one that cannot be read.
    """
    assert rule.time is not None
    column = rule.time["column"]
    parts, row = [], 0
    for batch in batches:
        values = batch.column(batch.schema.get_field_index(column))
        parts.append(times.values(values, column, rule.time.get("format"), path, row))
        row += batch.num_rows
    empty = np.empty(0, np.int64)
    moments, counts = np.unique(np.concatenate(parts) if parts else empty, return_counts=True)
    return moments, counts


def check(rule: SplitRule, tables: Tables) -> None:
    """Refuses a table of which a split would have no row, reading no more of it than is needed.

    Args:
        rule: A rule that has its cuts.
        tables: The files of the table.

    Raises:
        DataError: A split would be empty, or a row has no time.
    """
    counts = dict.fromkeys(rule.shares, 0)
    distinct: set[int] = set()
    for path, batches in tables:
        for batch in batches:
            rows = to_lists(batch)
            for split in rule.split_rows(batch, rows, path):
                counts[split] += 1
            if all(counts.values()):
                return
            if rule.time is None and rule.given is None:
                distinct.update(rule.hashes(rows))
    raise _empty(rule, counts, len(distinct))


def _empty(rule: SplitRule, counts: Mapping[str, int], distinct: int) -> DataError:
    """What to say where a split would have no rows."""
    empty = next(split for split, count in counts.items() if not count)
    shares = ", ".join(f"{name} {share}" for name, share in rule.shares.items())
    received = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    total = sum(counts.values())
    if rule.given is not None:
        expected = "at least one in the files of each split"
        remedy = "Provide rows for it, or correct splits.given."
    elif rule.time is not None:
        cuts = f"{rule.time.get('eval_from')} and {rule.time.get('test_from')}"
        expected = f"at least one row before, between and from {cuts} in '{rule.time['column']}'"
        remedy = "Change splits.time.eval_from and splits.time.test_from."
    elif rule.by:
        columns = ", ".join(f"'{name}'" for name in rule.by)
        expected = f"at least one group in each split ({shares}, by hash of {columns})"
        received = f"{total:,} rows, but {distinct:,} distinct groups; rows by split: {received}"
        remedy = "Provide more groups, or give that split a larger share under splits."
    else:
        expected = f"at least one row in each split ({shares}, by hash of the row)"
        if distinct < total:
            received = (
                f"{total:,} rows, but {distinct:,} distinct, and rows that are the same are in one "
                f"split: {received}"
            )
        remedy = (
            "Provide more rows, or give that split a larger share under splits; or name under "
            "splits.by a column that tells rows apart, or under splits.given files for each split."
        )
    return DataError(
        f"The split '{empty}' has no rows", f"Expected: {expected}. Received: {received}.", remedy
    )


def in_two_splits(rule: SplitRule, tables: Tables) -> dict[str, int]:
    """How many rows of a split are in an earlier split too, by split; those without are left out.

    Raises:
        DataError: A given split has no rows.
    """
    hashes: dict[str, list[npt.NDArray[np.uint64]]] = {split: [] for split in rule.shares}
    for path, batches in tables:
        for batch in batches:
            assert rule.given is not None
            found = np.fromiter(row_hashes(to_lists(batch)), np.uint64, batch.num_rows)
            hashes[rule.given[path]].append(found)
    if any(not parts for parts in hashes.values()):
        raise _empty(rule, {split: sum(map(len, parts)) for split, parts in hashes.items()}, 0)
    seen: npt.NDArray[np.uint64] = np.empty(0, np.uint64)
    again = {}
    for split, parts in hashes.items():
        own = np.concatenate(parts)
        again[split] = int(np.isin(own, seen).sum())
        seen = np.concatenate([seen, own])
    return {split: count for split, count in again.items() if count}
