"""A table to a pushed model without a line of code: `new`, `check`, `run`."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.e2e.project_copy import copy_project
from tests.pipeline.scaffold import tables

pytestmark = pytest.mark.e2e


def test_a_table_becomes_a_pushed_model(tmp_path: Path) -> None:
    project = copy_project(tmp_path)
    columns = tables.mixed(600)
    draw = random.Random(0)
    columns["price"] = [f"${draw.randint(1, 9)},{draw.randint(100, 999)}" for _ in range(600)]
    (project.root / "data" / "flats").mkdir()
    tables.write(project.root / "data" / "flats", columns)
    typed = "new flats --data data/flats/t.csv --label dear --yes --set splits=rows"
    made = project.pipeline(*typed.split())
    assert made.returncode == 0, made.stderr
    checked = project.pipeline("check", "flats", "--json")
    assert checked.returncode == 0, checked.stderr
    assert sum(json.loads(checked.stdout)["splits"].values()) == 600
    # What is bounded here is that it runs; benchmarks/tables.py measures how good models are.
    settings = (
        "training.epochs=6",
        "tuning.trials=1",
        "tuning.epochs=1",
        "evaluation.metrics={AUC: {at_least: 0.6}}",
    )
    outcome = project.run("flats", *(part for one in settings for part in ("--set", one)))
    assert outcome.status == 0, outcome.stdout + outcome.stderr
    assert len(project.versions("flats")) == 1
