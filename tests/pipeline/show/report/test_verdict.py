"""How a run ended, in the words of the outcomes' table and a few sentences."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.record import run_record
from pipeline.show.outcomes import OUTCOMES
from pipeline.show.report.verdict import Verdict, verdict
from tests.pipeline.show.report.constructed import record
from tests.pipeline.show.report.html_page import rendered


@pytest.mark.parametrize(
    ("ending", "headline", "sections", "without"),
    [
        ("pushed", "Blessed and pushed", ["How well it does", "Training"], []),
        ("not_blessed", "Not blessed, so nothing was pushed", ["Training"], ["How to serve it"]),
        ("stopped", OUTCOMES["stopped"].headline, [], ["How well it does"]),
        ("failed", "Trainer failed", ["What was run"], ["How well it does", "How to serve it"]),
        ("killed", "Trainer failed", ["What was run"], ["How to serve it"]),
        ("interrupted", OUTCOMES["interrupted"].headline, ["What was run"], ["How to serve it"]),
        ("early", "The run failed", ["What was run"], ["How well it does"]),
        ("running", "Running", ["What was run"], ["How well it does"]),
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


@pytest.mark.parametrize(
    ("ending", "tone", "sentences", "remedy"),
    [
        (
            "pushed",
            "good",
            [
                "The model kept all of its 22 bounds on 1,503 test rows and was pushed as version "
                "1767323045.",
                "On the same rows its AUC is 0.9412, that of the model blessed before 0.9452 "
                "(-0.0040).",
            ],
            "",
        ),
        ("not_blessed", "bad", ["The model missed 3 bounds:"], ""),
        ("stopped", "bad", ["2 anomalies in the data:"], "Correct the data, or the schema."),
        (
            "failed",
            "bad",
            ["models/taxi/model.py: build_model raised ValueError", "Nothing was pushed."],
            "Correct build_model and run again.",
        ),
        ("interrupted", "warn", ["8 of 14 nodes had ended, and Trainer was running."], ""),
        ("early", "bad", ["There is no metric 'AUCC'", "Nothing was pushed."], "Name one."),
        ("running", "active", ["1 of 14 nodes had ended, and StatisticsGen was running."], ""),
    ],
)
def test_the_sentences_of_each_ending(
    ending: str, tone: str, sentences: list[str], remedy: str, tmp_path: Path
) -> None:
    run = record(ending)
    run_record.write(run, tmp_path)
    found = verdict(run, tmp_path)
    assert (found.tone, found.sentences, found.remedy) == (tone, sentences, remedy)


def test_one_of_each_is_told_in_the_singular(tmp_path: Path) -> None:
    run = record("not_blessed")
    run.refusals = run.refusals[:1]
    assert verdict(run, tmp_path).sentences == ["The model missed 1 bound:"]
    run.refusals = []
    assert verdict(run, tmp_path).sentences == ["The Evaluator did not bless it."]
    run = record("stopped")
    run.anomalies = run.anomalies[:1]
    assert verdict(run, tmp_path).sentences == ["1 anomaly in the data:"]
    run = record("pushed")
    run.metrics = [measured for measured in run.metrics if measured.at_most == 0.35]
    assert verdict(run, tmp_path).sentences[0].startswith("The model kept its bound on 1,503 ")


def test_a_first_model_is_compared_with_none(tmp_path: Path) -> None:
    run = record("pushed")
    for measured in run.metrics:
        measured.baseline = None
    assert verdict(run, tmp_path).sentences[1] == (
        "No model was blessed before, so it was compared with none."
    )


def test_a_dead_run_says_how_far_it_came(tmp_path: Path) -> None:
    run = record("running")
    run.process = 2**22 + 1
    run_record.write(run, tmp_path)
    assert verdict(run, tmp_path) == Verdict(
        tone="bad",
        headline="The run's process died without recording an end",
        sentences=["1 of 14 nodes had ended, and StatisticsGen was running."],
        remedy="Run it again.",
    )
