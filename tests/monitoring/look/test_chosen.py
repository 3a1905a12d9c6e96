"""Which part of the log a single look is at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from monitoring.core.settings import Settings
from monitoring.log.source import log_source
from monitoring.look.chosen import Chosen, chosen
from tests.monitoring.logged import entry, refused
from tests.monitoring.trip_profile import profile

PROFILE = profile()
SETTINGS = Settings(window_rows=100, window_hours=1e6)


@pytest.fixture
def choose(tmp_path: Path) -> Callable[..., Chosen | None]:
    """Writes entries as the server does, and chooses."""

    def of(*entries: Any, since: float | None = None, version: int | None = None) -> Chosen | None:
        from serving.request_log.database import Database

        database = Database(tmp_path / ".request_log", "process")
        database.add(list(entries))
        database.close()
        start = None if since is None else datetime.fromtimestamp(since, timezone.utc)
        log = log_source(tmp_path, "trips")
        return chosen(log, "trips", lambda _: PROFILE, SETTINGS, version, start)

    return of


def sizes(found: Chosen | None) -> tuple[int, int | None] | None:
    if found is None:
        return None
    return found.window.rows, found.last.rows if found.last else None


@pytest.mark.parametrize(
    ("rows", "expected"),
    [(0, None), (30, (30, None)), (100, (100, None)), (130, (130, None)), (200, (100, 100)),
     (230, (130, 100))],
)  # fmt: skip
def test_the_last_complete_window_and_what_came_after(
    choose: Callable[..., Chosen | None], rows: int, expected: tuple[int, int | None] | None
) -> None:
    assert sizes(choose(*(entry(number) for number in range(rows)))) == expected


def test_since_takes_all_that_came_later(choose: Callable[..., Chosen | None]) -> None:
    assert sizes(choose(*(entry(number) for number in range(450)), since=1_250.0)) == (250, None)
    assert choose(since=9_999.0) is None


def test_the_version_that_answered_last_or_the_one_that_is_asked_for(
    choose: Callable[..., Chosen | None],
) -> None:
    found = choose(*(entry(number, version=1 + number % 2) for number in range(41)))
    assert found is not None
    assert found.window.version == 1
    other = choose(version=2)
    assert other is not None
    assert (other.window.version, other.window.rows) == (2, 20)


def test_refused_requests_are_counted(choose: Callable[..., Chosen | None]) -> None:
    found = choose(entry(0), *(refused(number) for number in range(1, 9)))
    assert found is not None
    assert (found.window.rows, found.window.refused) == (1, 8)
