"""cloudbuild.yaml: the order of its steps, and that it builds and names what it was given."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest
import yaml

from pipeline.delivery import image_tag
from tests.helpers.paths import ROOT

TEXT = (ROOT / "cloudbuild.yaml").read_text(encoding="utf-8")
BUILD: dict[str, Any] = yaml.safe_load(TEXT)
STEPS: dict[str, dict[str, Any]] = {step["id"]: step for step in BUILD["steps"]}
BEFORE = {
    "verify": set(),
    "test": {"verify"},
    "builder": {"verify"},
    "build": {"verify", "builder"},
    "push": {"verify", "test", "builder", "build"},
    "compile": {"verify", "test", "builder", "build", "push"},
    "submit": {"verify", "test", "builder", "build", "push", "compile"},
}
"""The steps that have ended when a step starts."""


def before(step: str) -> set[str]:
    direct = set(STEPS[step]["waitFor"]) - {"-"}
    return direct.union(*(before(name) for name in direct))


def test_the_order_of_the_steps() -> None:
    assert {step: before(step) for step in STEPS} == BEFORE
    # Cloud Build refuses a step that waits for one further down.
    names = list(STEPS)
    assert all(names.index(name) < names.index(step) for step in names for name in before(step))


def test_substitutions_are_declared_and_used() -> None:
    used = set(re.findall(r"\$\{(_[A-Z]+)\}", TEXT))
    assert used == set(BUILD["substitutions"])
    assert BUILD["options"]["substitutionOption"] == "MUST_MATCH"
    sent = (ROOT / ".github" / "scripts" / "build_image.py").read_text(encoding="utf-8")
    assert set(re.findall(r'"(_[A-Z]+)":', sent)) == used


def test_each_step_ends_in_time_and_all_together_too() -> None:
    seconds = {name: int(step["timeout"].rstrip("s")) for name, step in STEPS.items()}

    def longest(step: str) -> int:
        direct = set(STEPS[step]["waitFor"]) - {"-"}
        return seconds[step] + max((longest(name) for name in direct), default=0)

    assert longest("submit") <= int(BUILD["timeout"].rstrip("s"))


def test_it_runs_as_a_service_account_of_its_own() -> None:
    assert BUILD["serviceAccount"] == "projects/$PROJECT_ID/serviceAccounts/${_BUILDER}"
    # Such a build has to say where its log goes.
    assert BUILD["options"]["logging"] == "CLOUD_LOGGING_ONLY"


def test_the_image_is_built_once_with_a_cache_and_named_by_its_content() -> None:
    build, push = STEPS["build"]["args"], STEPS["push"]["args"]
    assert "--cache-from=type=registry,ref=${_IMAGE}:cache" in build
    assert "--cache-to=type=registry,ref=${_IMAGE}:cache,mode=max" in build
    assert "--tag=${_IMAGE}:${_TAG}" in build
    assert "--push" not in build  # What is not tested yet stays out of the registry.
    assert push == ["push", "${_IMAGE}:${_TAG}"]
    for step in ("compile", "submit"):
        assert STEPS[step]["name"] == "${_IMAGE}:${_TAG}"
        assert "--image=${_IMAGE}:${_TAG}" in STEPS[step]["args"]
    assert not re.search(r":latest\b", TEXT)


def test_versions_are_those_of_the_dockerfile() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert f"FROM {STEPS['test']['name']} AS base" in dockerfile
    (uv,) = re.findall(r"uv==([\d.]+)", TEXT)
    assert f"ghcr.io/astral-sh/uv:{uv}@sha256:" in dockerfile


@pytest.mark.parametrize("right", [True, False])
def test_files_of_another_commit_are_refused(right: bool) -> None:
    """The step's own script, with Cloud Build's substitutions made."""
    tag = image_tag.tag() if right else "0" * 32
    script = STEPS["verify"]["args"][1].replace("${_TAG}", tag).replace("${_COMMIT}", "c0ffee")
    command = ["bash", "-euc", script.replace("$$", "$")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode == 0) == right, done.stdout + done.stderr
