"""A project with one model whose config is good."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.config_files import GOOD, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one model, `m`, whose config is good."""
    write(tmp_path, GOOD)
    return tmp_path
