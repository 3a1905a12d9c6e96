"""What follows from an alarm: a table, and what always holds."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.core.settings import Settings
from monitoring.watch.events import Event
from monitoring.watch.policy import WEEK, causes, is_news, why_not_retrain
from tests.monitoring.looks import MONDAY, finding, look

FARE, MILES = "feature fare", "feature miles"


def alarm(hours: float, *found: str, version: int = 1) -> Event:
    time = MONDAY + timedelta(hours=hours)
    return Event(time=time, event="alarm", version=version, detail={"causes": found})


def started(hours: float) -> Event:
    return Event(time=MONDAY + timedelta(hours=hours), event="retraining started")


def test_a_cause_is_named_once_and_only_where_it_counts() -> None:
    seen = look(
        finding("fare"),
        finding("fare", test="tail"),
        finding("miles", verdict="differs little"),
        finding("hour", counts=False),
        finding("probability", subject="output", slice="payment=Cash"),
        finding("", subject="requests", test="refused"),
    )
    assert causes(seen) == (FARE, "output probability payment=Cash", "requests")


@pytest.mark.parametrize(
    ("earlier", "found", "news"),
    [
        ([], [FARE], True),
        ([alarm(-1, FARE)], [FARE], False),
        ([alarm(-1, FARE, MILES)], [FARE], False),
        ([alarm(-1, FARE)], [FARE, MILES], True),
        ([alarm(-1, FARE), alarm(-2, MILES)], [FARE, MILES], False),
        ([alarm(-24, FARE)], [FARE], True),
        ([alarm(-23.9, FARE)], [FARE], False),
        ([alarm(-1, FARE, version=2)], [FARE], True),
        ([alarm(+2, FARE)], [FARE], False),  # The clock was put back.
        ([alarm(+9000, FARE)], [FARE], True),  # By a year.
        ([started(-1)], [FARE], True),
        ([], [], True),
        ([alarm(-1)], [], False),
    ],
)
def test_the_same_alarm_is_news_once_in_a_cool_down(
    earlier: list[Event], found: list[str], news: bool
) -> None:
    assert is_news(Settings(), MONDAY, 1, found, earlier) is news


def test_without_a_cool_down_each_alarm_is_news() -> None:
    assert is_news(Settings(cool_down_hours=0), MONDAY, 1, [FARE], [alarm(0, FARE)])


@pytest.mark.parametrize(
    ("settings", "earlier", "why"),
    [
        ({}, [], ""),
        ({"on_alarm": "notify"}, [], "on_alarm is notify"),
        ({"on_alarm": "nothing"}, [], "on_alarm is nothing"),
        ({}, [started(-1)], "24 hours"),
        ({}, [started(-24)], ""),
        ({}, [started(-24), started(-30)], "seven days"),
        ({}, [started(-24), started(-7 * 24)], ""),
        ({"retrainings_a_week": 0}, [], "0 began"),
        ({"retrainings_a_week": 9}, [started(-25)] * 8, ""),
        ({"cool_down_hours": 0}, [started(0)], ""),
        ({"cool_down_hours": 0}, [started(0)] * 2, "seven days"),
        ({}, [started(+1)], "24 hours"),
        ({}, [alarm(-1, FARE)], ""),
    ],
)
def test_a_retraining_begins_where_the_policy_lets_it(
    settings: dict[str, Any], earlier: list[Event], why: str
) -> None:
    found = why_not_retrain(Settings(**{"on_alarm": "retrain", **settings}), MONDAY, earlier)
    assert bool(found) is bool(why) and why in found


@given(
    steps=st.lists(st.floats(0, 60), max_size=60),
    a_week=st.integers(0, 3),
    cool_down=st.floats(0, 60),
)
def test_no_week_has_more_retrainings_than_its_budget(
    steps: list[float], a_week: int, cool_down: float
) -> None:
    settings = Settings(on_alarm="retrain", retrainings_a_week=a_week, cool_down_hours=cool_down)
    events: list[Event] = []
    hours = 0.0
    for step in steps:
        hours += step
        if not why_not_retrain(settings, MONDAY + timedelta(hours=hours), events):
            events.append(started(hours))
    for event in events:
        week = [each for each in events if event.time <= each.time < event.time + WEEK]
        assert len(week) <= a_week
    gaps = [b.time - a.time for a, b in pairwise(events)]
    assert all(gap >= timedelta(hours=cool_down) for gap in gaps)
