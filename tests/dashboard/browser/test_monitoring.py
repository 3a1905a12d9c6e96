"""The page Monitoring in a real browser."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard import sample_runs
from tests.helpers.dashboard_process import Dashboard, Watched
from tests.monitoring import sample_looks

pytestmark = pytest.mark.slow

VERSION = sample_looks.VERSION
SCRIPT = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


@pytest.fixture
def looks(dashboard: Dashboard) -> Path:
    """A run, the version that it pushed, 14 looks at it with alarms from the 12th on."""
    served = f"serving_models/taxi/{VERSION}"
    sample_runs.make_run(dashboard.runs, id=sample_looks.RUN, model="taxi", pushed_to=served)
    seen = sample_looks.looks(14, alarm_from=12)
    events = [
        sample_looks.event(seen[11], "alarm"),
        sample_looks.event(seen[11], "retraining ended", 9, run=sample_looks.RUN, version=17),
    ]
    folder = sample_looks.make_folder(dashboard.serving, seen, events)
    (dashboard.serving / "taxi" / "17").mkdir()
    return folder


def test_from_the_list_to_a_look_an_event_and_the_run(
    page: Page, dashboard: Dashboard, looks: Path, watched: Watched
) -> None:
    page.goto(dashboard.address)
    page.get_by_role("link", name="Monitoring").click()
    row = page.get_by_role("row").filter(has_text=str(VERSION))
    expect(row.get_by_test_id("state")).to_have_attribute("data-state", "alarm")
    row.get_by_role("link", name=str(VERSION)).click()
    expect(page.get_by_test_id("monitoring-verdict")).to_contain_text("fare")
    expect(page.get_by_test_id("chart")).to_have_count(3)
    first = page.get_by_test_id("watched-features").locator("tbody tr").first
    expect(first.get_by_test_id("state")).to_have_attribute("data-state", "alarm")
    expect(page.get_by_test_id("live-metrics")).to_contain_text("at least 0.9")
    expect(page.get_by_test_id("findings")).to_contain_text("Crypto")
    page.get_by_text("All 14 looks").click()
    page.get_by_test_id("looks").get_by_role("link").last.click()
    expect(page.get_by_test_id("look")).to_contain_text("the first verdict needs 400")
    ended = page.get_by_test_id("events").locator('[data-event="retraining ended"]')
    ended.get_by_role("link", name="the look").click()
    expect(page.get_by_test_id("findings")).to_contain_text("Crypto")
    ended.get_by_role("link", name="17").click()
    expect(page.get_by_test_id("not-watched")).to_contain_text("python -m monitoring watch taxi")
    page.go_back()
    page.locator(".meta").get_by_role("link", name=sample_looks.RUN).click()
    page.locator(".actions").get_by_role("link", name="Monitoring").click()
    expect(page.get_by_test_id("monitoring-verdict")).to_be_visible()
    assert {urlsplit(url).netloc for url in watched.requests} == {f"localhost:{dashboard.port}"}
    # The version that is not watched has no profile either, which is no error.
    assert watched.errors == []


def test_a_new_look_shows_by_itself_and_a_damaged_one_is_told(
    page: Page, dashboard: Dashboard, looks: Path
) -> None:
    page.goto(f"{dashboard.address}/monitoring/taxi/{VERSION}")
    expect(page.get_by_test_id("looked")).to_contain_text("14 looks of 14")
    (looks / "2026-12-01T000000.000000Z.json").write_text('{"verdict": "al')
    # The page asks every five seconds.
    damaged = page.get_by_test_id("damaged")
    expect(damaged).to_contain_text("1 look cannot be read", timeout=30_000)
    expect(page.get_by_test_id("looked")).to_contain_text("15 looks of 15")


def test_where_nothing_is_served_it_says_how_to_start(page: Page, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.address}/monitoring")
    expect(page.get_by_test_id("nothing-served")).to_contain_text("python -m monitoring watch")


def test_odd_names_are_text_and_fit_a_narrow_window(
    page: Page, dashboard: Dashboard, watched: Watched
) -> None:
    names = (SCRIPT, "x" * 300, "سعر الرحلة", "👩‍👩‍👧" * 40, "")
    look = sample_looks.look(3, "alarm", features=names, model=SCRIPT.replace("/", ""))
    every = tuple(
        one.model_copy(update={"verdict": "differs", "words": SCRIPT, "slice": SCRIPT})
        for one in look.findings
    )
    look = look.model_copy(update={"findings": every, "headline": SCRIPT})
    events = [{**sample_looks.event(look, SCRIPT), "detail": {SCRIPT: SCRIPT}}]
    sample_looks.make_folder(dashboard.serving, [look], events)
    page.set_viewport_size({"width": 400, "height": 800})
    page.goto(f"{dashboard.address}/monitoring")
    page.get_by_role("link", name=str(VERSION)).click()
    expect(page.get_by_test_id("look")).to_contain_text("onerror")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert page.title().startswith("Monitoring")
    assert not [url for url in watched.requests if url.endswith("/x")]
    assert watched.errors == []
