"""What charts and tables show: values, zoom, splits beside each other, pictures, and on paper."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from models.common.tracking import png
from tests.dashboard import sample_runs
from tests.helpers.dashboard_process import Dashboard, Watched

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(dashboard: Dashboard) -> Path:
    return sample_runs.make_run(dashboard.runs, model="taxi")


def change(folder: Path, name: str, changes: dict[str, Any]) -> None:
    path = folder / name
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def opened(page: Page, name: str) -> Any:
    """The table of a chart's values."""
    page.locator("summary", has_text=name).first.click()
    return page.get_by_role("region", name=f"Values of {name}").locator("tbody tr")


def test_every_chart_has_its_values_as_a_table(
    page: Page, dashboard: Dashboard, folder: Path
) -> None:
    address = f"{dashboard.address}/runs/{folder.name}"
    page.goto(f"{address}?tab=evaluation")
    expect(opened(page, "ROC")).to_have_count(41)
    expect(opened(page, "Calibration")).to_have_count(10)
    page.goto(f"{address}?tab=data")
    expect(opened(page, "fare")).to_have_count(10)
    expect(opened(page, "payment_type").first).to_contain_text("Cash")
    page.goto(f"{address}?tab=training")
    expect(opened(page, "loss")).to_have_count(sample_runs.EPOCHS)


def test_the_zoom_is_in_the_address(page: Page, dashboard: Dashboard, folder: Path) -> None:
    page.goto(f"{dashboard.address}/runs/{folder.name}?tab=training")
    chart = page.locator(".plot .u-over").first
    chart.hover(position={"x": 50, "y": 50})  # Waits until the chart is drawn.
    page.mouse.down()
    chart.hover(position={"x": 150, "y": 55})
    chart.hover(position={"x": 250, "y": 60})
    page.mouse.up()
    show_all = page.get_by_role("button", name="Show all of loss")
    expect(show_all).to_be_visible()
    assert "zoom=loss" in page.url
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("button", name="Show all of loss")).to_be_visible()
    expect(other.get_by_role("button", name="Show all of auc")).to_have_count(0)
    show_all.click()
    expect(show_all).to_have_count(0)
    assert "zoom" not in page.url


def test_a_far_value_in_one_split_makes_no_difference_where_there_is_none(
    page: Page, dashboard: Dashboard, folder: Path
) -> None:
    """Both splits have 90 % below 10 and the rest below 20; one row of `train` has 100."""
    details = json.loads((folder / "details.json").read_text())
    narrow = [{"low": 2.0 * k, "high": 2.0 * k + 2, "count": 18 if k < 5 else 2} for k in range(10)]
    wide = [{"low": 10.0 * k, "high": 10.0 * k + 10, "count": 0} for k in range(10)]
    wide[0]["count"], wide[1]["count"], wide[9]["count"] = 900, 99, 1
    fare = details["features"][0]
    fare["splits"]["train"] |= {"histogram": wide, "quantiles": []}
    fare["splits"]["eval"] |= {"histogram": narrow, "quantiles": []}
    fare["splits"]["test"] |= {"histogram": narrow, "quantiles": []}
    change(folder, "details.json", {"features": [fare]})
    page.goto(f"{dashboard.address}/runs/{folder.name}?tab=data")
    rows = opened(page, "fare")
    expect(rows).to_have_count(10)
    expect(rows.nth(0)).to_have_text("0 … 1090.0 %90.0 %90.0 %")
    expect(rows.nth(1)).to_have_text("10 … 209.9 %10.0 %10.0 %")


def test_a_share_is_of_the_values_that_there_are_as_in_the_report(
    page: Page, dashboard: Dashboard, folder: Path
) -> None:
    details = json.loads((folder / "details.json").read_text())
    kind = details["features"][2]
    top = [{"value": "Cash", "count": 30.0}, {"value": "Card", "count": 20.0}]
    kind["splits"] = {"train": {"rows": 100, "missing": 50, "unique": 2, "top": top}}
    change(folder, "details.json", {"features": [kind]})
    page.goto(f"{dashboard.address}/runs/{folder.name}?tab=data")
    expect(page.locator(".frequent li").first).to_contain_text("60.0 %")
    expect(opened(page, "payment_type").first).to_have_text("Cash60.0 %")


def test_ten_thousand_epochs_are_drawn_and_their_values_come_in_parts(
    page: Page, dashboard: Dashboard, folder: Path, watched: Watched
) -> None:
    values = [1 / (number + 1) for number in range(10_000)]
    curves = [{"metric": "loss", "split": split, "values": values} for split in ("train", "eval")]
    change(folder, "details.json", {"curves": curves})
    page.goto(f"{dashboard.address}/runs/{folder.name}?tab=training")
    expect(page.get_by_test_id("epochs")).to_contain_text("10,000")
    page.locator(".plot .u-over").first.hover(position={"x": 200, "y": 50})
    rows = opened(page, "loss")
    expect(rows).to_have_count(500)
    page.get_by_role("button", name="After").click()
    expect(rows.first).to_contain_text("501")
    assert watched.errors == []


def test_the_graph_stays_with_its_heading_and_a_wide_confusion_within_the_page(
    page: Page, dashboard: Dashboard
) -> None:
    many = {f"parameter_{number}": number for number in range(80)}
    folder = sample_runs.make_run(dashboard.runs, hyperparameters=many)
    plots = json.loads((folder / "details.json").read_text())["plots"]
    classes = [f"a class with a long name {number}" for number in range(30)]
    plots["confusion"] = {"classes": classes, "counts": [[1.0] * 30] * 30}
    change(folder, "details.json", {"plots": plots})
    page.goto(f"{dashboard.address}/runs/{folder.name}")
    title = page.get_by_role("heading", name="Nodes").bounding_box()
    graph = page.get_by_test_id("graph").bounding_box()
    assert title and graph and 0 < graph["y"] - title["y"] < 60
    page.goto(f"{dashboard.address}/runs/{folder.name}?tab=evaluation")
    expect(page.get_by_role("region", name="Confusion", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1440


def test_a_picture_among_the_files_is_shown(page: Page, dashboard: Dashboard, folder: Path) -> None:
    png = json.loads((folder / "details.json").read_text())["plots"]["mistakes"]["rows"][0]["png"]
    (folder / "row 1.png").write_bytes(base64.b64decode(png))
    (folder / "evil.png").write_text("<svg onload='alert(1)'>")
    page.goto(f"{dashboard.address}/runs/{folder.name}?tab=files")
    page.get_by_role("link", name="row 1.png", exact=True).click()
    picture = page.get_by_role("img", name="row 1.png")
    expect(picture).to_be_visible()
    assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 1


def test_a_change_says_whether_it_is_for_the_better_and_bounds_are_kept_in_single_precision(
    page: Page, dashboard: Dashboard
) -> None:
    record = sample_runs.record(0, "pushed", "taxi")
    record["config"]["evaluation"]["metrics"] = {
        "AUC": {"at_least": 0.7},
        "BinaryCrossEntropy": {"at_most": 0.35},
    }
    for one in record["metrics"]:
        if one["metric"] == "AUC" and one["slice"] == "overall":
            one |= {"value": 0.699999988079071, "at_least": 0.7, "baseline": 0.65}
        elif one["metric"] == "BinaryCrossEntropy":
            one |= {"value": 0.30, "baseline": 0.25}
    folder = sample_runs.make_run(dashboard.runs, **record)
    page.goto(f"{dashboard.address}/runs/{folder.name}")
    rows = page.get_by_role("region", name="Metrics of all rows").locator("tbody tr")
    expect(rows.filter(has_text="AUC")).to_contain_text("+0.0500 better")
    expect(rows.filter(has_text="AUC")).to_contain_text("kept: at least 0.7")
    expect(rows.filter(has_text="CrossEntropy")).to_contain_text("+0.0500 worse")


def test_the_printed_report_overlaps_nowhere(page: Page, dashboard: Dashboard) -> None:
    from pipeline.show.report import page as report
    from tests.pipeline.show.report.constructed import details, numeric, record

    run = record("pushed")
    found = details(run)
    found.features = [numeric(f"a_long_name_{n}", highest=1.7e10) for n in range(6)]
    found.trials[0].hyperparameters = {f"a_hyperparameter_{n}": 0.000480553 for n in range(7)}
    folder = dashboard.runs / "report-20261101-000000-0000"
    folder.mkdir()
    (folder / "run.json").write_text("{}")
    (folder / "report.html").write_text(report.render(run, found, dashboard.runs))
    page.set_viewport_size({"width": 690, "height": 1000})  # A4 between its margins.
    page.emulate_media(media="print")
    page.goto(f"{dashboard.address}/report/{folder.name}")
    wider = """() => [...document.querySelectorAll("table")].filter((table) => {
      const place = table.parentElement.getBoundingClientRect();
      return table.getBoundingClientRect().right > place.right + 1;
    }).map((table) => table.textContent.slice(0, 80))"""
    expect(page.get_by_role("heading", name="The data")).to_be_visible()
    assert page.evaluate(wider) == []


def test_what_the_code_logs_comes_while_it_trains_and_the_machine_beside_it(
    page: Page, dashboard: Dashboard, watched: Watched
) -> None:
    run = sample_runs.make_run(dashboard.runs, 5, "running")
    page.goto(f"{dashboard.address}/runs/{run.name}?tab=training")
    expect(page.get_by_test_id("epochs")).to_be_visible()
    expect(page.get_by_test_id("logged")).to_have_count(0)
    content = base64.b64encode(png.encoded(np.eye(8))).decode()
    odd = "<img src=x onerror=alert(1)>"
    logged = {
        "series": [
            {"name": odd, "trial": None, "logged": 900, "points": [[1, 0.5], [2, None], [3, 0.25]]},
        ],
        "images": [
            {"name": odd, "trial": None, "step": 2, "png": content},
            {"name": "bad", "trial": None, "step": 1, "png": '" onerror="alert(1)'},
        ],
        "warnings": [{"headline": "A value was left out", "detail": "Received: 'text'."}],
    }
    trials = [
        {"name": "norm", "trial": trial, "logged": 1, "points": [[1, trial / 2]]}
        for trial in range(1, 20)
    ]
    details = json.loads((run / "details.json").read_text())
    details |= {"logged": logged, "logged_in_trials": {"series": trials}}
    (run / "new").write_text(json.dumps(details))
    (run / "new").replace(run / "details.json")
    use = {"processors": 2, "memory_total": 8e9, "seconds": [3, 6], "cpu": [1.5, 0.5]}
    use |= {"memory": [1e9, 2e9], "machine_cpu": [2, 1], "machine_memory": [3e9, 4e9]}
    use |= {"gpus": [{"name": "A", "memory_total": 9e9, "busy": [0.5, None], "memory": [1, None]}]}
    (run / "machine.json").write_text(json.dumps(use))
    shown = page.get_by_test_id("logged")
    expect(shown.get_by_test_id("chart")).to_have_count(2)
    expect(shown).to_contain_text("3 of 900 values are kept")
    expect(shown).to_contain_text("The first 16 of 19 trials")
    expect(shown).to_contain_text("A value was left out. Received: 'text'.")
    expect(page.get_by_test_id("logged-images").locator("img")).to_have_count(1)
    expect(page.get_by_test_id("machine").get_by_test_id("chart")).to_have_count(4)
    expect(page.get_by_test_id("machine")).to_contain_text("2 processors, 8.0 GB of memory, A with")
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    assert watched.errors == []
