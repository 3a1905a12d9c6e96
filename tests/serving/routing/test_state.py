"""`routing.json`: what is written is read again, and what is wrong is refused by its key."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from pathlib import Path

import pytest

from serving.core.errors import ServingError
from serving.routing import state
from serving.routing.state import Event, Rollback, Route, Routing

NOW = datetime(2026, 11, 21, tzinfo=timezone.utc)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    route = Route(canary_share=0.1, sticky=False, rollback=Rollback(min_requests=20), since=NOW)
    event = Event(time=NOW, model="taxi", action="canary", version=2, by="ann", why="new data")
    routing = Routing(models={"taxi": route}, events=(event,))
    state.write(tmp_path, routing)
    assert state.read(tmp_path) == routing
    assert json.loads((tmp_path / state.FILE).read_text())["version"] == 1


def test_without_a_file_all_goes_to_the_stable_version(tmp_path: Path) -> None:
    assert state.read(tmp_path) == Routing()
    assert Routing().of("taxi") == Route(canary_share=0, mirror_share=0)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"version": 2}, "version"),
        ({"models": {"a": {"canary_share": 1.1}}}, "models.a.canary_share"),
        ({"models": {"a": {"canary_shar": 0.1}}}, "did you mean 'canary_share'"),
        ({"models": {"a": {"rollback": {"min_requests": 19}}}}, "min_requests"),
        ({"models": {"a": {"rollback": {"latency_ratio": 1}}}}, "latency_ratio"),
        ({"events": [{"time": "2026-11-21"}]}, "events.0.model: is missing"),
    ],
)
def test_a_mistake_is_refused_by_its_key(
    tmp_path: Path, content: dict[str, object], message: str
) -> None:
    (tmp_path / state.FILE).write_text(json.dumps(content))
    with pytest.raises(ServingError) as refused:
        state.read(tmp_path)
    assert message in str(refused.value)
