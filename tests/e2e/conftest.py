"""Projects in which whole pipelines run."""

from __future__ import annotations

import pytest

from tests.e2e.project_copy import Outcome, Project, copy_project


@pytest.fixture(scope="session")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Outcome]:
    """A project with one run of the shipped model as it is, which is blessed and pushed."""
    project = copy_project(tmp_path_factory.mktemp("pushed"))
    return project, project.run("taxi", tracked=True)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that has never run."""
    return copy_project(tmp_path_factory.mktemp("fresh"))
