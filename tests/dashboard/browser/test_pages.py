"""All pages in a real browser, over generated runs of every status."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from dashboard.records.outcomes import LABELS
from tests.dashboard import sample_runs
from tests.dashboard.records.sources import exported
from tests.helpers.dashboard_process import Dashboard, Watched

pytestmark = pytest.mark.slow

TABS = ["Training", "Evaluation", "Data", "Reproduce", "Log", "Files", "Neptune", "Overview"]


@pytest.fixture
def folders(dashboard: Dashboard) -> dict[str, Path]:
    """A run folder for each status, and a damaged one."""
    made = {
        status: sample_runs.make_run(dashboard.runs, number, status)
        for number, status in enumerate(sample_runs.STATUSES)
    }
    damaged = dashboard.runs / "damaged-20261101-000000-0000"
    damaged.mkdir()
    (damaged / "run.json").write_text('{"id": "dam')
    return {**made, "unreadable": damaged}


def test_every_run_is_listed_with_its_status(
    page: Page, dashboard: Dashboard, folders: dict[str, Path]
) -> None:
    page.goto(dashboard.address)
    expect(page.get_by_test_id("run-row")).to_have_count(len(folders))
    for status, folder in folders.items():
        found = page.locator(f'[data-testid="run-row"][data-run="{folder.name}"]')
        expect(found.get_by_test_id("status")).to_contain_text(LABELS[status])
    expect(page.get_by_test_id("count")).to_have_text("8 runs, 1 running")


def test_every_part_of_every_run_without_errors_or_other_hosts(
    page: Page, dashboard: Dashboard, folders: dict[str, Path], watched: Watched
) -> None:
    names = [folder.name for folder in folders.values()]
    for name in names:
        page.goto(f"{dashboard.address}/runs/{name}")
        expect(page.get_by_test_id("run-id")).to_have_text(name)
        for tab in TABS:
            page.locator(".tabs").get_by_role("link", name=tab).click()
            expect(page.locator(".tabs a[aria-current]")).to_have_text(tab)
            expect(page.get_by_text("Loading …")).to_have_count(0)
    for tab in ("parameters", "curves", "slices", "code"):
        page.goto(f"{dashboard.address}/compare?runs={','.join(names)}&tab={tab}")
        expect(page.locator(".compared li")).to_have_count(len(names))
    page.goto(f"{dashboard.address}/models?not_blessed=1")
    expect(page.get_by_test_id("model")).not_to_have_count(0)
    assert {urlsplit(url).netloc for url in watched.requests} == {f"localhost:{dashboard.port}"}
    missing = "Failed to load resource: the server responded with a status of 404 (Not Found)"
    assert [error for error in watched.errors if error != missing] == []


def test_a_run_shows_what_its_files_hold(
    page: Page, dashboard: Dashboard, folders: dict[str, Path]
) -> None:
    folder = folders["pushed"]
    record = json.loads((folder / "run.json").read_text())
    address = f"{dashboard.address}/runs/{folder.name}"
    page.goto(address)
    expect(page.get_by_test_id("verdict")).to_contain_text(str(record["pushed_version"]))
    for node in record["nodes"]:
        found = page.locator(f'[data-testid="nodes"] [data-node="{node["name"]}"]')
        expect(found).to_have_attribute("data-state", node["status"])
    page.goto(f"{address}?tab=evaluation")
    rows = page.locator('[data-testid="slices"] tbody tr:not(.group)')
    expect(rows).to_have_count(12)
    expect(rows.first).to_contain_text(f"{record['metrics'][0]['value']:.4f}")
    page.goto(f"{address}?tab=training")
    expect(page.get_by_test_id("chart")).to_have_count(2)
    expect(page.locator('[data-testid="trials"] .best')).to_have_count(1)
    page.goto(f"{address}?tab=log")
    expect(page.get_by_test_id("text")).to_contain_text("Component Trainer is running.")
    assert "\x1b" not in page.get_by_test_id("text").inner_text()
    page.goto(f"{address}?tab=reproduce")
    expect(page.locator(".copyable")).to_contain_text(record["command"])
    page.goto(f"{address}?tab=neptune")
    expect(page.get_by_test_id("neptune-fields")).to_contain_text("dataset/rows/train")
    page.goto(f"{address}?tab=files")
    with page.expect_download() as download:
        page.get_by_label("Download run.json").click()
    assert json.loads(download.value.path().read_text()) == record


def test_filter_sort_columns_and_selection_are_in_the_address(
    page: Page, dashboard: Dashboard, folders: dict[str, Path]
) -> None:
    page.goto(dashboard.address)
    page.get_by_label("Filter").fill("auc > 0.5")
    expect(page.get_by_test_id("count")).to_have_text("2 of 8 runs, 1 running")
    page.get_by_role("button", name="AUC").click()
    expect(page.get_by_role("columnheader", name="AUC")).to_have_attribute(
        "aria-sort", "descending"
    )
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("learning_rate").check()
    expect(page.get_by_role("columnheader", name="learning_rate")).to_be_visible()
    page.keyboard.press("Escape")
    shared = page.url
    for folder in (folders["pushed"], folders["not_blessed"]):
        page.get_by_label(f"Select {folder.name}").check()
    page.get_by_role("link", name="Compare", exact=True).last.click()
    expect(page.get_by_test_id("compare")).to_be_visible()
    expect(page.locator(".compared li")).to_have_count(2)
    page.go_back()
    expect(page.get_by_label("Filter")).to_have_value("auc > 0.5")
    expect(page.get_by_label(f"Select {folders['pushed'].name}")).to_be_checked()
    other = page.context.new_page()
    other.goto(shared)
    expect(other.get_by_test_id("run-row")).to_have_count(2)
    expect(other.get_by_role("columnheader", name="learning_rate")).to_be_visible()
    expect(other.get_by_role("columnheader", name="AUC")).to_have_attribute(
        "aria-sort", "descending"
    )


def test_a_mistake_in_the_filter_is_told_and_hides_nothing(
    page: Page, dashboard: Dashboard, folders: dict[str, Path]
) -> None:
    page.goto(dashboard.address)
    expect(page.get_by_test_id("run-row")).to_have_count(8)
    page.get_by_label("Filter").fill("blessed and aucc > 0.5")
    error = page.get_by_test_id("filter-error")
    expect(error).to_contain_text("No run has a column aucc. Did you mean AUC?")
    expect(page.get_by_label("Filter")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_test_id("run-row")).to_have_count(8)


def test_differences_between_runs_are_marked(
    page: Page, dashboard: Dashboard, folders: dict[str, Path]
) -> None:
    names = [folders[status].name for status in ("pushed", "not_blessed")]
    page.goto(f"{dashboard.address}/compare?runs={','.join(names)}")
    compared = page.get_by_test_id("compare")
    expect(compared.locator("tr.differs", has_text="status")).to_have_count(1)
    expect(compared.locator("tr.differs", has_text="data.format")).to_have_count(0)
    page.get_by_label("Only what differs").check()
    expect(compared.get_by_text("data.format")).to_have_count(0)
    page.get_by_role("link", name="Curves").click()
    expect(page.get_by_test_id("chart").first).to_be_visible()
    page.get_by_label("Logarithmic").check()
    expect(page).to_have_url(re.compile("scale=log"))
    chart = page.locator(".plot .u-over").first
    chart.hover(position={"x": 50, "y": 50})  # Waits until the chart is drawn.
    page.mouse.down()
    chart.hover(position={"x": 150, "y": 55})
    chart.hover(position={"x": 250, "y": 60})
    page.mouse.up()
    expect(page.get_by_role("button", name="Show all")).to_be_visible()


def test_tags_and_a_note_are_written(
    page: Page, dashboard: Dashboard, folders: dict[str, Path]
) -> None:
    folder = folders["not_blessed"]
    page.goto(f"{dashboard.address}/runs/{folder.name}")
    page.get_by_role("button", name="Add tag").click()
    page.get_by_label("New tag").fill("<b>bold</b>")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Remove the tag <b>bold</b>")).to_be_visible()
    page.get_by_role("button", name="Write a note").click()
    page.get_by_role("textbox", name="Note").fill("Too few trips by night")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Too few trips by night")).to_be_visible()
    notes = json.loads((folder / "notes.json").read_text())
    assert notes == {"tags": ["<b>bold</b>"], "note": "Too few trips by night"}
    page.goto(f"{dashboard.address}/?where=%22bold%22%20in%20note")
    page.goto(f"{dashboard.address}/?text=night")
    expect(page.get_by_test_id("run-row")).to_have_count(1)


def test_light_and_dark_follow_the_system_and_the_switch(page: Page, dashboard: Dashboard) -> None:
    body = page.locator("body")
    page.emulate_media(color_scheme="light")
    page.goto(dashboard.address)
    light = str(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    page.emulate_media(color_scheme="dark")
    # The page's security policy lets no script wait for it.
    expect(body).not_to_have_css("background-color", light)
    page.get_by_label("Colours").select_option("light")
    expect(body).to_have_css("background-color", light)
    page.reload()
    expect(body).to_have_css("background-color", light)


def test_pages_fit_a_narrow_window(
    page: Page, dashboard: Dashboard, folders: dict[str, Path]
) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    pushed, not_blessed = (folders[status].name for status in ("pushed", "not_blessed"))
    compared = f"/compare?runs={pushed},{not_blessed}"
    paths = ["/", "/models", compared, f"{compared}&tab=curves", f"{compared}&tab=code"]
    paths += [f"/runs/{pushed}?tab={tab.lower()}" for tab in TABS]
    for path in paths:
        page.goto(dashboard.address + path)
        expect(page.get_by_role("heading").first).to_be_visible()
        expect(page.get_by_text("Loading …")).to_have_count(0)
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, path


def test_the_list_is_used_by_keyboard_alone(
    page: Page, dashboard: Dashboard, folders: dict[str, Path]
) -> None:
    page.goto(dashboard.address)
    expect(page.get_by_test_id("run-row")).to_have_count(8)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.get_by_role("button", name="Model").focus()
    page.keyboard.press("Enter")
    heading = page.get_by_role("columnheader", name="Model")
    expect(heading).to_have_attribute("aria-sort", "ascending")
    page.keyboard.press("Enter")
    expect(heading).to_have_attribute("aria-sort", "descending")
    page.get_by_label(f"Select {folders['failed'].name}").focus()
    page.keyboard.press("Space")
    expect(page.get_by_test_id("selection")).to_contain_text("1 run selected")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("verdict")).to_contain_text("Trainer failed")
    expect(page.locator("main")).to_be_focused()


def test_an_export_of_neptune_is_shown_beside_the_runs(
    page: Page, tmp_path: Path, watched: Watched
) -> None:
    server = Dashboard(exported.make(tmp_path / "export"), cache=tmp_path / "cache")
    exported.write(server.runs, "RUN-2", exported.rows()).write_bytes(b"damaged")
    server.start()
    try:
        page.goto(server.address)
        expect(page.get_by_test_id("run-row")).to_have_count(1)
        expect(page.get_by_test_id("source")).to_contain_text("RUN-2_part_0.parquet cannot be read")
        expect(page.get_by_test_id("run-row").get_by_test_id("status")).to_contain_text(
            "from Neptune"
        )
        page.get_by_test_id("run-row").get_by_role("link").first.click()
        page.locator(".tabs").get_by_role("link", name="Neptune").click()
        histograms = page.get_by_test_id("neptune-histograms")
        expect(histograms).to_contain_text("weights, step 1")
        histograms.get_by_role("slider").fill("0")
        expect(histograms).to_contain_text("weights, step 0")
        expect(page.get_by_test_id("chart").first).to_contain_text("train/loss")
        expect(page.get_by_test_id("neptune-fields")).to_contain_text("first try")
        with page.expect_download() as saved:
            page.get_by_role("link", name="Download").first.click()
        assert saved.value.path().read_bytes() == b"weights"
        page.set_viewport_size({"width": 400, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        for tab in TABS:
            page.locator(".tabs").get_by_role("link", name=tab).click()
            expect(page.get_by_text("Loading …")).to_have_count(0)
    finally:
        server.stop()
    missing = "Failed to load resource: the server responded with a status of 404 (Not Found)"
    assert [error for error in watched.errors if error != missing] == []
