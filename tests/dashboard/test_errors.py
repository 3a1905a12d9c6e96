"""An error that a person can act on, on the command line and in a page."""

from __future__ import annotations

import pytest

from dashboard.errors import DashboardError


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (("What",), "What"),
        (("What", "Found this."), "What\nFound this."),
        (("What", "", "Do that."), "What\nDo that."),
        (("What", "Found this.", "Do that."), "What\nFound this.\nDo that."),
    ],
)
def test_an_error_says_what_it_has_to_say(parts: tuple[str, ...], text: str) -> None:
    error = DashboardError(*parts)  # type: ignore[arg-type]
    assert str(error) == text and error.status == 400
    told = dict(zip(("headline", "detail", "remedy"), (*parts, "", ""), strict=False))
    assert error.as_json() == told
