"""What a run does with what was damaged since the run before: made again, or named."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.nodes import EVALUATOR, PUSHER, RESOLVER, TRAINER
from tests.e2e.project_copy import ManyRuns, Project, copy_with_tiny

pytestmark = pytest.mark.e2e

Tiny = tuple[Project, ManyRuns]
Damage = Callable[[Path], object]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tiny]:
    project = copy_with_tiny(tmp_path_factory.mktemp("damage"))
    with ManyRuns(project) as runs:
        first = runs.run("tiny")
        assert first["status"] == "pushed", first["failure"]
        yield project, runs


def ran(record: dict[str, Any]) -> dict[str, str]:
    """Why each node ran that did not come from the cache."""
    assert record["status"] == "pushed", record["failure"]
    return {node["name"]: node["why"] for node in record["nodes"] if node["status"] == "done"}


def flip(path: Path) -> None:
    """Changes a byte, and nothing that a listing shows."""
    status, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def latest(folder: Path) -> Path:
    return max(folder.iterdir(), key=lambda path: int(path.name))


ARTIFACTS: list[tuple[str, str, Damage, str]] = [
    ("DataGate/report", "anomalies.json", flip, "has other content than was written"),
    ("Pusher/pushed_model", "saved_model.pb", Path.unlink, "is missing"),
    ("Pusher/pushed_model", "assets/more", Path.touch, "was added"),
]


@pytest.mark.parametrize(("place", "file", "damage", "told"), ARTIFACTS)
def test_an_artifact_that_was_damaged_is_made_again(
    tiny: Tiny, place: str, file: str, damage: Damage, told: str
) -> None:
    project, runs = tiny
    node = place.partition("/")[0]
    damage(latest(project.root / "runs" / "tiny" / place) / file)
    found = ran(runs.run("tiny"))
    assert set(found) == {node, RESOLVER}
    assert found[node].startswith(f"its earlier output was damaged: {place}/")
    assert found[node].endswith(f"/{file} {told}")


VERSIONS: list[tuple[str, Damage, str]] = [
    ("saved_model.pb", Path.unlink, "is missing"),
    ("variables/variables.data-00000-of-00001", flip, "has other content"),
    ("assets.extra/manifest.json", Path.unlink, "has other content"),
]


@pytest.mark.parametrize(("file", "damage", "told"), VERSIONS)
def test_a_version_that_was_damaged_is_pushed_again(
    tiny: Tiny, file: str, damage: Damage, told: str
) -> None:
    project, runs = tiny
    version = latest(project.root / "serving_models" / "tiny")
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
    shutil.rmtree(project.root / "runs" / "tiny" / TRAINER / "model")
    refused = runs.run("tiny", "evaluation.unreadable_baseline=refuse")
    assert refused["status"] == "failed" and refused["failure"]["node"] == EVALUATOR
    assert "is gone" in refused["failure"]["headline"]
    assert "baseline tiny --drop" in refused["failure"]["remedy"]
    record = runs.run("tiny")
    assert record["status"] == "pushed", record["failure"]
    assert "is gone" in record["baseline"]["reason"]
