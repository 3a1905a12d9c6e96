"""The questions of docs/dashboard.md, answered in a browser in as many clicks as it says."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.dashboard import sample_runs
from tests.helpers.dashboard_process import Dashboard, Watched
from tests.helpers.paths import ROOT
from tests.monitoring import sample_looks

pytestmark = pytest.mark.slow

REFUSED = 9
STABLE, CANARY = sample_looks.VERSION, sample_looks.VERSION + 60


class Clicks:
    """Clicks, and counts them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.count = 0

    def on(self, target: Locator) -> None:
        target.click()
        self.count += 1

    def link(self, name: str, within: str = "body") -> None:
        self.on(self.page.locator(within).get_by_role("link", name=name, exact=True).first)

    def choose(self, label: str, value: str) -> None:
        self.page.get_by_label(label).select_option(value)
        self.count += 1


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """Runs of one model, the latest of which is looked at beside the one that serves."""
    runs = tmp_path_factory.mktemp("questions") / "runs"
    runs.mkdir()
    for number in range(14):
        _run(runs, number)
    server = Dashboard(runs)
    _serve(server.serving)
    server.start()
    yield server
    server.stop()


def _run(runs: Path, number: int) -> None:
    version = {12: STABLE, 13: CANARY}.get(number, STABLE - 60 * (20 - number))
    pushed_to = f"serving_models/taxi/{version}"
    name = sample_looks.RUN if number == 12 else f"taxi-run-{number}"
    folder = sample_runs.make_run(
        runs, number, model="taxi", id=name, pushed_version=version, pushed_to=pushed_to
    )
    record, details = (json.loads((folder / f"{n}.json").read_text()) for n in ("run", "details"))
    record["hyperparameters"]["units"] = 16 * (number % 7 + 1)
    for one in record["metrics"]:
        if one["metric"] == "AUC" and one["value"] is not None:
            one["value"] = 0.8 + 0.02 * (number % 7) - 0.1 * (one["slice"] == "trip_start_day=3")
            one |= {"low": one["value"] - 0.01, "high": one["value"] + 0.01, "baseline": 0.91}
            one["naive"] = 0.5
    details["trials"] = [
        {
            "number": trial,
            "hyperparameters": {"units": 8 * trial, "dropout": (trial * 7 % 5) / 10},
            "objective": "val_auc",
            "score": 0.7 + 0.01 * trial,
        }
        for trial in range(1, 16)
    ]
    record["data"]["hash"] = "ab"[number // 7] * 64
    record["cloud"] = {
        "platform": "vertex",
        "job": f"job-{number}",
        "page": "https://console.example/job",
        "machines": {"Trainer": "4 CPUs, 16 GB"},
        "cost": 0.25,
    }
    if number == 13:
        model = folder / "code" / "models" / "taxi" / "model.py"
        model.write_text(model.read_text() + "\nLAYERS = 3\n")
        train = details["features"][2]["splits"]["train"]
        train["top"].append({"value": "Crypto", "count": 400.0})
        train["unique"] += 1
    if number == REFUSED:
        record |= {"status": "not_blessed", "blessed": False, "pushed_version": None}
        missed = {"metric": "AUC", "slice": "overall", "value": 0.84, "bound": "at least 0.9"}
        record["refusals"] = [missed]
    details["plots"]["confusion"] = None
    (folder / "run.json").write_text(json.dumps(record))
    (folder / "details.json").write_text(json.dumps(details))


def _serve(serving: Path) -> None:
    sample_looks.make_folder(serving, [sample_looks.look(1)])
    (serving / "taxi" / str(CANARY)).mkdir(parents=True)
    labels = "".join(
        f'version_labels {{ key: "{label}" value: {version} }}'
        for label, version in (("stable", STABLE), ("canary", CANARY))
    )
    config = f'model_config_list {{ config {{ name: "taxi" {labels} }} }}'
    (serving / "models.config").write_text(config)
    promoted = {
        "time": "2026-11-20T08:00:00Z", "model": "taxi", "action": "promote", "version": STABLE,
        "by": "ada", "why": "it is better",
    }  # fmt: skip
    routing = {"models": {"taxi": {"canary_share": 0.1}}, "events": [promoted]}
    (serving / "routing.json").write_text(json.dumps(routing))


@pytest.fixture
def clicks(page: Page, dashboard: Dashboard, watched: Watched) -> Iterator[Clicks]:
    page.goto(dashboard.address)
    expect(page.get_by_test_id("run-row")).to_have_count(14)
    yield Clicks(page)
    assert watched.errors == []


def which_hyperparameter_matters(clicks: Clicks) -> None:
    clicks.link("Relations")
    answer = clicks.page.get_by_test_id("answer")
    expect(answer).to_contain_text("units matters, seen in 14 runs.", timeout=60_000)


def which_hyperparameter_mattered_in_a_search(clicks: Clicks) -> None:
    clicks.link("taxi-run-13")
    clicks.link("Training")
    clicks.link("Which hyperparameter matters?")
    expect(clicks.page.get_by_test_id("count")).to_have_text("15 trials")
    answer = clicks.page.get_by_test_id("answer")
    expect(answer).to_contain_text("units matters, seen in 15 trials.", timeout=60_000)


def which_value_did_best(clicks: Clicks) -> None:
    clicks.link("Relations")
    clicks.choose("Group by", "hyperparameters.units")
    groups = clicks.page.get_by_test_id("groups")
    expect(groups.locator("tbody tr").last).to_contain_text("112")
    expect(groups.locator("tbody tr").last).to_contain_text("0.92")


def is_it_better_than_in_production_beyond_chance(clicks: Clicks) -> None:
    clicks.link("taxi-run-13")
    clicks.on(clicks.page.get_by_text("Compare with …"))
    clicks.link("slices in production")
    first = clicks.page.get_by_test_id("compare-slices").locator("tbody tr").first
    expect(first).to_contain_text("all rows")
    expect(first).to_contain_text("+0.0200 better")
    expect(first).to_contain_text("beyond the reference's interval")


def which_slice_got_worse_and_by_how_much(clicks: Clicks) -> None:
    clicks.link("taxi-run-13")
    clicks.link("Evaluation")
    first = clicks.page.get_by_test_id("worse").locator("tbody tr").first
    expect(first).to_contain_text("trip_start_day=3")
    expect(first).to_contain_text("0.0900")
    expect(first).to_contain_text("beyond the 95 % interval")


def what_did_it_see_that_the_last_did_not(clicks: Clicks) -> None:
    clicks.link("taxi-run-13")
    clicks.on(clicks.page.get_by_text("Compare with …"))
    clicks.link("data of the previous run")
    row = clicks.page.get_by_test_id("data-changes").get_by_role("row", name="payment_type")
    expect(row).to_contain_text("new: Crypto")


def what_does_more_precision_cost(clicks: Clicks) -> None:
    clicks.link("taxi-run-13")
    clicks.link("Evaluation")
    threshold = clicks.page.get_by_test_id("threshold")
    before = threshold.locator(".rates").inner_text()
    slider = threshold.get_by_role("slider")
    slider.focus()
    slider.press("End")
    clicks.count += 1
    expect(threshold.locator(".rates")).not_to_have_text(before)
    expect(clicks.page).to_have_url(re.compile("threshold=1"))
    cells = threshold.get_by_test_id("confusion").locator("tbody td")
    expect(cells.nth(1)).to_contain_text("0")  # Nothing is predicted any more.


def what_is_confused_with_what(clicks: Clicks) -> None:
    clicks.link("taxi-run-13")
    clicks.link("Evaluation")
    expect(clicks.page.get_by_test_id("classes").locator("tbody tr")).to_have_count(2)
    expect(clicks.page.get_by_test_id("mistakes").get_by_role("img").first).to_be_visible()
    expect(clicks.page.get_by_test_id("worst-rows").locator("tbody tr")).to_have_count(20)


def is_it_better_than_guessing(clicks: Clicks) -> None:
    clicks.link("taxi-run-13")
    clicks.link("Evaluation")
    slices = clicks.page.get_by_test_id("slices")
    expect(slices.get_by_role("columnheader", name="Guessing")).to_be_visible()
    expect(slices.locator("tbody tr").first).to_contain_text("0.5000")


def why_was_it_refused(clicks: Clicks) -> None:
    clicks.link(f"taxi-run-{REFUSED}")
    verdict = clicks.page.get_by_test_id("verdict")
    expect(verdict).to_contain_text("AUC on all rows is 0.8400; expected at least 0.9.")


def which_code_changed(clicks: Clicks) -> None:
    clicks.link("taxi-run-13")
    clicks.on(clicks.page.get_by_text("Compare with …"))
    clicks.link("code of the previous run")
    difference = clicks.page.get_by_test_id("diff").filter(has_text="models/taxi/model.py")
    expect(difference.locator("tr.added").last).to_contain_text("LAYERS = 3")


def how_long_did_each_node_take_and_what_did_it_cost(clicks: Clicks) -> None:
    clicks.link("taxi-run-13")
    trainer = clicks.page.get_by_test_id("nodes").get_by_role("row", name="Trainer")
    expect(trainer).to_contain_text(re.compile(r"\d (s|min)"))
    expect(trainer).to_contain_text("4 CPUs, 16 GB")
    facts = clicks.page.locator("dl.facts").first
    expect(facts).to_contain_text(re.compile(r"Cost\s*0\.25"))
    job = facts.get_by_role("link", name="job-13")
    expect(job).to_have_attribute("href", "https://console.example/job")


def which_rows_is_it_worst_at(clicks: Clicks) -> None:
    clicks.link("taxi-run-13")
    clicks.link("Evaluation")
    expect(clicks.page.get_by_test_id("worst-rows").locator("tbody tr")).to_have_count(20)


def which_runs_used_this_data(clicks: Clicks) -> None:
    clicks.link("taxi-run-13")
    clicks.on(clicks.page.get_by_role("link", name="b" * 8))
    expect(clicks.page.get_by_test_id("run-row")).to_have_count(7)


def what_serves_who_promoted_it_and_what_does_monitoring_say(clicks: Clicks) -> None:
    clicks.link("Models")
    serving = clicks.page.get_by_test_id("serving")
    rows = serving.locator("table").first.locator("tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text(str(STABLE))
    expect(rows.first).to_contain_text(re.compile(r"90(\.0)? %"))
    expect(rows.first.get_by_test_id("state")).to_be_visible()
    expect(rows.last).to_contain_text("canary")
    expect(rows.last).to_contain_text(re.compile(r"10(\.0)? %"))
    expect(serving).to_contain_text("ada")
    beside = clicks.page.get_by_test_id("versions-beside")
    expect(beside).to_contain_text("+0.0200 better")


QUESTIONS: dict[str, tuple[Callable[[Clicks], None], int]] = {
    "Which hyperparameter matters?": (which_hyperparameter_matters, 1),
    "Which one mattered in this run's search?": (which_hyperparameter_mattered_in_a_search, 3),
    "Which value of it did best?": (which_value_did_best, 2),
    "Is it better than in production, and beyond chance?": (
        is_it_better_than_in_production_beyond_chance,
        3,
    ),
    "Which slice got worse than in production, and by how much?": (
        which_slice_got_worse_and_by_how_much,
        2,
    ),
    "What did this run see that the last did not?": (what_did_it_see_that_the_last_did_not, 3),
    "What does more precision cost?": (what_does_more_precision_cost, 3),
    "What does it confuse with what?": (what_is_confused_with_what, 2),
    "Is it better than guessing?": (is_it_better_than_guessing, 2),
    "Why was it refused?": (why_was_it_refused, 1),
    "Which code changed?": (which_code_changed, 3),
    "How long did each node take, and what did it cost?": (
        how_long_did_each_node_take_and_what_did_it_cost,
        1,
    ),
    "Which rows is it worst at?": (which_rows_is_it_worst_at, 2),
    "Which runs used this data?": (which_runs_used_this_data, 2),
    "What serves now, who promoted it, and what does monitoring say?": (
        what_serves_who_promoted_it_and_what_does_monitoring_say,
        1,
    ),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_is_answered_in_the_clicks_that_are_told(clicks: Clicks, question: str) -> None:
    answer, most = QUESTIONS[question]
    answer(clicks)
    assert clicks.count == most <= 3


def test_the_documentation_has_the_questions_with_their_clicks() -> None:
    text = (ROOT / "docs/dashboard.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+\?) \| .+ \| (\d) \|$", text, re.MULTILINE)
    assert rows == [(question, str(most)) for question, (_, most) in QUESTIONS.items()]


def test_new_pages_fit_a_narrow_window_and_print(
    page: Page, dashboard: Dashboard, watched: Watched
) -> None:
    page.set_viewport_size({"width": 400, "height": 800})
    both = f"/compare?runs={sample_looks.RUN},taxi-run-13"
    paths: list[Any] = ["/relations", "/relations?run=taxi-run-13", "/models"]
    paths += [f"{both}&tab={tab}" for tab in ("parameters", "plots", "data", "slices")]
    paths += ["/runs/taxi-run-13?tab=evaluation"]
    for path in paths:
        page.goto(dashboard.address + path)
        expect(page.get_by_role("heading").first).to_be_visible()
        expect(page.get_by_text("Loading …")).to_have_count(0, timeout=60_000)
        assert page.evaluate("document.documentElement.scrollWidth") <= 400, path
    assert watched.errors == []


@pytest.mark.parametrize("width", [1440, 400])
def test_each_comparison_is_a_line_of_the_menu(
    page: Page, dashboard: Dashboard, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(f"{dashboard.address}/runs/taxi-run-13")
    menu = page.get_by_test_id("compare-with")
    menu.locator("summary").click()
    expect(menu.get_by_role("link")).to_have_count(6)
    boxes = [link.bounding_box() for link in menu.get_by_role("link").all()]
    there = [box for box in boxes if box and box["x"] >= 0 and box["x"] + box["width"] <= width]
    assert len(there) == 6
    assert all(one["y"] + one["height"] <= two["y"] for one, two in itertools.pairwise(there))


def test_a_pinned_run_is_what_others_are_compared_with(page: Page, dashboard: Dashboard) -> None:
    page.goto(f"{dashboard.address}/compare?runs=taxi-run-3,taxi-run-4")
    page.get_by_role("button", name="Pin as baseline").click()
    expect(page.get_by_role("button", name="Unpin baseline")).to_be_visible()
    page.goto(dashboard.address)
    for number in (8, 9):
        page.get_by_label(f"Select taxi-run-{number}").check()
    page.get_by_test_id("selection").get_by_role("link", name="Compare").click()
    compared = page.locator(".compared li")
    expect(compared).to_have_count(3)
    expect(compared.first).to_contain_text("taxi-run-3")
    page.get_by_role("button", name="Unpin baseline").click()
    page.goto(f"{dashboard.address}/runs/taxi-run-9")
    page.get_by_text("Compare with …").click()
    expect(page.get_by_role("link", name="the pinned baseline")).to_have_count(0)
