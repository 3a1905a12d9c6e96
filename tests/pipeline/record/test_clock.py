"""The time of a run's records, whatever happens to the machine's clock."""

from __future__ import annotations

import time
from datetime import datetime, timezone

import pytest

from pipeline.record import clock


def test_it_is_the_time_in_utc() -> None:
    assert abs((datetime.now(timezone.utc) - clock.now()).total_seconds()) < 5


@pytest.mark.parametrize("step", [-30 * 86_400, -3600, 3600, 10 * 365 * 86_400])
def test_a_step_of_the_clock_does_not_show(monkeypatch: pytest.MonkeyPatch, step: float) -> None:
    real = time.time
    before = clock.now()
    monkeypatch.setattr(time, "time", lambda: real() + step)
    assert 0 <= (clock.now() - before).total_seconds() < 5


def test_what_has_passed_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before, elapsed = clock.now(), clock.elapsed
    monkeypatch.setattr(clock, "elapsed", lambda: elapsed() + 100)
    assert 100 <= (clock.now() - before).total_seconds() < 105
