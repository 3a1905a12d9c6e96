"""Refused requests."""

from __future__ import annotations

import pytest

from monitoring.look.requests import Requests, of_requests
from monitoring.summary.window_summary import WindowSummary


def seen(requests: int, refused: int) -> WindowSummary:
    return WindowSummary(
        model="m", version=1, first=None, last=None, requests=requests, refused=refused
    )


@pytest.mark.parametrize(
    ("requests", "refused", "before", "sure"),
    [
        (200, 40, Requests(1_000, 10), True),
        (200, 3, Requests(1_000, 10), False),
        (200, 0, Requests(1_000, 500), False),  # fewer is no alarm
        (200, 10, Requests(), False),  # as many as are usual
        (200, 60, Requests(), True),
        (0, 0, Requests(), False),
        (0, 0, Requests(5, 1), False),
    ],
)
def test_more_than_before_or_than_is_usual(
    requests: int, refused: int, before: Requests, sure: bool
) -> None:
    found = of_requests(seen(requests, refused), before)
    assert (found.p_value < 1e-6) == sure
    assert found.rows == requests
    assert found.key.against == ("last window" if before.all else "bound")


def test_words() -> None:
    assert of_requests(seen(10, 5), Requests(100, 1)).fact == (
        "50.0 % of requests were refused, before 1.0 %"
    )
    assert "there is no earlier window" in of_requests(seen(10, 5), Requests()).fact
