"""What is compared of an output."""

from __future__ import annotations

import numpy as np

from monitoring.look.outputs import of_last, of_output
from monitoring.profile.reference_profile import Categories, Output
from monitoring.summary.window_summary import OutputSummary
from tests.monitoring.sampled import bins, numbers

GENERATOR = np.random.default_rng(0)
SCORES = numbers(GENERATOR.random(2_000))


def test_slices_are_compared_too() -> None:
    cash = bins(SCORES.edges, GENERATOR.random(500))
    output = Output(output="score", rows=2_000, numbers=SCORES, slices={"payment=Cash": cash})
    high = bins(SCORES.edges, 0.5 + GENERATOR.random(200) / 2)
    seen = OutputSummary(rows=400, bins=bins(SCORES.edges, GENERATOR.random(400)),
                         slices={"payment=Cash": high})  # fmt: skip
    found = {(each.key.test, each.key.slice): each for each in of_output("score", output, seen)}
    assert found["distribution", "payment=Cash"].p_value < 1e-20
    assert found["distribution", ""].p_value > 0.001
    assert "of the test split" in found["distribution", ""].fact
    assert {each.key.subject for each in found.values()} == {"output"}


def test_answers_that_are_missing() -> None:
    output = Output(output="score", rows=2_000, numbers=SCORES)
    found = {
        each.key.test: each
        for each in of_output("score", output, OutputSummary(rows=90, missing=90))
    }
    assert found["missing"].p_value < 1e-20
    assert found["missing"].reference == 0


def test_class_names() -> None:
    output = Output(output="class", rows=1_000, categories=Categories(counts={"a": 500, "b": 500}))
    seen = OutputSummary(rows=200, values={"a": 200})
    found = {each.key.test: each for each in of_output("class", output, seen)}
    assert found["distribution"].p_value < 1e-20
    assert found["unseen"].p_value == 1
    even = OutputSummary(rows=200, values={"a": 100, "b": 100})
    drift = {each.key.test: each for each in of_last("class", output, seen, even)}
    assert drift["distribution"].p_value < 1e-20
    assert drift["distribution"].key.subject == "output"
