"""How far a retraining is, as a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.loop.state import LoopState, read, write
from monitoring.watch.events import Event
from tests.monitoring.looks import MONDAY


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "loop.json"
    assert read(path) == LoopState()
    state = LoopState(
        state="canary",
        since=MONDAY,
        candidate=4,
        events=(Event(time=MONDAY, event="canary", detail={"text": "é"}),),
    )
    write(path, state)
    assert read(path) == state


@pytest.mark.parametrize("content", ["", "{", '{"state": "flying"}', '{"format": 2}'])
def test_a_damaged_file_is_told_and_what_to_do(tmp_path: Path, content: str) -> None:
    (tmp_path / "loop.json").write_text(content)
    with pytest.raises(MonitoringError, match=r"loop.json cannot be read") as raised:
        read(tmp_path / "loop.json")
    assert "Set the file aside" in raised.value.remedy
