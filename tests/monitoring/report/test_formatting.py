"""Numbers, times and names as a person reads them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.look.look import Finding
from monitoring.report import formatting

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (0.0, "0"), (3.0, "3"), (0.12345, "0.1235"), (1234.5, "1,234"),
        (1e-9, "1.00e-09"), (-2.5e9, "-2.50e+09"), (12_000_000.0, "1.20e+07"),
    ],
)  # fmt: skip
def test_numbers(value: float | None, text: str) -> None:
    assert formatting.number(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (0.0, "0 %"), (1.0, "100 %"), (0.1234, "12.3 %"), (0.0021, "0.21 %"),
        (0.00001, "< 0.01 %"), (-0.05, "-5.0 %"),
    ],
)  # fmt: skip
def test_shares(value: float | None, text: str) -> None:
    assert formatting.share(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (1e-300, "< 0.001"), (0.0, "< 0.001"), (0.0123, "0.012")]
)
def test_p_values(value: float | None, text: str) -> None:
    assert formatting.p_value(value) == text


def test_times_are_in_utc_whatever_zone_they_came_in() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=5, minutes=30)))
    for time in (NOON, there, NOON.replace(tzinfo=None)):
        assert formatting.moment(time) == "2026-11-27 12:00 UTC"
    assert formatting.moment(None) == ""
    assert formatting.window(NOON, there + timedelta(minutes=5)) == (
        "2026-11-27 12:00 to 12:05 UTC"
    )
    assert formatting.window(NOON, NOON + timedelta(days=1)) == (
        "2026-11-27 12:00 to 2026-11-28 12:00 UTC"
    )
    assert formatting.window(None, NOON) == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("fare", "fare"), ("", "(empty)"), ("a\nb\x1b[31m", r"a\nb\x1b[31m"),
        ("👩‍👩‍👧", "👩‍👩‍👧"), ("سعر", "سعر"), ("a\u202eb", r"a\u202eb"),
        ("x" * 61, "x" * 60 + "…"),
    ],
)  # fmt: skip
def test_names_are_seen_whole_or_cut(name: str, text: str) -> None:
    assert formatting.cut(name) == text


@given(st.text())
def test_no_name_moves_the_terminals_cursor_or_takes_lines(name: str) -> None:
    shown = formatting.cut(name)
    assert shown and not any(ord(one) < 32 or 127 <= ord(one) < 160 for one in shown)
    assert len(shown) <= 6 * 60 + 1


@pytest.mark.parametrize(
    ("verdict", "counts", "text", "rank"),
    [
        ("differs", True, "alarm", 0), ("differs", False, "differs", 1),
        ("differs little", True, "differs little", 2), ("too early", True, "too early", 3),
        ("same", True, "same", 4),
    ],
)  # fmt: skip
def test_what_counts_and_differs_is_an_alarm(
    verdict: str, counts: bool, text: str, rank: int
) -> None:
    finding = Finding.model_validate(
        {
            "subject": "rows", "name": "", "test": "classifier", "against": "training",
            "statistic": "AUC", "effect": 0.5, "rows": 3, "verdict": verdict, "counts": counts,
            "words": "",
        }
    )  # fmt: skip
    assert formatting.verdict(finding) == text
    assert formatting.rank(finding) == rank
    assert formatting.is_alarm(finding) is (rank == 0)
    assert formatting.what(finding) == "all features"


def test_every_test_has_a_name() -> None:
    named = Finding.model_fields["test"].annotation
    assert set(formatting.TESTS) == set(named.__args__)  # type: ignore[union-attr]
