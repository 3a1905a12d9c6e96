"""Spans in a path: which are there, which are read, and what is no span."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.tables import TableSource, content_hash, find, spans
from components.tables.spans import Spans
from models.common.errors import DataError


def files(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("a\n1\n")


NUMBERED = [f"d/span-{span}/v{version}/x.csv" for span in (1, 2, 10) for version in (1, 2)]
DAYS = [f"d/{day}/x.csv" for day in ("2025-01-30", "2025-01-31", "2025-02-01", "2025-02-30")]


@pytest.mark.parametrize(
    ("there", "pattern", "which", "read", "names"),
    [
        (NUMBERED, "d/span-{SPAN}/v{VERSION}/*.csv", Spans(), ["d/span-10/v2/x.csv"], ["10"]),
        (NUMBERED, "d/span-{SPAN}/v{VERSION}", Spans(), ["d/span-10/v2/x.csv"], ["10"]),
        (
            NUMBERED,
            "d/span-{SPAN}/v1/*.csv",
            Spans(2),
            ["d/span-10/v1/x.csv", "d/span-2/v1/x.csv"],
            ["2", "10"],
        ),
        (NUMBERED, "d/span-{SPAN:2}/v1/*.csv", Spans(None), ["d/span-10/v1/x.csv"], ["10"]),
        (NUMBERED, "**/span-{SPAN}/v1/x.csv", Spans(), ["d/span-10/v1/x.csv"], ["10"]),
        (NUMBERED, "d/span-{SPAN}/v1", Spans(None, end="1"), ["d/span-1/v1/x.csv"], ["1"]),
        (DAYS, "d/{YYYY}-{MM}-{DD}/*.csv", Spans(), ["d/2025-02-01/x.csv"], ["2025-02-01"]),
        (DAYS, "d/{YYYY}-{MM}-{DD}/*.csv", Spans(9), DAYS[:3], [day[2:12] for day in DAYS[:3]]),
        (
            DAYS,
            "d/{YYYY}-{MM}-{DD}",
            Spans(None, "2025-01-31", "20250131"),
            DAYS[1:2],
            ["2025-01-31"],
        ),
        (
            ["2025/01/a-202501.csv", "2025/02/a-202502.csv", "2025/03/a-202502.csv"],
            "{YYYY}/{MM}/a-{YYYY}{MM}.csv",
            Spans(None, start="2025-02"),
            ["2025/02/a-202502.csv"],
            ["2025-02"],
        ),
        (
            ["set [1]/span-3.csv", "set [1]/span-x.csv", "set 1/span-9.csv"],
            "set [1]/span-{SPAN}.csv",
            Spans(),
            ["set [1]/span-3.csv"],
            ["3"],
        ),
    ],
)
def test_the_spans_to_read(
    there: list[str], pattern: str, which: Spans, read: list[str], names: list[str]
) -> None:
    files(*there)
    found = find(TableSource(pattern, spans=which))
    assert (list(found.paths), list(found.spans)) == (sorted(read), names)


@pytest.mark.parametrize(
    ("pattern", "which", "headline"),
    [
        ("d/{YYYY}-{DD}/*.csv", Spans(), "data.path has {DD} without {MM}"),
        ("d/{MM}/*.csv", Spans(), "data.path has {MM} without {YYYY}"),
        ("d/{SPAN}-{YYYY}", Spans(), "data.path has {SPAN} beside {YYYY}: a span is a number or"),
        ("d/{VERSION}", Spans(), "data.path has {VERSION} without a span"),
        ("d/{YYYY}-{MM}-{DD}", Spans(1, "2026-01-01"), "has no span from 2026-01-01 to the last"),
        ("d/{YYYY}-{MM}-{DD}", Spans(1, "yesterday"), "data.spans.start is no span of data.path"),
        ("d/{YYYY}-{MM}-{DD}", Spans(1, None, "2025-02-30"), "data.spans.end is no span"),
        ("d/{SPAN}/x.csv", Spans(), "No file matches d/{SPAN}/x.csv"),
        ("d/{span}/x.csv", Spans(), "No file matches d/{span}/x.csv"),
    ],
)
def test_what_is_no_span_is_told(pattern: str, which: Spans, headline: str) -> None:
    files(*DAYS)
    with pytest.raises(DataError) as caught:
        find(TableSource(pattern, spans=which))
    assert headline in caught.value.headline
    assert caught.value.detail and caught.value.remedy


def test_a_misspelt_placeholder_is_told() -> None:
    assert "did you mean 'SPAN'?" in spans.unknown_placeholder("d/{SPANS}/x.csv")
    assert "{a,b} is no placeholder" in spans.unknown_placeholder("d/{a,b}.csv")
    assert spans.unknown_placeholder("d/{SPAN:3}/{YYYY}") == ""


def test_a_span_that_is_there_twice_is_told() -> None:
    files("d/1/x.csv", "d/01/x.csv")
    with pytest.raises(DataError, match="the span 1 is there twice"):
        find(TableSource("d/{SPAN}/*.csv"))
    assert find(TableSource("d/{SPAN:2}/*.csv")).paths == ("d/01/x.csv",)


def test_another_span_is_other_data() -> None:
    files("d/1/x.csv")
    before = content_hash(TableSource("d/{SPAN}/*.csv"))
    Path("d/1").rename("d/2")
    assert content_hash(TableSource("d/{SPAN}/*.csv")) != before


@given(st.sets(st.dates(datetime.date(1970, 1, 1)), min_size=1, max_size=6), st.integers(1, 7))
def test_the_latest_days_are_read_whatever_there_is(days: set[datetime.date], n: int) -> None:
    paths = [f"d/{day:%m}/{day.year:04}{day:%m%d}.csv" for day in days]
    read, names = spans.select("d/*/{YYYY}{MM}{DD}.csv", paths, Spans(n))
    latest = sorted(days)[-n:]
    assert names == [day.isoformat() for day in latest]
    assert read == [f"d/{day:%m}/{day.year:04}{day:%m%d}.csv" for day in latest]
