"""A clock that is wrong for one run changes nothing for the runs after it."""

from __future__ import annotations

import random

import pytest

from tests.chaos.faults import shifted
from tests.chaos.lab import Lab

DAY = 86_400


LATEST_BY_TIME = "the latest run is the one with the latest time"


@pytest.mark.parametrize(
    "days",
    [pytest.param(400, marks=pytest.mark.xfail(strict=True, reason=LATEST_BY_TIME)), -400],
)
def test_the_last_run_is_the_one_that_started_last(
    lab: Lab, chance: random.Random, days: int
) -> None:
    wrong = lab.run(**shifted(chance.uniform(0.5, 1) * days * DAY))
    assert wrong.returncode == 0, wrong.stdout + wrong.stderr
    before = {path.parent.name for path in lab.runs.glob("*/run.json")}
    assert lab.run("--no-cache", "Evaluator").returncode == 0
    [last] = {path.parent.name for path in lab.runs.glob("*/run.json")} - before
    assert last in lab.project.pipeline("show").stdout
    listed = lab.project.pipeline("runs", "--limit", "1")
    assert last in listed.stdout
    lab.check()
