"""Flink and Spark for the tests of the group `cluster`; skipped without Java or Maven."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cluster.engine import Engine, running
from tests.e2e.project_copy import Outcome, Project, copy_with_tiny

CONFIG = """
data: {path: data/tiny/rows.parquet, format: parquet}
label: {name: generous, columns: [tips]}
training: {epochs: 1, batch_size: 32}
tuning: {trials: 1, epochs: 1}
evaluation:
  metrics: {AUC: {at_least: 0.01}, BinaryCrossEntropy: {}, MeanSquaredError: {}, Calibration: {}}
  slices: [payment, hour]
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    missing = [name for name in ("java", "mvn") if not shutil.which(name)]
    for item in items:
        if "cluster" in item.path.parts:
            item.add_marker(pytest.mark.cluster)
            if missing:
                item.add_marker(pytest.mark.skip(reason=f"no {' and no '.join(missing)}"))


def copy(folder: Path) -> Project:
    """A project that has never run, with a small table of several metrics and slices."""
    project = copy_with_tiny(folder)
    (project.root / "models" / "tiny" / "config.yaml").write_text(CONFIG)
    return project


@pytest.fixture(scope="session")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Outcome]:
    """A project whose run has been in its own process."""
    project = copy(tmp_path_factory.mktemp("in-process"))
    return project, project.run("tiny")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return copy(tmp_path)


@pytest.fixture(scope="session", params=["flink", "spark"])
def engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    """An engine with its job server, and workers in processes of their own."""
    folder = tmp_path_factory.mktemp(request.param)
    with ExitStack() as stack:
        yield stack.enter_context(running(request.param, copy(folder), folder))
