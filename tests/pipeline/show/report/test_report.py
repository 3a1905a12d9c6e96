"""The report of each ending: well-formed, self-contained, and with what the record says."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from pipeline import nodes
from pipeline.record import run_record
from pipeline.record.run_details import Drift, RunDetails
from pipeline.record.run_record import Anomaly, Refusal
from pipeline.show import formatting, report
from pipeline.show.report import graph, page
from tests.pipeline.show.report.constructed import (
    CLASSES,
    ENDINGS,
    HOSTILE,
    REGRESSION,
    categorical,
    details,
    numeric,
    record,
    write,
)

VOID = {"meta", "br"}


class Page(HTMLParser):
    """A page's elements; it fails where one is not closed or an id stands twice."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.text = ""
        self.headings: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"
        assert len(self.ids) == len(set(self.ids))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)
        if tag in ("h1", "h2", "h3"):
            self.headings.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data
        if {"h1", "h2", "h3"} & set(self.open):
            self.headings[-1] += data


@functools.cache
def rendered(ending: str) -> tuple[str, Page]:
    """The page of a run, once; with everything in its details if it came to its end."""
    run = record(ending)
    whole = details(run)
    found = whole if run.metrics else details(run, features=whole.features, drift_from="earlier")
    with tempfile.TemporaryDirectory() as folder:
        run_record.write(run, Path(folder))
        html = page.render(run, found, Path(folder))
    return html, Page(html)


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_ending_is_a_whole_page_that_needs_nothing(ending: str) -> None:
    html, found = rendered(ending)
    assert html.startswith("<!doctype html>")
    assert not {"script", "link", "iframe", "img", "object", "base"} & found.tags
    for name, value in found.attributes:
        assert not name.startswith("on")
        if name in ("href", "xlink:href", "src"):
            assert value.startswith("#") and value[1:] in found.ids
    for reference in re.findall(r"url\(([^)]*)\)", html):
        assert reference[1:] in found.ids
    labelled = [value.split() for name, value in found.attributes if name == "aria-labelledby"]
    assert labelled and all(one in found.ids for ids in labelled for one in ids)
    assert ("content", "default-src 'none'") in [
        (name, value.partition(";")[0]) for name, value in found.attributes
    ]
    for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        ET.fromstring(svg)


@pytest.mark.parametrize(
    ("ending", "headline", "sections", "without"),
    [
        ("pushed", "Blessed and pushed", ["How well it does", "Training"], []),
        ("not_blessed", "Not blessed, so nothing was pushed", ["Training"], ["How to serve it"]),
        ("stopped", "Stopped by the data, so nothing was trained", [], ["How well it does"]),
        ("failed", "Failed in Trainer", ["What was run"], ["How well it does", "How to serve it"]),
        ("killed", "Failed in Trainer", ["What was run"], ["How to serve it"]),
        ("interrupted", "Interrupted", ["What was run"], ["How to serve it"]),
        ("early", "Failed before any node ran", ["What was run"], ["How well it does"]),
        ("running", "Still running", ["What was run"], ["How well it does"]),
    ],
)  # fmt: skip
def test_the_headline_is_the_verdict(
    ending: str, headline: str, sections: list[str], without: list[str]
) -> None:
    _, found = rendered(ending)
    assert found.headings[0] == headline
    for section in sections:
        assert section in found.headings
    for section in without:
        assert section not in found.headings


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_run_without_details_has_a_report_too(ending: str, tmp_path: Path) -> None:
    run = record(ending)
    run_record.write(run, tmp_path)
    found = Page(page.render(run, RunDetails(run=run.id), tmp_path))
    if ending != "stopped":
        assert "The run ended before the data was described." in found.text
    assert "Hyperparameter search" not in found.headings


def test_a_dead_run_says_so(tmp_path: Path) -> None:
    run = record("running")
    run.process = 2**22 + 1
    run_record.write(run, tmp_path)
    found = Page(page.render(run, RunDetails(run=run.id), tmp_path))
    assert found.headings[0] == "Died"


@pytest.mark.parametrize("ending", ["pushed", "not_blessed"])
def test_every_metric_of_every_slice_is_there(ending: str, tmp_path: Path) -> None:
    run = record(ending)
    for measured in run.metrics:
        measured.low, measured.high = (
            (None, None) if measured.value is None else (measured.value - 0.1, measured.value + 0.1)
        )
    text = Page(page.render(run, RunDetails(run=run.id), tmp_path)).text
    for measured in run.metrics:
        for value in (measured.value, measured.low, measured.high):
            assert formatting.metric(value, measured.metric) in text
        assert formatting.bounds_of(measured) in text
        assert measured.slice == "overall" or measured.slice.partition("=")[2] in text
    for refusal in run.refusals:
        assert refusal.bound in text and f"{refusal.value:.6g}" in text


def test_a_value_outside_of_its_bound_is_marked(tmp_path: Path) -> None:
    run = record("pushed")
    assert "missed" not in Page(page.render(run, RunDetails(run=run.id), tmp_path)).text
    run.refusals = [Refusal(metric="AUC", slice="overall", value=0.9, bound="at most 0.01 below")]
    assert "missed" in Page(page.render(run, RunDetails(run=run.id), tmp_path)).text


def test_what_the_details_say_is_there() -> None:
    _, found = rendered("pushed")
    for said in (
        "PSI 0.987, more than noise (up to 0.0123)",
        "PSI 0.001, within noise (up to 0.0123)",
        "Against run taxi-20260101-030405-aaaa, 1 of 2 columns moved",
        "5.432",
        "Credit Card",
        "1 (best)",
        "0.71234",
        "failed",
        "train: 0.5, 0.4; eval: 0.6, 0.5, 0.55".partition(";")[0],
        "predicted 0.8, was 0.75 (603 rows)",
    ):
        assert said in found.text
    cards = [heading.split()[0] for heading in found.headings if "float" in heading]
    assert cards == ["moved", "calm"], "what drifted comes first"


def test_every_node_has_its_time_and_reason(tmp_path: Path) -> None:
    run = record("failed")
    run.nodes[6].why = "models/taxi/preprocessing.py changed"
    text = Page(page.render(run, RunDetails(run=run.id), tmp_path)).text
    for node in run.nodes:
        assert text.count(node.name) >= 2
        if node.status == "done":
            assert formatting.duration(node.seconds) in text
    assert "models/taxi/preprocessing.py changed" in text and "failed after" in text
    assert "not reached" in text and "cached" in text


@pytest.mark.parametrize("recorded", [True, False])
def test_the_graph_stands_upright(recorded: bool) -> None:
    run = record("pushed")
    names = [node.name for node in run.nodes]
    for node in run.nodes:
        node.upstream = nodes.upstream(node.name, names) if recorded else []
    box = re.search(r'viewBox="0 0 (\d+) (\d+)"', graph.draw(run.nodes))
    assert box and int(box[1]) < int(box[2])


def test_a_failure_has_cause_and_remedy(tmp_path: Path) -> None:
    run = record("failed")
    text = Page(page.render(run, RunDetails(run=run.id), tmp_path)).text
    assert run.failure
    for said in (run.failure.headline, run.failure.detail, run.failure.remedy):
        assert said in text


def test_a_stopped_run_lists_its_anomalies(tmp_path: Path) -> None:
    run = record("stopped")
    text = Page(page.render(run, RunDetails(run=run.id), tmp_path)).text
    for anomaly in run.anomalies:
        assert anomaly.headline in text and anomaly.detail in text


def test_a_regression_and_classes_have_their_plots(tmp_path: Path) -> None:
    run = record("pushed")
    text = Page(page.render(run, details(run, plots=REGRESSION), tmp_path)).text
    assert "Residuals" in text and "10 rows are beyond the ends" in text and "ROC" not in text
    text = Page(page.render(run, details(run, plots=CLASSES), tmp_path)).text
    assert "5 of 6 rows are right" in text and "Calibration." not in text


def test_hostile_strings_are_text(tmp_path: Path) -> None:
    run = record("failed")
    run.overrides = run.no_cache = [HOSTILE]
    run.command = HOSTILE
    run.code.files = {HOSTILE: HOSTILE}
    run.environment = {HOSTILE: HOSTILE}
    run.hyperparameters = {HOSTILE: HOSTILE}
    run.anomalies = [
        Anomaly(feature=HOSTILE, split=HOSTILE, severity="error", headline=HOSTILE, detail=HOSTILE)
    ]
    assert run.failure
    run.failure.headline = run.failure.detail = run.failure.remedy = HOSTILE
    run.metrics = record("pushed").metrics
    for measured in run.metrics[5:10]:
        measured.slice = f"{HOSTILE}={HOSTILE}"
    found = details(run)
    found.drift_from = HOSTILE
    found.features = [numeric(HOSTILE), categorical(HOSTILE + "2", [HOSTILE, "b"])]
    found.curves[0].metric = HOSTILE
    found.trials[0].hyperparameters = {HOSTILE: HOSTILE}
    found.plots = CLASSES
    html = page.render(run, found, tmp_path)
    assert "<script" not in html
    assert Page(html).text.count("alert('x')") > 12
    for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL):
        ET.fromstring(svg)


def test_hundreds_of_columns_keep_the_notable_ones_in_sight(tmp_path: Path) -> None:
    run = record("pushed")
    drifts = [Drift(measure="PSI", value=0.5 * (i == 250), expected=0.1) for i in range(300)]
    features = [numeric(f"column{i:03}", drift=drift) for i, drift in enumerate(drifts)]
    html = page.render(run, details(run, features=features, drift_from="x"), tmp_path)
    headings = Page(html).headings
    assert next(one for one in headings if one.startswith("column")) == "column250 float"
    assert "276 more columns" in headings and "column299" in html
    assert html.count('class="distribution"') == 24


@pytest.mark.parametrize("highest", [10.0, 1e9])
def test_odd_distributions_are_drawn(highest: float, tmp_path: Path) -> None:
    feature = numeric("x", highest=highest)
    split = feature.splits["train"]
    split.histogram[0].count = 1e6
    split.quantiles[0].high = split.quantiles[0].low
    html = page.render(record("pushed"), details(record("pushed"), features=[feature]), tmp_path)
    assert "nan" not in html and "tails are cut" in html


def test_a_pushed_model_comes_with_a_request(tmp_path: Path) -> None:
    run = record("pushed")
    run.pushed_to = str(tmp_path / "serving" / "taxi" / "17")
    answers = Path(run.pushed_to) / page.KNOWN_ANSWERS
    answers.parent.mkdir(parents=True)
    rows: Any = {"rows": [{"company": "Joe's", "fare": 5.5}], "outputs": {"outputs": [[0.25]]}}
    answers.write_text(json.dumps(rows))
    text = Page(page.render(run, RunDetails(run=run.id), tmp_path)).text
    assert f"-v '{tmp_path / 'serving' / 'taxi'}:/models/taxi'" in text
    body = re.search(r"predict -d ('.*?\n}')", text, re.DOTALL)
    assert body
    shell = subprocess.run(["sh", "-c", f"printf %s {body[1]}"], capture_output=True, check=True)
    assert json.loads(shell.stdout) == {"instances": [rows["rows"][0]]}
    assert '{"outputs": [0.25]}' in text


@pytest.mark.parametrize("content", ["", "[]", '{"rows": []}', '{"rows": [1], "outputs": 3}'])
def test_answers_that_cannot_be_read_are_left_out(content: str, tmp_path: Path) -> None:
    run = record("pushed")
    run.pushed_to = str(tmp_path / "taxi" / "17")
    answers = Path(run.pushed_to) / page.KNOWN_ANSWERS
    answers.parent.mkdir(parents=True)
    answers.write_text(content)
    text = Page(page.render(run, RunDetails(run=run.id), tmp_path)).text
    assert "docker run" in text and "curl" not in text


def test_it_is_written_beside_the_record(tmp_path: Path) -> None:
    run = record("pushed")
    write(run, details(run), tmp_path)
    path = report.write(run, tmp_path)
    assert path == tmp_path / run.id / "report.html"
    assert "moved" in Page(path.read_text(encoding="utf-8")).text


def test_secrets_do_not_reach_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "tok<en>&1234567"
    monkeypatch.setenv("SOME_API_TOKEN", secret)
    run = record("failed")
    assert run.failure
    run.failure.detail = f"refused for {secret}"
    html = report.write(run, tmp_path).read_text(encoding="utf-8")
    assert "[hidden]" in html and "tok&lt;en" not in html and secret not in html


def test_details_that_cannot_be_read_do_not_stop_it(tmp_path: Path) -> None:
    run = record("pushed")
    write(run, details(run), tmp_path)
    (tmp_path / run.id / "details.json").write_text("{")
    assert "How well it does" in report.write(run, tmp_path).read_text(encoding="utf-8")


def test_a_folder_that_cannot_be_written_is_one_warning(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    warning = report.write_if_possible(record("pushed"), tmp_path / "file")
    assert warning and warning.startswith("The run's report could not be written: ")
    assert "\n" not in warning


def test_writing_it_imports_no_tensorflow(tmp_path: Path) -> None:
    write(record("pushed"), details(record("pushed")), tmp_path)
    code = (
        "import sys; from pathlib import Path; from pipeline.show import report;"
        "from pipeline.record import run_record;"
        f"runs = Path({str(tmp_path)!r}); [path] = runs.iterdir();"
        "report.write(run_record.read(path.name, runs), runs);"
        "sys.exit(bool({'tensorflow', 'tfx', 'apache_beam'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
