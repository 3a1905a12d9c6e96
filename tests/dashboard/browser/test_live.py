"""Pages follow a run while it goes, and say when the server has gone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard import sample_runs
from tests.helpers.dashboard_process import Dashboard

pytestmark = pytest.mark.slow


def change(path: Path, **changes: Any) -> None:
    partial = path.with_suffix(".new")
    partial.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    partial.replace(path)


def test_the_list_shows_the_first_run_as_soon_as_it_starts(
    page: Page, dashboard: Dashboard
) -> None:
    page.goto(dashboard.address)
    expect(page.get_by_test_id("no-runs")).to_contain_text("make run")
    folder = sample_runs.make_run(dashboard.runs, status="running")
    row = page.locator(f'[data-run="{folder.name}"]')
    expect(row.get_by_test_id("status")).to_contain_text("running")
    expect(row).to_contain_text("7/13 Trainer")
    change(folder / "run.json", status="pushed", process=None)
    expect(row.get_by_test_id("status")).to_contain_text("blessed")


def test_a_run_is_followed_while_it_trains(page: Page, dashboard: Dashboard) -> None:
    folder = sample_runs.make_run(dashboard.runs, status="running")
    details = json.loads((folder / "details.json").read_text())
    page.goto(f"{dashboard.address}/runs/{folder.name}?tab=training")
    expect(page.get_by_test_id("epochs")).to_have_text("5 of at most 12 epochs")
    for curve in details["curves"]:
        curve["values"].append(0.5)
    change(folder / "details.json", curves=details["curves"])
    expect(page.get_by_test_id("epochs")).to_have_text("6 of at most 12 epochs")
    page.get_by_role("link", name="Log").click()
    expect(page.get_by_test_id("text")).to_contain_text("Trainer is running")
    with (folder / "tfx.log").open("a") as log:
        log.write("\x1b[31mEpoch 7\x1b[0m\n")
    expect(page.get_by_test_id("text")).to_contain_text("Epoch 7")
    page.get_by_role("link", name="Overview").click()
    trainer = page.locator('[data-testid="nodes"] [data-node="Trainer"]')
    expect(trainer).to_have_attribute("data-state", "running")
    nodes = json.loads((folder / "run.json").read_text())["nodes"]
    for node in nodes:
        node["status"] = "done"
    change(folder / "run.json", nodes=nodes, status="not_blessed", process=None)
    expect(trainer).to_have_attribute("data-state", "done")
    expect(page.get_by_test_id("verdict")).to_contain_text("Not blessed")


def test_a_server_that_has_gone_is_told_and_taken_up_again(
    page: Page, dashboard: Dashboard
) -> None:
    sample_runs.make_run(dashboard.runs)
    page.goto(dashboard.address)
    expect(page.get_by_test_id("run-row")).to_have_count(1)
    dashboard.stop()
    expect(page.get_by_test_id("offline")).to_be_visible()
    expect(page.get_by_test_id("run-row")).to_have_count(1)
    sample_runs.make_run(dashboard.runs, 1)
    dashboard.start()
    expect(page.get_by_test_id("offline")).to_have_count(0)
    expect(page.get_by_test_id("run-row")).to_have_count(2)
