"""Truth values, numbers and dates as tables spell them."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.scaffold.reading import spellings


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (["yes", "NO"], (["NO"], ["yes"])),
        (["True", "False"], (["False"], ["True"])),
        (["1", "0"], (["0"], ["1"])),
        (["Y", "yes", "n"], (["n"], ["Y", "yes"])),
        (["on", "off", "maybe"], None),
        (["yes"], None),
        ([], None),
    ],
)
def test_truth_values(values: list[str], found: tuple[list[str], list[str]] | None) -> None:
    assert spellings.truth_values(values) == found


@pytest.mark.parametrize(
    ("text", "number"),
    [("1,234.5", 1234.5), ("$12", 12.0), ("12 %", 12.0), ("-3e4", -3e4), (".5", 0.5), (" 7 ", 7.0)],
)
def test_numbers_as_text(text: str, number: float) -> None:
    assert spellings.is_number(text) and spellings.number(text) == number


@pytest.mark.parametrize("text", ["1,5", "1.234,5", "12a", "", "-", "e5", "1,23,4", "%"])
def test_what_is_no_number(text: str) -> None:
    assert not spellings.is_number(text)
    assert spellings.has_decimal_comma(text) == (text in ("1,5", "1.234,5"))


@pytest.mark.parametrize(
    ("values", "formats"),
    [
        (["2024-01-31", "2024-02-01"], ["%Y-%m-%d"]),
        (["31.01.2024 10:05"], ["%d.%m.%Y %H:%M"]),
        (["2024-01-31T10:05:00Z"], ["%Y-%m-%dT%H:%M:%S%z"]),
        (["2024-01-31 10:05:00.25"], ["%Y-%m-%d %H:%M:%S.%f"]),
        (["03/25/2024", "04/05/2024"], ["%m/%d/%Y"]),
        (["25/03/2024", "04/05/2024"], ["%d/%m/%Y"]),
        (["5-Jan-2024"], ["%d-%b-%Y"]),
        (["Jan 5, 2024"], ["%b %d, %Y"]),
        (["12:30", "07:15"], ["%H:%M"]),
        (["2024-01-31", "2024-02-01", "01.03.2024"], ["%Y-%m-%d", "%d.%m.%Y"]),
        (["2024-13-45"], []),
        (["version 2024-01-31"], []),
        (["red", "green"], []),
        ([], []),
    ],
)
def test_formats_of_dates(values: list[str], formats: list[str]) -> None:
    assert spellings.date_formats(values) == formats


def test_a_few_mistakes_do_not_make_dates_text() -> None:
    values = [f"2024-{month:02}-{day:02}" for day in range(1, 29) for month in range(1, 13)]
    assert spellings.date_formats([*values, "soon"]) == ["%Y-%m-%d"]


def test_the_other_reading_of_a_date() -> None:
    assert spellings.other_reading("%d/%m/%Y", ["03/04/2024"]) == "%m/%d/%Y"
    assert spellings.other_reading("%d/%m/%Y", ["13/04/2024"]) == ""
    assert spellings.other_reading("%d.%m.%Y", ["03.04.2024"]) == ""


@given(
    st.lists(
        st.datetimes(datetime.datetime(1950, 1, 1), datetime.datetime(2060, 1, 1)), min_size=1
    ),
    st.sampled_from(
        ["%Y-%m-%d %H:%M:%S", "%d.%m.%Y", "%Y/%m/%d %H:%M", "%d %B %Y", "%Y-%m-%dT%H:%M"]
    ),
)
def test_dates_written_in_a_format_are_dates(moments: list[datetime.datetime], format: str) -> None:
    values = [moment.strftime(format) for moment in moments]
    found = spellings.date_formats(values)
    assert found, values
    # `May` is the month's short name, too.
    assert format in found or "%b" in found[0]
