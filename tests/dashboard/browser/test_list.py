"""The list of runs: columns, filters, pages, views, and what is archived."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard import sample_runs
from tests.helpers.dashboard_process import Dashboard, Watched

pytestmark = pytest.mark.slow


@pytest.fixture
def folders(dashboard: Dashboard) -> list[Path]:
    """Three runs of taxi that were judged."""
    return [sample_runs.make_run(dashboard.runs, n, "pushed", model="taxi") for n in range(3)]


def heading(page: Page, name: str) -> None:
    expect(page.get_by_role("columnheader", name=name, exact=True)).to_be_visible()


def test_remembered_columns_are_there_on_a_fresh_load_and_the_next_choice_keeps_them(
    page: Page, dashboard: Dashboard, folders: list[Path]
) -> None:
    page.goto(dashboard.address)
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("learning_rate", exact=True).check()
    page.get_by_label("training.epochs", exact=True).check()
    page.get_by_label("payment_type=Cash.ExampleCount", exact=True).check()
    page.goto(dashboard.address)
    heading(page, "learning_rate")
    heading(page, "training.epochs")
    page.get_by_text("Columns", exact=True).click()
    page.get_by_label("overrides", exact=True).check()
    for name in ("learning_rate", "training.epochs", "overrides", "AUC"):
        heading(page, name)
    record = json.loads((folders[0] / "run.json").read_text())
    row = page.locator(f'[data-run="{folders[0].name}"]')
    expect(row).to_contain_text(str(record["config"]["training"]["epochs"]))
    # A count is whole, as the terminal has it.
    counts = {m["slice"]: m["value"] for m in record["metrics"] if m["metric"] == "ExampleCount"}
    count = str(int(counts["payment_type=Cash"]))
    expect(row.get_by_role("cell", name=count, exact=True)).to_be_visible()
    page.get_by_role("button", name="Usual columns").click()
    expect(page.get_by_role("columnheader", name="training.epochs")).to_have_count(0)


def test_a_menu_closes_by_escape_and_by_a_click_elsewhere(
    page: Page, dashboard: Dashboard, folders: list[Path]
) -> None:
    page.goto(dashboard.address)
    inside = page.get_by_role("button", name="Usual columns")
    page.get_by_text("Columns", exact=True).click()
    expect(inside).to_be_visible()
    page.keyboard.press("Escape")
    expect(inside).not_to_be_visible()
    page.get_by_text("Columns", exact=True).click()
    expect(inside).to_be_visible()
    page.get_by_role("heading", name="Runs").click()
    expect(inside).not_to_be_visible()


def test_every_example_of_a_filter_is_one_that_these_runs_can_be_asked(
    page: Page, dashboard: Dashboard, folders: list[Path]
) -> None:
    page.goto(dashboard.address)
    page.get_by_text("How to filter").click()
    examples = page.get_by_test_id("filter-examples").get_by_role("link")
    expect(examples).to_have_count(10)
    for link in examples.all():
        address = str(link.get_attribute("href"))
        answer = page.request.get(f"{dashboard.address}/api/runs{address[1:]}")
        assert answer.status == 200, (address, answer.text())


def test_usual_columns_are_those_of_the_runs_that_are_shown(
    page: Page, dashboard: Dashboard, folders: list[Path]
) -> None:
    record = sample_runs.record(9, "pushed", "flats")
    for one in record["metrics"]:
        one["metric"] = f"Z{one['metric']}"
    (dashboard.runs / record["id"]).mkdir()
    (dashboard.runs / record["id"] / "run.json").write_text(json.dumps(record))
    page.goto(f"{dashboard.address}/?where=model%20%3D%3D%20%22flats%22")
    expect(page.get_by_test_id("run-row")).to_have_count(1)
    heading(page, "ZAUC")
    expect(page.get_by_role("columnheader", name="AUC", exact=True)).to_have_count(0)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/nothing/here", "There is no such page"),
        ("/runs/a/b", "There is no such page"),
        ("/runs", "3 runs"),
        ("/runs/absent", "There is no run 'absent'"),
        ("/?columns=zzz,%25E0,metrics.,.x,__proto__.a,metrics.constructor", "3 runs"),
        ("/?page=77", "There is no page 77"),
        ("/?page=-3&rows=7", "3 runs"),
        ("/?sort=zzz", "No run has a column zzz to sort by"),
    ],
)
def test_an_odd_address_is_answered_in_words(
    page: Page, dashboard: Dashboard, folders: list[Path], watched: Watched, path: str, words: str
) -> None:
    page.goto(dashboard.address + path)
    expect(page.locator("main")).to_contain_text(words)
    assert [error for error in watched.errors if "Failed to load resource" not in error] == []


def test_archived_runs_are_left_out_until_they_are_asked_for(
    page: Page, dashboard: Dashboard, folders: list[Path]
) -> None:
    page.goto(dashboard.address)
    expect(page.get_by_test_id("run-row")).to_have_count(3)
    page.get_by_label(f"Select {folders[1].name}").check()
    page.get_by_role("button", name="Archive", exact=True).click()
    expect(page.get_by_test_id("run-row")).to_have_count(2)
    assert json.loads((folders[1] / "notes.json").read_text())["archived"] is True
    page.get_by_label("Show archived (1)").check()
    expect(page.get_by_test_id("run-row")).to_have_count(3)
    page.goto(f"{dashboard.address}/runs/{folders[1].name}")
    expect(page.get_by_test_id("archived")).to_be_visible()
    page.get_by_role("button", name="Unarchive").click()
    expect(page.get_by_test_id("archived")).to_have_count(0)
    page.goto(dashboard.address)
    expect(page.get_by_test_id("run-row")).to_have_count(3)


def test_a_view_is_saved_found_and_removed(
    page: Page, dashboard: Dashboard, folders: list[Path]
) -> None:
    page.goto(f"{dashboard.address}/?where=auc%20%3E%200.5&sort=duration")
    page.get_by_text("Views", exact=True).click()
    page.get_by_label("Save as").fill("Good <b>ones</b>/100 %")
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="Good <b>ones</b>/100 %")
    expect(link).to_be_visible()
    page.goto(dashboard.address)
    page.get_by_text("Views", exact=True).click()
    link.click()
    expect(page.get_by_label("Filter")).to_have_value("auc > 0.5")
    page.get_by_role("button", name="Remove the view").click()
    expect(link).to_have_count(0)
    assert json.loads((dashboard.runs / "views.json").read_text()) == {}


NOTE = """# Night <script>document.title='owned'</script>

**Too few** trips, see [the data](https://example.org/a) and [bad](javascript:alert(1)).

![pixel](https://example.org/pixel.png)

| hour | trips |
|---|---|
| 3 | 12 |

- [x] asked
- <img src=x onerror="document.title='owned'">
"""


def test_a_note_is_markdown_that_loads_and_runs_nothing(
    page: Page, dashboard: Dashboard, folders: list[Path], watched: Watched
) -> None:
    (folders[0] / "notes.json").write_text(json.dumps({"tags": [], "note": NOTE}))
    page.goto(f"{dashboard.address}/runs/{folders[0].name}")
    note = page.locator(".note")
    expect(note.get_by_role("cell", name="12")).to_be_visible()
    expect(note.locator("strong")).to_have_text("Too few")
    expect(note.get_by_role("link", name="the data")).to_have_attribute(
        "href", "https://example.org/a"
    )
    expect(note.get_by_role("link", name="bad")).to_have_count(0)
    expect(note).to_contain_text("<script>")
    expect(note.locator("img, script")).to_have_count(0)
    assert "owned" not in page.title()
    assert all(url.startswith(dashboard.address) for url in watched.requests)
    assert watched.errors == []
