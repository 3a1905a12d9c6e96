from __future__ import annotations

import pytest

from pipeline import tracking


@pytest.fixture(autouse=True)
def no_tracker(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process beside each run of a test that is not about it."""
    monkeypatch.setenv(tracking.MODE, tracking.DISABLED)
