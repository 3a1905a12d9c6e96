"""One table of words for how a run stands or ended, in every place that tells it."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import get_args

import pytest

from dashboard.records import outcomes as dashboard_outcomes
from pipeline.record import run_record
from pipeline.show import outcomes
from pipeline.show.outcomes import OUTCOMES
from tests.helpers.paths import ROOT


def test_every_status_of_a_record_has_words_and_three_that_no_record_has() -> None:
    others = ["exported", "died", "unreadable"]
    assert list(OUTCOMES) == [*get_args(run_record.RunStatus), *others]


def test_no_two_statuses_share_a_word() -> None:
    for words in ("label", "headline"):
        assert len({getattr(outcome, words) for outcome in OUTCOMES.values()}) == len(OUTCOMES)
    labels = {outcome.label: status for status, outcome in OUTCOMES.items()}
    assert all(labels.get(status, status) == status for status in OUTCOMES)


def test_former_names_are_those_that_a_record_is_read_with() -> None:
    former = {name: status for status, words in OUTCOMES.items() for name in words.former}
    assert former == run_record.FORMER_STATUSES == dashboard_outcomes.FORMER
    assert not former.keys() & OUTCOMES.keys()


def test_the_dashboard_has_the_same_table() -> None:
    assert dashboard_outcomes.FILE.read_text() == outcomes.FILE.read_text(), (
        f"copy {outcomes.FILE.relative_to(ROOT)} to {dashboard_outcomes.FILE.relative_to(ROOT)}"
    )


@pytest.mark.parametrize(
    ("status", "node", "headline"),
    [
        ("failed", None, "The run failed"),
        ("failed", "Trainer", "Trainer failed"),
        ("pushed", "Trainer", "Blessed and pushed"),
        ("died", "Trainer", "The run's process died without recording an end"),
    ],
)
def test_a_headline_names_the_node_where_that_says_more(
    status: str, node: str | None, headline: str
) -> None:
    assert OUTCOMES[status].headline_of(node) == headline


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize("node", [None, "Trainer", "a {node} $& b"])
def test_the_dashboard_makes_the_same_headlines(node: str | None) -> None:
    code = (
        "globalThis.fetch = async () => ({ json: async () => "
        f"({outcomes.FILE.read_text()}) }});"
        'const { outcomeOf, headlineOf } = await import("./dashboard/static/js/outcomes.js");'
        f"const told = {json.dumps(list(OUTCOMES))}.map((status) => "
        f"[outcomeOf(status).label, headlineOf(status, {json.dumps(node)})]);"
        "console.log(JSON.stringify(told))"
    )
    command = ["node", "--input-type=module", "--eval", code]
    told = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)
    assert told == [[one.label, one.headline_of(node)] for one in OUTCOMES.values()]
