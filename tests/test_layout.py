"""The house's rules: folders that can be taken in at a glance, and tests that mirror the code."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest

from tests.helpers.paths import ROOT

MOST_MODULES = 15
"""In a folder, its `__init__.py` not counted."""
ROOMS = ("components", "dashboard", "models", "monitoring", "pipeline", "serving", "tools")

WITHOUT_A_TEST_FILE = {
    "monitoring/__main__.py": "calls monitoring.commands; tests/monitoring/commands runs it",
    "monitoring/commands/app.py": "the Typer object alone; test_main.py runs every command on it",
    "monitoring/commands/options.py": "types alone; each command's tests give them",
    "monitoring/demo/__main__.py": "`make demo-drift`, which trains twice",
    "monitoring/demo/story.py": "see there; its parts have tests",
    "monitoring/core/finding.py": "a format alone; the tests of what makes findings read it",
    "monitoring/summary/rows.py": "a tuple alone; test_summarizing.py counts it",
    "monitoring/summary/window_summary.py": "a format alone; test_summarizing.py reads it",
    "pipeline/__main__.py": "calls pipeline.cli.main; tests/e2e and tests/docs run it",
    "pipeline/cloud/rehearsal/__main__.py": "tests/e2e/test_rehearsal.py runs it",
    "pipeline/kubeflow_runner.py": "an entry point of `tfx`; tests/e2e/test_tfx_compile.py runs it",
    "serving/__main__.py": "calls serving.commands; every test of a server's process runs it",
    "serving/commands/app.py": "the Typer object alone; test_main.py runs every command on it",
    "serving/commands/options.py": "types alone; each command's tests give them",
    "serving/commands/worker.py": "tests/serving/workers/test_supervisor.py starts it as a process",
    "serving/upstream/server.py": "commands/test_traffic.py starts it as a process",
    "serving/workers/process.py": "tests/serving/workers/test_supervisor.py starts it",
    "serving/workers/worker.py": "tests/serving/workers/test_supervisor.py starts it",
    "tools/beam/__main__.py": "tests/cluster runs it",
    "tools/kubeflow/__main__.py": "needs a checkout of Kubeflow; docs/kubeflow.md has what it gave",
    "tools/kubeflow/build.py": "builds Kubeflow's programs; see tools/kubeflow/__main__.py",
    "tools/kubeflow/metadata_server.py": "is asked by Kubeflow's driver; see there",
    "tools/kubeflow/scenario.py": "is played on Kubeflow's programs; see there",
    "tools/kubeflow/services.py": "starts Kubeflow's programs; see there",
}
"""Modules of the rooms whose tests are elsewhere, and where."""

WITHOUT_A_MODULE = {
    "tests/benchmarks": "what a benchmark leaves out changes nothing; benchmarks are no room",
    "tests/cluster": "whole pipelines on Flink and Spark",
    "tests/chaos": "runs and servers that are killed, starved and lied to",
    "tests/dashboard/browser": "the dashboard's pages, in a browser",
    "tests/data": "the example data",
    "tests/delivery": "workflows and their scripts, in .github",
    "tests/deploy": "manifests and images",
    "tests/docs": "what the documentation says, tried",
    "tests/pipeline/cloud/platforms/test_third_platform.py": "a platform that is one file",
    "tests/pipeline/test_secret_places.py": "kinds of secrets in all places that can be read",
    "tests/e2e": "whole pipelines, by the command line",
    "tests/dashboard/test_sample_runs.py": "the records that the dashboard's tests look at",
    "tests/models/tutorials": "the models of the field's tutorials, and their samples",
    "tests/models/networks": "from training to answers: networks, shapes, training and serving",
    "tests/serving/commands/test_smoked_server.py": "`smoke`, of a server that runs",
    "tests/serving/commands/test_traffic.py": "the commands, while requests come",
    "tests/serving/engine/test_served_versions.py": "versions as a client sees them",
    "tests/serving/grpc/test_hostile.py": "gRPC from clients that mean harm",
    "tests/serving/release/test_released_servers.py": "servers that follow a bucket, and a release",
    "tests/serving/rest/test_hostile.py": "HTTP from clients that mean harm",
    "tests/serving/rest/test_limits.py": "the limits of requests, over a socket",
    "tests/serving/test_slim_environment.py": "the packages that the server does without",
    "tests/test_layout.py": "this file",
}
"""Test files, or folders of them, that test no single module, and what they test instead."""


def tracked() -> list[PurePosixPath]:
    """The Python files of the repository, or, in a copy without one, of the folder."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode:
        pytest.skip("not a Git repository")
    return [PurePosixPath(line) for line in listed.stdout.splitlines() if (ROOT / line).exists()]


def has_code(path: Path) -> bool:
    """Whether a module defines functions or classes; most `__init__.py` do not."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return any(isinstance(node, ast.FunctionDef | ast.ClassDef) for node in body)


def modules() -> list[PurePosixPath]:
    """The modules of the rooms. Of `models`, what all models share: a model is its owner's."""
    return [
        path
        for path in tracked()
        if path.parts[0] in ROOMS
        and (path.parts[0] != "models" or path.parts[1] == "common")
        and (path.name != "__init__.py" or has_code(ROOT / path))
    ]


def mirrored(module: PurePosixPath) -> PurePosixPath:
    """`tests/<room>/test_<module>.py`; of a package's own code, named after the package."""
    name = module.parent.name if module.name == "__init__.py" else module.stem.strip("_")
    return PurePosixPath("tests", module.parent, f"test_{name}.py")


def test_no_folder_has_more_modules_than_can_be_taken_in() -> None:
    folders: dict[PurePosixPath, int] = {}
    for path in tracked():
        if path.name != "__init__.py":
            folders[path.parent] = folders.get(path.parent, 0) + 1
    assert folders[PurePosixPath("components")] > 0
    assert {str(path): n for path, n in folders.items() if n > MOST_MODULES} == {}


def test_every_module_has_a_test_file_of_its_own_name() -> None:
    files = set(tracked())
    lacking = {
        str(module)
        for module in modules()
        if str(module) not in WITHOUT_A_TEST_FILE and mirrored(module) not in files
    }
    assert sorted(lacking) == []


def test_every_test_file_has_a_module_of_its_own_name() -> None:
    expected = {mirrored(module) for module in modules()}
    stray = [
        str(path)
        for path in tracked()
        if path.parts[0] == "tests"
        and path.name.startswith("test_")
        and path not in expected
        and not {str(path), *map(str, path.parents)} & WITHOUT_A_MODULE.keys()
    ]
    assert stray == []


def test_the_exceptions_are_there_and_needed() -> None:
    files = set(tracked())
    for module in WITHOUT_A_TEST_FILE:
        assert PurePosixPath(module) in files, module
        assert mirrored(PurePosixPath(module)) not in files, module
    of_modules = {mirrored(module) for module in modules()}
    for name in WITHOUT_A_MODULE:
        path = PurePosixPath(name)
        assert path in files or any(path in file.parents for file in files), name
        assert path not in of_modules, name


def test_whoever_imports_arrow_makes_it_safe() -> None:
    """Before 14.0.1 a Parquet file runs code, until one of these modules is imported."""
    unsafe = []
    for path in modules():
        imported = set(imports(ROOT / path))
        room = path.parts[0]
        safe = f"{room}.core.arrow" if room in ("serving", "monitoring") else "components.tables"
        if room == "dashboard":
            safe = "dashboard.records.sources.arrow"
        # A package's own modules import the package first.
        made_safe = f"{'.'.join(path.with_suffix('').parts)}.".startswith(f"{safe}.") or any(
            f"{name}.".startswith(f"{safe}.") for name in imported
        )
        if any(f"{name}.".startswith("pyarrow.") for name in imported) and not made_safe:
            unsafe.append(str(path))
    assert unsafe == []


def imports(path: Path) -> Iterator[str]:
    """The dotted names that a module imports, within functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
