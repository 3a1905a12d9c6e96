"""A run that is killed inside any node goes on to the result that it would have had."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.nodes import (
    DATA_GATE,
    EVALUATOR,
    EXAMPLE_GEN,
    PUSHER,
    RESOLVER,
    SPECS,
    STATISTICS_GEN,
    TRAINER,
    TRANSFORM,
    TUNER,
    needed_for,
    upstream,
)
from tests.e2e.project_copy import UNTRACKED, Outcome, Project, copy_with_tiny

pytestmark = pytest.mark.e2e

KILLED = (EXAMPLE_GEN, STATISTICS_GEN, TRANSFORM, TUNER, TRAINER, EVALUATOR, PUSHER)
RUN = (sys.executable, "-m", "pipeline", "run")


@pytest.fixture(scope="module")
def at_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Outcome]:
    """The tiny model's first run while another model runs, and a second run of the same model that
    was asked for meanwhile.
    """
    project = copy_with_tiny(tmp_path_factory.mktemp("at_once"))
    models = project.root / "models"
    (models / "other").mkdir()
    for path in (models / "tiny").glob("*.*"):
        text = path.read_text().replace("models.tiny", "models.other")
        (models / "other" / path.name).write_text(text)
    both = [_start(project, model=model) for model in ("tiny", "other")]
    first = _wait_for(lambda: [one for one in project.records() if one["model"] == "tiny"])
    refused = Outcome(*_ended(_start(project)), first[0])
    for process in both:
        status, output, errors = _ended(process)
        assert status == 0, output + errors
    return project, refused


@pytest.fixture(scope="module")
def resumed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, list[dict[str, Any]]]:
    """The same, killed inside one node after the other and resumed each time."""
    project = copy_with_tiny(tmp_path_factory.mktemp("killed"))
    for number, name in enumerate(KILLED):
        process = _start(project, *(["--resume"] if number else []))
        _kill_inside(name, project, number + 1)
        status, output, _ = _ended(process)
        assert status == 1, output
        # Of two nodes that ran at once the first is named.
        named = r"\w+" if SPECS[name].runs_beside else name
        assert re.search(rf"{named} failed: The run's process was killed by SIGKILL", output)
        assert "-m pipeline run tiny --resume\n" in output
    config = project.root / "models" / "tiny" / "config.yaml"
    content = config.read_text()
    config.write_text("data: [")  # The runs keep to the config that the first one had.
    status, output, errors = _ended(_start(project, "--resume"))
    config.write_text(content)
    assert status == 0, output + errors
    assert "models/tiny/config.yaml cannot be used any more: " in output
    return project, project.records()


def _start(project: Project, *arguments: str, model: str = "tiny") -> subprocess.Popen[str]:
    return project.start(*RUN, model, *arguments, **UNTRACKED)


def _ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    stdout, stderr = process.communicate()
    return process.returncode, stdout, stderr


def _kill_inside(name: str, project: Project, runs: int) -> None:
    """Kills the run's process group once the node has begun to work."""

    def begun() -> dict[str, Any] | None:
        records = project.records()
        if len(records) < runs:
            return None
        node = next(node for node in records[-1]["nodes"] if node["name"] == name)
        assert node["status"] in ("queued", "running"), f"{name} was too quick"
        return records[-1] if node["why"] else None

    record = _wait_for(begun)
    os.killpg(record["process"], signal.SIGKILL)


def _wait_for(condition: Callable[[], Any], seconds: float = 120) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.001)
    return found


def needed(name: str, names: list[str]) -> set[str]:
    """The nodes that have been run when a node begins."""
    awaited = set(upstream(name, names)) - set(SPECS[name].does_not_await)
    return set().union(*(needed_for(other, names) for other in awaited))


def statuses(record: dict[str, Any]) -> dict[str, str]:
    return {node["name"]: node["status"] for node in record["nodes"]}


def test_each_run_goes_on_where_the_one_before_was_killed(
    resumed: tuple[Project, list[dict[str, Any]]],
) -> None:
    _, records = resumed
    assert len(records) == len(KILLED) + 1
    for name, before, after in zip(KILLED, records, records[1:], strict=False):
        assert after["resumed"] == before["id"]
        done = needed(name, list(statuses(after))) - {RESOLVER}
        assert {statuses(before)[finished] for finished in done} <= {"done", "cached"}
        assert {statuses(after)[finished] for finished in done} <= {"cached"}
        [again] = [node for node in after["nodes"] if node["name"] == name]
        assert again["why"] == "its last attempt failed"
    assert statuses(records[-1])[DATA_GATE] == "cached"


def test_the_result_is_that_of_an_undisturbed_run(
    resumed: tuple[Project, list[dict[str, Any]]], at_once: tuple[Project, Outcome]
) -> None:
    project, records = resumed
    other, _ = at_once
    [undisturbed] = [record for record in other.records() if record["model"] == "tiny"]
    for key in ("status", "rows", "hyperparameters", "blessed", "refusals", "anomalies"):
        assert records[-1][key] == undisturbed[key], key
    assert _metrics(records[-1]) == pytest.approx(_metrics(undisturbed))
    [version], [expected] = project.versions("tiny"), other.versions("tiny")
    assert int(version.name) == records[-1]["pushed_version"]
    assert _files(version) == _files(expected)
    answers, wanted = (_known_answers(folder) for folder in (version, expected))
    assert answers["rows"] == wanted["rows"]
    for name, values in wanted["outputs"].items():
        for answer, value in zip(answers["outputs"][name], values, strict=True):
            assert answer == pytest.approx(value)


def _metrics(record: dict[str, Any]) -> dict[str, float]:
    return {f"{one['metric']} {one['slice']}": one["value"] for one in record["metrics"]}


def _files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def _known_answers(version: Path) -> dict[str, Any]:
    [path] = version.rglob("known_answers.json")
    answers: dict[str, Any] = json.loads(path.read_text())
    return answers


def test_nothing_counts_as_running_and_nothing_half_written_is_left(
    resumed: tuple[Project, list[dict[str, Any]]],
) -> None:
    project, _ = resumed
    root = project.root / "runs" / "tiny"
    with sqlite3.connect(root / "metadata.db") as store:
        states = dict(store.execute("SELECT id, last_known_state FROM Execution"))
        known = {row[0] for row in store.execute("SELECT uri FROM Artifact")}
    running, complete, failed, cached = 2, 3, 4, 5
    assert set(states.values()) == {complete, failed, cached}
    assert running not in states.values()
    # And those that ran beside them.
    assert sum(state == failed for state in states.values()) >= len(KILLED)
    written = [path for path in root.glob("*/*/[0-9]*") if ".system" not in path.parts]
    assert {str(path) for path in written} == known
    assert not list(root.glob("*/.system/stateful_working_dir/*"))


def test_there_is_nothing_more_to_resume(
    resumed: tuple[Project, list[dict[str, Any]]],
) -> None:
    project, records = resumed
    status, _, errors = _ended(_start(project, "--resume"))
    assert status == 2
    assert errors.startswith("Error: There is nothing to resume\n")
    assert f"{records[-1]['id']}, was blessed and pushed" in errors
    assert len(project.records()) == len(records)


def test_two_models_run_at_once_and_one_model_does_not(at_once: tuple[Project, Outcome]) -> None:
    project, refused = at_once
    assert refused.status == 2
    assert f"Another run of 'tiny' is going: {refused.record['id']}" in refused.stderr
    assert len(project.records()) == 2
    assert len(project.versions("tiny")) == len(project.versions("other")) == 1
