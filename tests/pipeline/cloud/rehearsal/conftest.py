"""A folder in which specifications are walked one after another."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.cloud.rehearsal.tasks import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
