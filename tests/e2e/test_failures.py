"""A model's own code may fail in mid-run: its author is told, and nothing half stays."""

from __future__ import annotations

import json
import os

import pytest

from pipeline import nodes
from tests.e2e.project_copy import Project

pytestmark = pytest.mark.e2e

ROWS = 600


@pytest.fixture(scope="module")
def small(project: Project) -> Project:
    """A project with few rows, so that a run takes less time."""
    table = project.root / "data" / "taxi" / "trips.csv"
    lines = table.read_text().splitlines(keepends=True)
    table.write_text("".join([lines[0], *lines[1 :: len(lines) // ROWS]]))
    (project.root / "models" / "taxi" / "schema.pbtxt").unlink()
    return project


def test_preprocessing_that_raises_is_named_with_file_and_line(small: Project) -> None:
    path = small.root / "models" / "taxi" / "preprocessing.py"
    good = path.read_text()
    lines = good.splitlines(keepends=True)
    at = next(i for i, line in enumerate(lines) if line.startswith("    outputs = {}"))
    path.write_text("".join([*lines[: at + 1], "    inputs['no such']\n", *lines[at + 1 :]]))
    outcome = small.run("taxi")
    path.write_text(good)
    assert outcome.status == 1
    failure = outcome.record["failure"]
    assert failure["node"] == nodes.TRANSFORM
    assert failure["headline"] == (
        f"models/taxi/preprocessing.py:{at + 2}: preprocessing_fn failed with KeyError"
    )
    assert failure["headline"].partition(":")[0] in outcome.stdout + outcome.stderr
    assert "Traceback" not in outcome.stdout + outcome.stderr
    assert "Traceback" in outcome.log(small)
    assert not list(small.root.glob("runs/taxi/Transform/transform_graph/*"))


@pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="there is no second process")
def test_a_second_process_that_is_killed_is_named_with_what_it_ran(small: Project) -> None:
    path = small.root / "models" / "taxi" / "preprocessing.py"
    good = path.read_text()
    path.write_text(
        f"{good}\n\ndef preprocessing_fn(inputs):\n    import os\n    os.kill(os.getpid(), 9)\n"
    )
    outcome = small.run("taxi")
    path.write_text(good)
    assert outcome.status == 1
    failure = outcome.record["failure"]
    assert failure["node"] == nodes.TRANSFORM
    assert failure["headline"] == "The run's second process was killed by SIGKILL"
    assert "memory" in failure["detail"] and "Traceback" not in outcome.stdout + outcome.stderr
    assert not list(small.root.glob("runs/taxi/Transform/transform_graph/*"))


def test_a_network_that_gives_nan_is_not_exported(small: Project) -> None:
    model = small.root / "models" / "taxi"
    frozen, space = model / "hyperparameters.json", model / "search_space.py"
    text = space.read_text()
    assert "1e-2" in text
    space.write_text(text.replace("1e-2", "1e39", 1))
    frozen.write_text(json.dumps({"learning_rate": 1e38}))
    outcome = small.run("taxi")
    frozen.unlink()
    space.write_text(text)
    assert outcome.status == 1
    failure = outcome.record["failure"]
    assert failure["node"] == nodes.TRAINER
    assert "models/taxi/model.py: the network gives nan for loss" in failure["headline"]
    assert not list(small.root.glob("runs/taxi/Trainer/model/*"))
    assert small.versions() == []


def test_an_unknown_metric_is_told_before_any_node_runs(small: Project) -> None:
    before = len(small.records())
    done = small.pipeline("run", "taxi", "--set", "evaluation.metrics={AUCC: {at_least: 0.5}}")
    assert done.returncode == 2
    assert "unknown metric 'AUCC'; did you mean 'AUC'?" in done.stdout + done.stderr
    assert len(small.records()) == before
