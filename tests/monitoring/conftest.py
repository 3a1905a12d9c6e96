"""What tests of several rooms have in common."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Write = Callable[..., Path]


@pytest.fixture
def write(models: Path) -> Write:
    """Adds entries to the log, as a file of their own, by the server's own writer."""

    def written(*entries: Any) -> Path:
        from serving.request_log.database import Database

        database = Database(models / ".request_log", "process")
        database.add(list(entries))
        database.close()
        return database.path

    return written
