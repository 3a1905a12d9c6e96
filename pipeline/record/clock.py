"""The time as a run's records have it: no step of the machine's clock meanwhile moves it."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

_COUNTER = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""Counts on while the machine sleeps, where the system has such a clock."""


def elapsed() -> float:
    """Seconds since some moment in the past; grows steadily, whatever the clock is set to."""
    return time.clock_gettime(_COUNTER)


_BEGAN, _BEGAN_AT = datetime.fromtimestamp(time.time(), timezone.utc), elapsed()


def now() -> datetime:
    """The current time in UTC, by the clock as it was when this process began.

    So the times that a process records differ by what has passed, even where the clock was set
    forward or back meanwhile.
    """
    return _BEGAN + timedelta(seconds=elapsed() - _BEGAN_AT)
