"""A dashboard without a network, over run folders that a test makes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from dashboard.records.index import RunIndex
from dashboard.web import app

HOST = "http://localhost:8050"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """An empty folder for run folders."""
    folder = tmp_path / "runs"
    folder.mkdir()
    return folder


@pytest.fixture
def client(runs: Path) -> TestClient:
    """Asks the server; the list is that of the last `scan`."""
    return TestClient(app.create(RunIndex(runs)), base_url=HOST)


@pytest.fixture
def listed(runs: Path) -> Callable[..., dict[str, Any]]:
    """Scans the runs and gives the list's answer to some parameters."""

    def ask(**params: Any) -> dict[str, Any]:
        index = RunIndex(runs)
        index.scan()
        client = TestClient(app.create(index), base_url=HOST)
        answer: dict[str, Any] = client.get("/api/runs", params=params).json()
        return answer

    return ask
