"""The page of each ending: well-formed, self-contained, and with what the record says."""

from __future__ import annotations

import html
import json
import re
import shlex
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

from pipeline.config import project
from pipeline.record import run_record
from pipeline.record.run_details import RunDetails
from pipeline.record.run_record import Anomaly
from pipeline.show import formatting
from pipeline.show.report import page
from tests.pipeline.show.report.constructed import (
    CLASSES,
    ENDINGS,
    HOSTILE,
    REGRESSION,
    categorical,
    details,
    numeric,
    record,
)
from tests.pipeline.show.report.html_page import Page, rendered


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


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_run_without_details_has_a_report_too(ending: str, tmp_path: Path) -> None:
    run = record(ending)
    run_record.write(run, tmp_path)
    found = Page(page.render(run, RunDetails(run=run.id), tmp_path))
    if ending != "stopped":
        assert "The run ended before the data was described." in found.text
    assert "Hyperparameter search" not in found.headings


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


@pytest.mark.parametrize("ending", ["pushed", "not_blessed", "stopped", "failed"])
def test_what_is_to_be_known_beside_the_verdict_is_there(ending: str, tmp_path: Path) -> None:
    warned = record(ending)
    assert "To be aware of" not in page.render(warned, details(warned), tmp_path)
    warned.warn("Trainer", [(f"The input '{HOSTILE}' tells the label", "Remove it.")])
    html = page.render(warned, details(warned), tmp_path)
    assert "To be aware of" in html and "Remove it." in html and HOSTILE not in html


def test_a_regression_and_classes_have_their_plots(tmp_path: Path) -> None:
    run = record("pushed")
    text = Page(page.render(run, details(run, plots=REGRESSION), tmp_path)).text
    assert "the largest absolute error, the worst first. 38 more columns are not shown" in text
    assert "9.5" in text and "built-in" not in text
    assert "Residuals" in text and "10 rows are beyond the ends" in text and "ROC" not in text
    shown = Page(page.render(run, details(run, plots=CLASSES), tmp_path))
    assert "5 of 6 rows are right" in shown.text and "Calibration." not in shown.text


def test_what_a_classifier_of_images_got_wrong_is_shown(tmp_path: Path) -> None:
    run = record("pushed")
    shown = Page(page.render(run, details(run, plots=CLASSES), tmp_path))
    assert "3 of the test rows; here is the one whose wrong class" in shown.text
    assert "1 of them has no image in" in shown.text
    assert ("src", "data:image/png;base64,iVBORw0KGgo=") in shown.attributes
    assert "What it got wrong" not in page.render(run, details(run), tmp_path)


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


def test_the_project_s_own_server_is_named_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = record("pushed")
    run.pushed_to = str(tmp_path / "it's mine" / "taxi" / "17")

    def commands() -> list[str]:
        section = page.render(run, RunDetails(run=run.id), tmp_path).split('<section id="serve">')[
            1
        ]
        return [html.unescape(found) for found in re.findall(r"<pre>(.*?)</pre>", section)]

    folder = tmp_path / "it's mine"
    assert shlex.split(commands()[0]) == ["python", "-m", "serving", "up", "--models", str(folder)]
    monkeypatch.setattr(project, "SERVING_MODELS", folder)
    assert commands()[0] == "make serve"


@pytest.mark.parametrize(
    "row",
    [
        {"image": [number % 256 for number in range(784)]},
        {"image": [[[0.5]] * 28] * 28},
        {"tags": ["a", "b, [c]"], "nested": {"x": [], "y": {}}, "é": None},
    ],
)
def test_a_row_to_ask_is_whole_and_no_pixel_has_a_line_of_its_own(
    row: dict[str, Any], tmp_path: Path
) -> None:
    run = record("pushed")
    run.pushed_to = str(tmp_path / "taxi" / "17")
    answers = Path(run.pushed_to) / page.KNOWN_ANSWERS
    answers.parent.mkdir(parents=True)
    answers.write_text(json.dumps({"rows": [row], "outputs": {"outputs": [[0.25]]}}))
    text = Page(page.render(run, RunDetails(run=run.id), tmp_path)).text
    body = re.search(r"predict -d '(.*?\n})'", text, re.DOTALL)
    assert body and json.loads(body[1]) == {"instances": [row]}
    pixels = sum(line.strip().rstrip(",").isdecimal() for line in body[1].splitlines())
    assert pixels == 0


@pytest.mark.parametrize("content", ["", "[]", '{"rows": []}', '{"rows": [1], "outputs": 3}'])
def test_answers_that_cannot_be_read_are_left_out(content: str, tmp_path: Path) -> None:
    run = record("pushed")
    run.pushed_to = str(tmp_path / "taxi" / "17")
    answers = Path(run.pushed_to) / page.KNOWN_ANSWERS
    answers.parent.mkdir(parents=True)
    answers.write_text(content)
    text = Page(page.render(run, RunDetails(run=run.id), tmp_path)).text
    assert "docker run" in text and "curl" not in text


def test_gradient_boosting_is_told_with_what_it_left_out(tmp_path: Path) -> None:
    run = record("pushed")
    run_record.write(run, tmp_path)
    run.yardstick = run_record.Yardstick(
        verdict="The network is worth its place.",
        rows={"train": 12_000},
        columns=7,
        left_out={"id": "9 different values"},
        notes={"when": "as a date"},
        not_computed={"Own": "no such metric"},
    )
    run.metrics[0].yardstick = 0.9
    found = Page(page.render(run, RunDetails(run=run.id), tmp_path))
    assert "Is the network worth its place?" in found.headings
    for words in (
        "The network is worth its place.",
        "12,000 training rows and 7 columns",
        "id: left out, 9 different values",
        "when: used as a date",
        "Own: not computed, no such metric",
    ):
        assert words in " ".join(found.text.split()), words
    run.yardstick = run_record.Yardstick(verdict="It could not be fitted.", failure="MemoryError")
    found = Page(page.render(run, RunDetails(run=run.id), tmp_path))
    assert "It could not be fitted." in found.text and "HistGradient" not in found.text
