"""Script in a run's names, texts and report does nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.dashboard import sample_runs
from tests.helpers.dashboard_process import Dashboard, Watched

pytestmark = pytest.mark.slow

SCRIPT = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def test_script_in_names_and_texts_is_text(
    page: Page, dashboard: Dashboard, watched: Watched
) -> None:
    record = sample_runs.record(0, "not_blessed")
    status = record.pop("status")
    name = "<script>document.title='owned'<"
    for one in record["metrics"]:
        one["metric"] = SCRIPT if one["metric"] == "AUC" else one["metric"]
    record["nodes"][0] |= {"name": SCRIPT, "why": SCRIPT}
    record["failure"] = {"node": SCRIPT, "headline": SCRIPT, "detail": SCRIPT}
    record["anomalies"] = [
        {"feature": SCRIPT, "split": SCRIPT, "severity": SCRIPT, "headline": SCRIPT, "detail": ""}
    ]
    address = "javascript:document.title='owned'"
    record["cloud"] = {
        **{"platform": SCRIPT, "job": SCRIPT, "cost": SCRIPT, "page": address},
        **{"workflow": address, "machines": {SCRIPT: SCRIPT}},
    }
    record |= {"model": SCRIPT, "command": SCRIPT, "hyperparameters": {SCRIPT: SCRIPT}, "id": name}
    folder = sample_runs.make_run(dashboard.runs, 0, status, **record)
    (folder / "notes.json").write_text(json.dumps({"tags": [SCRIPT], "note": SCRIPT}))
    (folder / "tfx.log").write_text(SCRIPT)
    (folder / SCRIPT.replace("/", "")).write_text(SCRIPT)
    page.goto(dashboard.address)
    page.get_by_role("link", name=name).click()
    expect(page.get_by_test_id("run-id")).to_have_text(name)
    for tab in ("Evaluation", "Data", "Reproduce", "Log", "Files", "Neptune", "Overview"):
        page.locator(".tabs").get_by_role("link", name=tab).click()
        expect(page.get_by_text("Loading …")).to_have_count(0)
        expect(page.get_by_text("onerror").first).to_be_visible()
    expect(page.locator("a[href^='javascript:']")).to_have_count(0)
    page.goto(f"{dashboard.address}/models?not_blessed=1")
    expect(page.get_by_text("onerror").first).to_be_visible()
    assert page.title() == "Models"
    assert not [url for url in watched.requests if url.endswith("/x")]
    assert watched.errors == []


def test_a_report_with_script_cannot_act_on_the_dashboard(
    page: Page, dashboard: Dashboard, watched: Watched
) -> None:
    folder = sample_runs.make_run(dashboard.runs)
    (folder / "report.html").write_text(
        "<!doctype html><h1>Report</h1><img src='/api/runs'><form action='/api/runs'></form>"
        f"<script>fetch('/api/runs/{folder.name}/notes', {{method: 'PUT', body: '{{}}'}});"
        "document.querySelector('h1').textContent = 'owned'</script>"
    )
    page.goto(f"{dashboard.address}/runs/{folder.name}")
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Report").click()
    report = opened.value
    expect(report.get_by_role("heading", name="Report")).to_be_visible()
    assert report.evaluate("window.origin") == "null"
    before = len(watched.requests)
    report.wait_for_timeout(300)
    assert not [url for url in watched.requests[before:] if "notes" in url]
    assert not (folder / "notes.json").exists()


ODD: list[Any] = [None, 3, "text", [], [None, 3, "x", {}], {}, {"a": [1]}, True]


def test_records_with_values_of_other_types_are_shown(
    page: Page, dashboard: Dashboard, watched: Watched
) -> None:
    record, details = sample_runs.record(0, "pushed"), sample_runs.details(0, "pushed", "x")
    changes = [{key: ODD[number % len(ODD)]} for number, key in enumerate(record)]
    changes += [dict.fromkeys(record, value) for value in ODD]
    for number, change in enumerate(changes):
        folder = dashboard.runs / f"run-{number}"
        folder.mkdir()
        (folder / "run.json").write_text(json.dumps({**record, **change}))
        odd = dict.fromkeys(list(details)[number % len(details) :], ODD[number % len(ODD)])
        (folder / "details.json").write_text(json.dumps({**details, **odd}))
    page.goto(dashboard.address)
    expect(page.get_by_test_id("run-row")).to_have_count(len(changes))
    for number in range(len(changes)):
        page.goto(f"{dashboard.address}/runs/run-{number}")
        for tab in ("Training", "Evaluation", "Data", "Reproduce"):
            page.locator(".tabs").get_by_role("link", name=tab).click()
            expect(page.locator(".tabs [aria-current]")).to_have_text(tab)
    names = ",".join(f"run-{number}" for number in range(len(changes)))
    for tab in ("parameters", "curves", "slices", "plots", "data", "code"):
        page.goto(f"{dashboard.address}/compare?runs={names}&tab={tab}")
        expect(page.locator(".compared .status")).to_have_count(len(changes))
    for path in ("/relations", "/relations?of=duration&x=model", "/models"):
        page.goto(f"{dashboard.address}{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.get_by_text("Loading …")).to_have_count(0, timeout=60_000)
    refused = "Failed to load resource: the server responded with a status of 400 (Bad Request)"
    assert [error for error in watched.errors if error != refused] == []


def test_plots_with_values_of_other_types_are_shown(
    page: Page, dashboard: Dashboard, watched: Watched
) -> None:
    details = sample_runs.details(0, "pushed", "x")
    kinds = (
        "roc",
        "calibration",
        "residuals",
        "confusion",
        "mistakes",
        "worst_rows",
        "rows",
        "labels",
    )
    names = []
    for number, value in enumerate(ODD):
        for kind in kinds:
            folder = sample_runs.make_run(dashboard.runs, number, id=f"{kind}-{number}")
            odd = {**details, "plots": {**details["plots"], kind: value}}
            if kind in ("mistakes", "worst_rows"):
                odd["plots"][kind] = {"rows": value, "wrong": value, "columns": value}
            odd["trials"] = value
            (folder / "details.json").write_text(json.dumps(odd))
            names.append(folder.name)
    for name in names[::3]:
        page.goto(f"{dashboard.address}/runs/{name}?tab=evaluation&threshold={name}")
        expect(page.get_by_role("heading", name="Every metric")).to_be_visible()
    page.goto(f"{dashboard.address}/compare?runs={','.join(names)}&tab=plots&threshold=x")
    expect(page.locator(".compared .status")).to_have_count(len(names))
    expect(page.get_by_test_id("overlay").first).to_be_visible()
    for name in names[:: 3 * len(kinds)]:
        page.goto(f"{dashboard.address}/relations?run={name}")
        expect(page.get_by_text("No trial here has an outcome yet")).to_be_visible()
    assert watched.errors == []
