"""Charts over time."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.report import charts
from monitoring.report.charts import Line, Point, Series
from tests.monitoring import sample_looks

START = sample_looks.START


def points(*values: float, low: float | None = None, high: float | None = None) -> list[Point]:
    return [Point(START + timedelta(hours=n), value, low, high) for n, value in enumerate(values)]


def test_higher_values_are_further_up_and_later_ones_further_right() -> None:
    svg = charts.draw(Series("AUC", points(0.5, 0.9, 0.7)))
    [path] = re.findall(r'class="line" d="M([^"]+)"', svg)
    places = [tuple(map(float, place.split())) for place in path.split("L")]
    assert [x for x, _ in places] == [46.0, 219.0, 392.0]
    assert places[1][1] < places[2][1] < places[0][1]
    assert svg.count('class="dot"') == 3 and "2026-11-20 10:00 UTC" in svg


def test_a_confidence_sequence_is_a_band_and_a_bound_a_named_line() -> None:
    seen = points(0.9, 0.8, low=0.7, high=0.95)
    svg = charts.draw(Series("AUC", seen, [Line("at least 0.85", 0.85), Line("test split", 0.851)]))
    assert svg.count('class="band"') == 1 and svg.count('class="level"') == 2
    labels = re.findall(r'y="([\d.]+)" text-anchor="start" class="level-label">([^<]+)<', svg)
    assert [name for _, name in labels] == ["at least 0.85", "test split"]
    assert abs(float(labels[0][0]) - float(labels[1][0])) >= 11  # They do not cover each other.


def test_an_alarm_is_a_triangle() -> None:
    seen = [*points(0.9, 0.8), Point(START + timedelta(hours=3), 0.2, alarm=True)]
    svg = charts.draw(Series("AUC", seen))
    assert svg.count('class="alarm"') == 1 and svg.count('class="dot"') == 2


@pytest.mark.parametrize("count", [0, 1])
def test_one_value_is_no_chart(count: int) -> None:
    assert charts.draw(Series("AUC", points(*[0.5] * count))) == ""


def test_of_very_many_looks_the_latest_are_drawn() -> None:
    svg = charts.draw(Series("AUC", points(*[0.5] * 5_000)))
    assert svg.count("L") == 399 and 'class="dot"' not in svg and len(svg) < 20_000


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), max_size=5))
def test_any_numbers_can_be_drawn(values: list[float]) -> None:
    svg = charts.draw(Series("x", points(*values), [Line("bound", values[0] if values else 0.0)]))
    assert "nan" not in svg and "inf" not in svg.replace("info", "")


@given(st.floats(-1e9, 1e9), st.floats(0.001, 1e9))
def test_ticks_are_few_round_numbers_within_the_ends(low: float, size: float) -> None:
    ticks = charts.nice_ticks(low, low + size)
    assert len(ticks) <= 6
    slack = 1e-9 * (abs(low) + size)
    assert all(low - slack <= tick <= low + size + slack for tick in ticks)
    assert ticks == sorted(set(ticks))


def test_nothing_between_the_ends_is_one_tick() -> None:
    assert charts.nice_ticks(3.0, 3.0) == [3.0]
    assert charts.nice_ticks(0.0, 1.0) == [0.0, 0.5, 1.0]


def test_the_strip_tells_the_verdicts_apart_by_shape() -> None:
    svg = charts.strip(sample_looks.looks(9, alarm_from=8))
    assert svg.count('class="ring"') == 1 and svg.count('class="alarm"') == 2
    [ticks] = re.findall(r'class="tick" d="([^"]+)"', svg)
    assert ticks.count("M") == 6
    assert 'aria-label="2 alarms in 9 looks"' in svg
