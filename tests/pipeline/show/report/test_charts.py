"""The report's charts: an element of the page each, with what it shows in words."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
from markupsafe import Markup

from pipeline.record.run_details import Bucket, Confusion, Curve, Plots
from pipeline.show.report import charts
from tests.pipeline.show.report.constructed import CLASSES, HOSTILE, REGRESSION, details, record

FOUND = details(record("pushed"))


def every_chart() -> dict[str, Markup]:
    assert CLASSES.confusion
    return {
        "curve-loss": charts.curve([one for one in FOUND.curves if one.metric == "loss"]),
        "trials": charts.trials(FOUND.trials),
        "roc": charts.roc(FOUND.plots.roc),
        "calibration": charts.calibration(FOUND.plots.calibration),
        "residuals": charts.residuals(REGRESSION),
        "confusion": charts.confusion(CLASSES.confusion),
    }


WORDS = {
    "curve-loss": "train: 0.5, 0.4; eval: 0.6, 0.5, 0.55",
    "trials": "trial 1: 0.7123, trial 3: 0.7",
    "roc": "3 thresholds, from 1 to 0",
    "calibration": "predicted 0.2, was 0.25 (900 rows); predicted 0.8, was 0.75 (603 rows)",
    "residuals": "2 buckets from -1 to 1",
    "confusion": "2 classes; 5 of 6 rows are right",
}


@pytest.mark.parametrize("key", WORDS)
def test_a_chart_says_in_words_what_it_shows(key: str) -> None:
    drawing = every_chart()[key]
    root = ET.fromstring(drawing)
    text = root.find("{http://www.w3.org/2000/svg}desc")
    assert text is not None and text.text == WORDS[key]
    assert root.get("aria-labelledby") == f"{key}-title {key}-text"


@pytest.mark.slow
@pytest.mark.parametrize("key", WORDS)
def test_a_chart_takes_its_colours_from_the_page_and_has_ids_of_its_own(key: str) -> None:
    drawing = every_chart()[key]
    assert "var(--accent)" in drawing and not re.search("#01020[3-7]", drawing)
    ids = re.findall(r' id="([^"]+)"', drawing)
    assert ids and len(ids) == len(set(ids)) and all(one.startswith(f"{key}-") for one in ids)
    for used in re.findall(r'(?:href="#|url\(#)([^")]+)', drawing):
        assert used in ids


def test_the_same_chart_is_drawn_the_same() -> None:
    assert every_chart() == every_chart()


def test_a_hostile_name_is_text() -> None:
    drawing = charts.curve([Curve(metric=HOSTILE, split="eval", values=[1.0, 2.0])])
    ET.fromstring(drawing)
    assert "<script" not in drawing and "\\frac" in drawing


def test_many_classes_have_no_numbers_in_their_cells() -> None:
    classes = [f"class{index:02}" for index in range(13)]
    counts = [[4321.0 if a == b else 0.0 for b in range(13)] for a in range(13)]
    few = Confusion(classes=classes[:2], counts=[row[:2] for row in counts[:2]])
    assert ">4,321<" in charts.confusion(few)
    assert ">4,321<" not in charts.confusion(Confusion(classes=classes, counts=counts))


def test_one_residual_is_drawn() -> None:
    plots = Plots(rows=1, residuals=[Bucket(low=0, high=1, count=1)])
    assert "1 buckets from 0 to 1" in charts.residuals(plots)
