"""Which row is in which split: no group and no time in two, and no split that is empty."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.tables import TableSummary, splits
from components.tables.columns import Column
from components.tables.rows import to_lists
from components.tables.splits import SplitRule
from models.common.errors import DataError

SHARES = {"train": 2, "eval": 1, "test": 1}


def batch(**columns: Any) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(columns)


def split_of(rule: SplitRule, rows: pa.RecordBatch, path: str = "t.csv") -> list[str]:
    return rule.split_rows(rows, to_lists(rows), path)


CELLS = st.none() | st.integers(0, 5)


@given(st.lists(st.tuples(CELLS, st.sampled_from(["a", "b", None])), min_size=1, max_size=40))
def test_no_group_is_in_two_splits(groups: list[tuple[int | None, str | None]]) -> None:
    users, devices = zip(*groups, strict=True)
    rows = batch(
        user=pa.array(users, pa.int64()),
        device=pa.array(devices, pa.string()),
        value=pa.array(range(len(groups))),
    )
    for by in (("user",), ("user", "device"), ("device", "user")):
        found = defaultdict(set)
        for row, split in enumerate(split_of(SplitRule(SHARES, by), rows)):
            values = dict(zip(("user", "device"), groups[row], strict=True))
            found[tuple(values[name] for name in by)].add(split)
        known = {key: where for key, where in found.items() if any(x is not None for x in key)}
        assert all(len(where) == 1 for where in known.values())
    assert split_of(SplitRule(SHARES, ("user", "device")), rows) == split_of(
        SplitRule(SHARES, ("device", "user")), rows
    )


def test_rows_without_a_group_are_split_one_by_one() -> None:
    rows = batch(user=pa.nulls(100, pa.int64()), value=list(range(100)))
    assert set(split_of(SplitRule(SHARES, ("user",)), rows)) == set(SHARES)


@given(st.lists(st.integers(0, 8), min_size=3, max_size=60).filter(lambda v: len(set(v)) >= 3))
def test_by_time_no_split_is_empty_and_no_time_is_in_two(values: list[int]) -> None:
    rows = batch(when=values)
    rule = SplitRule(SHARES, time={"column": "when"})
    assert rule.needs_counts
    halves = [rows.slice(0, len(values) // 2), rows.slice(len(values) // 2)]
    counted = [splits.count_times(rule, [half], "t.csv") for half in halves]
    rule = splits.with_cuts(rule, counted)
    found = defaultdict(set)
    for value, split in zip(values, split_of(rule, rows), strict=True):
        found[split].add(value)
    assert max(found["train"]) < min(found["eval"]) <= max(found["eval"]) < min(found["test"])


def test_by_time_shares_are_met() -> None:
    rows = batch(when=list(range(400)))
    rule = SplitRule({"train": 8, "eval": 1, "test": 1}, time={"column": "when"})
    rule = splits.with_cuts(rule, [splits.count_times(rule, [rows], "t.csv")])
    found = split_of(rule, rows)
    assert [found.count(split) for split in rule.shares] == [320, 40, 40]


def test_by_given_times() -> None:
    time = {"column": "day", "eval_from": "2025-02-01", "test_from": "2025-03-01"}
    days = ["2025-01-31", "2025-02-01", "2025-02-28T23:59", "2025-03-01", "2026-01-01"]
    assert split_of(SplitRule(SHARES, time=time), batch(day=days)) == [
        *("train", "eval", "eval", "test", "test")
    ]


@pytest.mark.parametrize(
    ("rule", "rows", "headline", "more"),
    [
        (
            SplitRule({"train": 8, "eval": 1, "test": 1}),
            batch(a=[1, 2] * 500),
            "has no rows",
            "1,000 rows, but 2 distinct",
        ),
        (
            SplitRule({"train": 8, "eval": 1, "test": 1}, ("user",)),
            batch(user=["x", "y"] * 50, a=list(range(100))),
            "has no rows",
            "100 rows, but 2 distinct groups",
        ),
        (
            SplitRule(SHARES, time={"column": "a", "eval_from": 5, "test_from": 6}),
            batch(a=[1, 2, 7]),
            "The split 'eval' has no rows",
            "train 2, eval 0, test 1",
        ),
        (
            SplitRule(SHARES, time={"column": "a", "eval_from": 6, "test_from": 6}),
            batch(a=[1, 2, 7]),
            "test_from is not after eval_from",
            "eval from 6, test from 6",
        ),
    ],
)
def test_a_split_without_rows_is_told_with_counts(
    rule: SplitRule, rows: pa.RecordBatch, headline: str, more: str
) -> None:
    with pytest.raises(DataError) as caught:
        splits.check(rule, [("t.csv", [rows])])
    assert headline in caught.value.headline
    assert more in caught.value.detail and caught.value.remedy


def test_too_few_times_are_told() -> None:
    rule = SplitRule(SHARES, time={"column": "a"})
    counted = [splits.count_times(rule, [batch(a=[1, 2, 2])], "t.csv")]
    with pytest.raises(DataError) as caught:
        splits.with_cuts(rule, counted)
    assert "Received: 2 in 3 rows" in caught.value.detail


def test_rows_of_two_given_splits_are_counted() -> None:
    given = {"a": "train", "b": "eval", "c": "test"}
    tables = [("a", [batch(x=[1, 2])]), ("b", [batch(x=[2, 3])]), ("c", [batch(x=[3, 1, 9])])]
    rule = SplitRule(SHARES, given=given)
    assert splits.in_two_splits(rule, tables) == {"eval": 1, "test": 2}
    assert split_of(rule, batch(x=[1, 1]), "b") == ["eval", "eval"]
    with pytest.raises(DataError, match="The split 'test' has no rows"):
        splits.in_two_splits(rule, tables[:2])


@pytest.mark.parametrize(
    "rule", [SplitRule(SHARES, ("b",)), SplitRule(SHARES, time={"column": "b"})]
)
def test_a_column_that_is_not_there_or_empty_is_told(rule: SplitRule) -> None:
    table = TableSummary(("t.csv",), 3, (Column("a", "INT"),))
    with pytest.raises(DataError, match="the data has no column 'b'"):
        rule.check_columns(table)
    table = dataclasses.replace(table, columns=(Column("b", None, missing=3),))
    with pytest.raises(DataError, match="has no value in any row"):
        rule.check_columns(table)
