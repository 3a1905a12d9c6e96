"""A model's state that is in order."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.local.repair.finding import Place
from tests.pipeline.fake_run import queued
from tests.pipeline.local.repair.history import History


@pytest.fixture
def history(tmp_path: Path) -> History:
    made = History(tmp_path / "runs")
    made.judged(version="17")
    made.judged(version="18")
    return made


@pytest.fixture
def place(history: History) -> Place:
    assert queued().model == "taxi"
    return Place("taxi", history.runs, history.serving)
