"""cloudbuild.yaml: the order of its steps, and that it builds and names what it was given."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline.delivery import image_tag, locked_packages
from tests.helpers.paths import ROOT

TEXT = (ROOT / "cloudbuild.yaml").read_text(encoding="utf-8")
BUILD: dict[str, Any] = yaml.safe_load(TEXT)
STEPS: dict[str, dict[str, Any]] = {step["id"]: step for step in BUILD["steps"]}
BEFORE = {
    "verify": set(),
    "builder": {"verify"},
    "build": {"verify", "builder"},
    "test": {"verify", "builder", "build"},
    "push": {"verify", "builder", "build", "test"},
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

    assert longest("push") <= int(BUILD["timeout"].rstrip("s"))


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
    assert not re.search(r":latest\b", TEXT)


def test_versions_are_those_of_the_dockerfile() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert f"FROM {STEPS['verify']['name']} AS base" in dockerfile
    (uv,) = re.findall(r"uv==([\d.]+)", TEXT)
    assert f"ghcr.io/astral-sh/uv:{uv}@sha256:" in dockerfile


def image_test() -> tuple[dict[str, str], str]:
    """What the step sets in the container, and its script."""
    args = STEPS["test"]["args"]
    variables = dict(
        arg.removeprefix("--env=").split("=", 1) for arg in args if arg.startswith("--env=")
    )
    assert args[args.index("--entrypoint=bash") + 1] == "${_IMAGE}:${_TAG}"
    return variables, args[-1]


NOT_BUILT = """#!{python}
import pathlib, sys
sys.path.insert(0, {root!r})
from pipeline.delivery import locked_packages as packages
import os
assert os.environ["UV_PYTHON"] != "" and "--locked" in sys.argv
lock = pathlib.Path({root!r}, "uv.lock").read_text()
python = {python_version!r}
there = packages.resolved(lock, {installed}) if {installed} else []
wanted = packages.resolved(lock, packages.Sync(frozenset(), True, python))
names = {{(one.name, one.version) for one in there}}
assert {{"tfx", "pytest"}} <= {{one.name for one in wanted}}
missing = [one for one in wanted if (one.name, one.version) not in names]
built = [one.name for one in missing if not one.has_wheel]
if built:
    sys.exit(f"no compiler to build {{built}} with")
"""


@pytest.mark.parametrize("in_the_image", [True, False])
def test_the_tests_of_the_image_need_no_compiler(tmp_path: Path, in_the_image: bool) -> None:
    """The step's own script, where uv can build nothing: what is missing has to have a wheel.

    On the bare base image, where nothing is installed yet, it has not: pyfarmhash.
    """
    (sync,) = locked_packages.syncs((ROOT / "Dockerfile").read_text(encoding="utf-8"))
    installed = f"packages.{sync!r}" if in_the_image else "None"
    values = {"python": sys.executable, "root": str(ROOT), "python_version": sync.python}
    variables, script = image_test()
    for name in ("apt-get", "python3", "python"):
        (tmp_path / name).write_text(f'#!/bin/bash\necho "{name} $*" >> {tmp_path}/calls\n')
        (tmp_path / name).chmod(0o755)
    (tmp_path / "uv").write_text(NOT_BUILT.format(installed=installed, **values))
    (tmp_path / "uv").chmod(0o755)
    script = script.replace("/usr/local/bin/python3", "python3")
    done = subprocess.run(
        ["bash", "-euc", script],
        env={**variables, "PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    tested = "python -m pytest" in (tmp_path / "calls").read_text()
    assert (done.returncode == 0) == tested == in_the_image, done.stderr
    assert in_the_image or "pyfarmhash" in done.stderr


def test_the_tests_of_the_image_run_with_its_python_and_in_its_environment() -> None:
    variables, _ = image_test()
    assert variables["UV_PROJECT_ENVIRONMENT"] == "/opt/pipeline/.venv"
    # Not what .python-version says, which is for desks.
    assert variables["UV_PYTHON"] == "/usr/local/bin/python3"
    assert variables["UV_PYTHON_DOWNLOADS"] == "never"
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert f"--python {variables['UV_PYTHON']}" in dockerfile
    assert f"PATH={variables['UV_PROJECT_ENVIRONMENT']}/bin" in dockerfile


@pytest.mark.parametrize("right", [True, False])
def test_files_of_another_commit_are_refused(right: bool) -> None:
    """The step's own script, with Cloud Build's substitutions made."""
    tag = image_tag.tag() if right else "0" * 32
    script = STEPS["verify"]["args"][1].replace("${_TAG}", tag).replace("${_COMMIT}", "c0ffee")
    command = ["bash", "-euc", script.replace("$$", "$")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode == 0) == right, done.stdout + done.stderr
