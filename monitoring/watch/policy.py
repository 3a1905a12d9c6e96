"""What follows from an alarm, by the model's settings and by what was done before.

It knows no clock and no files: the watcher, the loop and `replay` decide by the same functions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from monitoring.core.settings import Settings
from monitoring.look.look import Look
from monitoring.watch.events import Event

WEEK = timedelta(days=7)


def causes(look: Look) -> tuple[str, ...]:
    """What raised an alarm, such as `feature fare`: each thing once, however many tests saw it."""
    found = (
        " ".join(filter(None, (each.subject, each.name, each.slice)))
        for each in look.findings
        if each.counts and each.verdict == "differs"
    )
    return tuple(dict.fromkeys(found))


def is_news(
    settings: Settings,
    now: datetime,
    version: int,
    found: Collection[str],
    earlier: Iterable[Event],
) -> bool:
    """Whether an alarm is one that was not told of within the cool-down.

    It is where anything caused it that had not caused an earlier one. Alarms of other versions do
    not count: each has a profile of its own.

    Args:
        settings: The model's.
        now: The alarm's time.
        version: The version that was looked at.
        found: Its causes.
        earlier: The model's events.
    """
    cool_down = timedelta(hours=settings.cool_down_hours)
    told: set[str] = set()
    recent = False
    for event in earlier:
        if event.event == "alarm" and event.version == version and _within(event, now, cool_down):
            told.update(event.detail.get("causes", ()))
            recent = True
    return not recent or not set(found) <= told


def why_not_retrain(settings: Settings, now: datetime, earlier: Sequence[Event]) -> str:
    """Why no retraining may begin now; empty: one may.

    Args:
        settings: The model's.
        now: When it would begin.
        earlier: The model's events.
    """
    if settings.on_alarm != "retrain":
        return f"monitoring.on_alarm is {settings.on_alarm}"
    started = [event for event in earlier if event.event == "retraining started"]
    cool_down = timedelta(hours=settings.cool_down_hours)
    if any(_within(event, now, cool_down) for event in started):
        return f"one began within the last {settings.cool_down_hours:g} hours (cool_down_hours)"
    in_a_week = sum(_within(event, now, WEEK) for event in started)
    if in_a_week >= settings.retrainings_a_week:
        return f"{in_a_week} began within seven days (retrainings_a_week)"
    return ""


def _within(event: Event, now: datetime, interval: timedelta) -> bool:
    """Whether it is less than an interval ago, or ahead: a clock may have been put back."""
    return abs(now - event.time) < interval
