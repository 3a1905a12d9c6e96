"""What the watcher remembers, as a file."""

from __future__ import annotations

from pathlib import Path

from monitoring.core import record
from monitoring.watch.events import Event
from monitoring.watch.state import VersionState
from tests.monitoring.looks import MONDAY, finding, look, window


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    state = VersionState(
        sequence=7,
        position={"files": {"a": {"read": 3}}},
        number=2,
        history={"seen": [1, 2]},
        last=window(),
        look=look(finding()),
        event=Event(time=MONDAY, event="alarm", detail={"causes": ["feature fare"]}),
    )
    record.write(tmp_path / "1" / "state.json", state)
    assert record.read(tmp_path / "1" / "state.json", VersionState, "", "") == state
    assert state.time == MONDAY
