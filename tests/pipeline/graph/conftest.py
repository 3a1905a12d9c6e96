"""The taxi pipeline's compiled graph, for all tests of how it is built."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    from tests.pipeline.graph.compiled import compiled, load

    return compiled(load("tuning.mode=always"), tmp_path_factory.mktemp("project"))
