"""What runs again after a change, and what the run says of why."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import nodes
from pipeline.config import loading
from pipeline.local.unchanged import repeat
from pipeline.local.unchanged.repeat import Basis
from pipeline.nodes import (
    DATA_GATE,
    EVALUATOR,
    EXAMPLE_GEN,
    FROZEN_SCHEMA,
    PUSHER,
    REFERENCE_PROFILE,
    RESOLVER,
    SERVING_CHECK,
    TRAINER,
    TRANSFORM,
    TUNER,
)
from pipeline.record import run_record
from tests.e2e.project_copy import TINY_ROWS, ManyRuns, Project, copy_with_tiny, write_tiny_rows
from tests.helpers.pipeline_nodes import NODES

pytestmark = pytest.mark.e2e

EVERY = set(NODES)
FROM_EVALUATOR = {RESOLVER, EVALUATOR, REFERENCE_PROFILE, PUSHER}
FROM_TRAINER = {TRAINER, SERVING_CHECK, *FROM_EVALUATOR}
FROM_TUNER = {TUNER, *FROM_TRAINER}
FROM_TRANSFORM = {TRANSFORM, *FROM_TUNER}
NOTHING = {RESOLVER}
"""A Resolver has no cache."""

STOP_ON = "validation.stop_on error -> never"

Tiny = tuple[Project, ManyRuns]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiny]:
    """A project in which the tiny model has run once."""
    project = copy_with_tiny(tmp_path_factory.mktemp("cache"))
    with ManyRuns(project) as runs:
        first = runs.run("tiny")
        assert first["status"] == "pushed", first["failure"]
        assert ran(first) == dict.fromkeys(EVERY, "first run") | {
            RESOLVER: "looks anew in each run"
        }
        yield project, runs


def ran(record: dict[str, Any]) -> dict[str, str]:
    """Why each node ran that did not come from the cache."""
    assert {node["status"] for node in record["nodes"]} <= {"done", "cached"}, record["failure"]
    reasons = {node["name"]: node["why"] for node in record["nodes"] if node["status"] == "done"}
    assert all(reasons.values())
    assert all(node["why"] is None for node in record["nodes"] if node["status"] == "cached")
    return reasons


def basis(project: Project, *overrides: str) -> Basis:
    """What a run depends on that starts now."""
    root, config = project.root, loading.load("tiny", overrides, project.root)
    return Basis.of("tiny", config, root, root / "runs")


def has_nothing_to_do(project: Project, *overrides: str) -> bool:
    """Whether `python -m pipeline run` would record a run without running anything."""
    present = basis(project, *overrides)
    record = run_record.new("tiny", present.config, overrides, project.root)
    return repeat.find(record, present) is not None


def append(name: str) -> Callable[[Project], None]:
    """Edits a file in a way that changes no result."""

    def edit(project: Project) -> None:
        with (project.root / name).open("a") as file:
            file.write("\n# edited\n")

    edit.__name__ = f"edit {name}"
    return edit


def touch(project: Project) -> None:
    """Changes every modification time, and another model."""
    for folder in ("models", "data", "components", "pipeline"):
        for path in (project.root / folder).rglob("*"):
            os.utime(path, (1, 1))
    append("models/taxi/model.py")(project)
    append("models/taxi/preprocessing.py")(project)


def lose_evaluation(project: Project) -> None:
    """Deletes what the Evaluator has written."""
    for path in (project.root / "runs" / "tiny" / EVALUATOR / "evaluation").iterdir():
        path.rename(project.root / f"lost-{path.name}")


def add_a_row(project: Project) -> None:
    write_tiny_rows(project, TINY_ROWS + 1)


EDITS: list[tuple[Callable[[Project], None], set[str], str, str]] = [
    (touch, NOTHING, RESOLVER, "looks anew in each run"),
    (
        append("models/tiny/model.py"),
        *(FROM_TRAINER, TRAINER, "models/tiny/model.py changed"),
    ),
    (
        append("models/tiny/preprocessing.py"),
        *(FROM_TRANSFORM, TRANSFORM, "models/tiny/preprocessing.py changed"),
    ),
    (
        append("models/tiny/search_space.py"),
        *(FROM_TUNER, TUNER, "models/tiny/search_space.py changed"),
    ),
    (lose_evaluation, FROM_EVALUATOR, EVALUATOR, "its earlier output was deleted"),
    (add_a_row, EVERY - {FROZEN_SCHEMA}, EXAMPLE_GEN, "data/tiny/rows.parquet changed"),
]


@pytest.mark.parametrize(
    ("edit", "expected", "node", "why"), EDITS, ids=[edit.__name__ for edit, *_ in EDITS]
)
def test_an_edit_runs_what_it_concerns_and_nothing_else(
    tiny: Tiny, edit: Callable[[Project], None], expected: set[str], node: str, why: str
) -> None:
    project, runs = tiny
    known = basis(project)
    last = runs.run("tiny")
    known.confirm(last["id"], [])
    assert has_nothing_to_do(project)
    edit(project)
    nothing_to_do = has_nothing_to_do(project)
    found = ran(runs.run("tiny"))
    assert set(found) == expected
    assert nothing_to_do == (expected == NOTHING)
    assert found[node] == why
    if node == TRAINER:
        assert found[SERVING_CHECK] == "new model from Trainer"
    assert set(ran(runs.run("tiny"))) == NOTHING


@pytest.mark.parametrize(
    ("override", "expected", "node", "why"),
    [
        (
            "evaluation.metrics.AUC.at_least=0.02",
            *(FROM_EVALUATOR, EVALUATOR, "evaluation.metrics.AUC.at_least 0.01 -> 0.02"),
        ),
        ("training.epochs=2", FROM_TRAINER, TRAINER, "training.epochs 1 -> 2"),
        ("tuning.trials=1", FROM_TUNER, TUNER, "tuning.trials 2 -> 1"),
        ("validation.stop_on=never", {DATA_GATE, RESOLVER}, DATA_GATE, STOP_ON),
        # The Evaluator names versions by where they are served.
        (
            "serving.name=other",
            *(FROM_EVALUATOR, EVALUATOR, "serving.name null -> other"),
        ),
        (
            "monitoring.label=tips > 2",
            *({REFERENCE_PROFILE, PUSHER, RESOLVER}, REFERENCE_PROFILE),
            "monitoring.label null -> tips > 2",
        ),
        ("monitoring.window_rows=7", NOTHING, RESOLVER, "looks anew in each run"),
    ],
)
def test_a_setting_runs_what_it_concerns_and_nothing_else(
    tiny: Tiny, override: str, expected: set[str], node: str, why: str
) -> None:
    project, runs = tiny
    known = basis(project)
    known.confirm(runs.run("tiny")["id"], [])
    assert has_nothing_to_do(project) and not has_nothing_to_do(project, override)
    found = ran(runs.run("tiny", override))
    assert set(found) == expected
    assert found[node] == why
    assert not has_nothing_to_do(project), "the cache has it, and the last run was another"


@pytest.mark.parametrize(
    ("no_cache", "expected", "node"),
    [
        (nodes.ALL, EVERY, EXAMPLE_GEN),
        (TRAINER, FROM_TRAINER, TRAINER),
    ],
)
def test_a_node_can_be_told_to_run(
    tiny: Tiny, no_cache: str, expected: set[str], node: str
) -> None:
    _, runs = tiny
    runs.run("tiny")
    found = ran(runs.run("tiny", no_cache=[no_cache]))
    assert set(found) == expected
    assert found[node] == "--no-cache"


def test_a_node_that_failed_runs_again(tiny: Tiny) -> None:
    project, runs = tiny
    model = project.root / "models" / "tiny" / "model.py"
    good = model.read_text()
    model.write_text(good + "\nraise ValueError('a mistake')\n")
    for why in ("models/tiny/model.py changed", "its last attempt failed"):
        failed = {node["name"]: node for node in runs.run("tiny")["nodes"]}[TRAINER]
        assert (failed["status"], failed["why"]) == ("failed", why)
    model.write_text(good)
    assert set(ran(runs.run("tiny"))) == NOTHING


def flip(path: Path) -> None:
    """Changes a byte, and nothing that a listing shows."""
    status, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize(
    ("output", "file", "damage", "told"),
    [
        ("DataGate/report", "anomalies.json", flip, "has other content than was written"),
        ("Pusher/pushed_model", "saved_model.pb", Path.unlink, "is missing"),
        ("Pusher/pushed_model", "assets/more", Path.touch, "was added"),
    ],
)
def test_what_was_damaged_is_made_again(
    tiny: Tiny, output: str, file: str, damage: Callable[[Path], object], told: str
) -> None:
    project, runs = tiny
    runs.run("tiny")
    for folder in (project.root / "runs" / "tiny" / output).iterdir():
        damage(folder / file)
    node = output.partition("/")[0]
    found = ran(runs.run("tiny"))
    assert set(found) == {node, RESOLVER}
    assert found[node].startswith(f"its earlier output was damaged: {output}/")
    assert found[node].endswith(f"/{file} {told}")


@pytest.mark.parametrize(
    ("file", "damage", "told"),
    [
        ("saved_model.pb", Path.unlink, "is missing"),
        ("variables/variables.data-00000-of-00001", flip, "has other content"),
        ("assets.extra/manifest.json", Path.unlink, "has other content"),
    ],
)
def test_a_version_that_was_damaged_is_pushed_again(
    tiny: Tiny, file: str, damage: Callable[[Path], object], told: str
) -> None:
    _, runs = tiny
    version = Path(runs.run("tiny")["pushed_to"])
    whole = {path.name: path.read_bytes() for path in version.rglob("*") if path.is_file()}
    damage(version / file)
    record = runs.run("tiny")
    found = ran(record)
    assert set(found) == {PUSHER, RESOLVER}
    assert f"tiny/{version.name}/{file} {told}" in found[PUSHER]
    new = Path(record["pushed_to"])
    assert int(new.name) > int(version.name) and record["pushed_version"] == int(new.name)
    assert {path.name: path.read_bytes() for path in new.rglob("*") if path.is_file()} == whole


def test_a_baseline_that_is_gone_is_named(tiny: Tiny) -> None:
    project, runs = tiny
    runs.run("tiny")
    shutil.rmtree(project.root / "runs" / "tiny" / TRAINER / "model")
    refused = runs.run("tiny", "evaluation.unreadable_baseline=refuse")
    assert refused["status"] == "failed" and refused["failure"]["node"] == EVALUATOR
    assert "is gone" in refused["failure"]["headline"]
    assert "baseline tiny --drop" in refused["failure"]["remedy"]
    record = runs.run("tiny")
    assert record["status"] == "pushed", record["failure"]
    assert "is gone" in record["baseline"]["reason"]
