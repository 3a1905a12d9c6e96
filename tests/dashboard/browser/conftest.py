"""The dashboard as a process of its own, and the system's Chromium to look at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

from tests.helpers import dashboard_process
from tests.helpers.dashboard_process import Dashboard, Watched


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The system's browser, headless; a process can drive one at a time, so no file keeps it."""
    with dashboard_process.chromium() as browser:
        yield browser


@pytest.fixture
def dashboard(tmp_path: Path) -> Iterator[Dashboard]:
    """A server over an empty folder."""
    (tmp_path / "runs").mkdir()
    server = Dashboard(tmp_path / "runs")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def page(context: BrowserContext, watched: Watched) -> Page:
    """A page whose every request and error is noted."""

    def note(request: Request) -> None:
        watched.requests.append(request.url)

    context.on("request", note)
    page = context.new_page()
    page.on("pageerror", lambda error: watched.errors.append(str(error)))
    page.on(
        "console",
        lambda message: watched.errors.append(message.text) if message.type == "error" else None,
    )
    return page
