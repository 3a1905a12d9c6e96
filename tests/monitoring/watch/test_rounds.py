"""A round: what is seen is told, and nothing that fails keeps from what does not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.core.settings import Settings
from monitoring.watch.events import Event
from monitoring.watch.folder import ModelFolder
from monitoring.watch.gauges import Gauges
from monitoring.watch.rounds import Rounds
from monitoring.watch.telling import Receivers, Teller
from monitoring.watch.watcher import Watcher
from tests.monitoring.looks import MONDAY, looking, reader, write_log
from tests.monitoring.servers import Answer, Received, answering


class Acting:
    """Fails, or promotes once."""

    def __init__(self, failing: bool) -> None:
        self.failing, self.steps, self.state = failing, 0, "idle"

    def step(self, settings: Settings) -> list[Event]:
        self.steps += 1
        if self.failing:
            raise MonitoringError("The server's command fails")
        return [Event(time=MONDAY, event="promoted", version=4)] if self.steps == 1 else []


def rounds(tmp_path: Path, url: str, acting: Acting | None, settings: Settings) -> Rounds:
    folder = ModelFolder(tmp_path, "taxi")
    return Rounds(
        Watcher(folder, reader(tmp_path / "log"), looking),
        acting,
        Teller("taxi", "here", Receivers(url), folder.history),
        Gauges("taxi", file=tmp_path / "taxi.prom"),
        lambda: settings,
    )


def events(received: list[Received]) -> list[str]:
    return sorted(each.body["metadata"]["event_payload"]["event"] for each in received)


@pytest.mark.parametrize(("on_alarm", "told"), [("notify", ["alarm", "deployed"]), ("nothing", [])])
def test_what_happens_is_told_by_the_settings(
    tmp_path: Path, on_alarm: str, told: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write_log(tmp_path / "log", [(1, True), (1, True)])
    with answering(Answer(200)) as (url, received):
        settings = Settings.model_validate({"on_alarm": on_alarm})
        made = rounds(tmp_path, url, Acting(failing=False), settings)
        assert [look.verdict for look in made.round()] == ["alarm", "alarm"]
        made._teller.close()
    assert events(received) == told
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    of_looks = [line for line in lines if line["event"] == "look"]
    assert [line["level"] for line in of_looks] == ["warning", "warning"]
    assert "monitoring_loop" in (tmp_path / "taxi.prom").read_text()


def test_a_loop_that_fails_does_not_keep_from_looking(tmp_path: Path) -> None:
    write_log(tmp_path / "log", [(1, False)])
    made = rounds(tmp_path, "", Acting(failing=True), Settings())
    with pytest.raises(MonitoringError, match="command fails"):
        made.round()
    assert len(ModelFolder(tmp_path, "taxi").looks(1)) == 1


def test_it_ends_after_the_look_at_hand(tmp_path: Path) -> None:
    write_log(tmp_path / "log", [(1, False)] * 3)
    made = rounds(tmp_path, "", None, Settings())
    assert len(made.round(lambda: True)) == 1
    assert len(made.round()) == 2


def test_the_same_failure_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = rounds(tmp_path, "", None, Settings())
    for what in ("a", "a", "b", "a"):
        made.failed(MonitoringError(what))
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["why"] for line in lines] == ["a", "b", "a"]
    assert "monitoring_errors_total" in (tmp_path / "taxi.prom").read_text()


def test_after_a_restart_the_last_look_is_shown(tmp_path: Path) -> None:
    write_log(tmp_path / "log", [(1, True)])
    rounds(tmp_path, "", None, Settings()).round()
    rounds(tmp_path, "", None, Settings()).round()
    assert 'monitoring_alarm{model="taxi",version="1"} 1.0' in (tmp_path / "taxi.prom").read_text()
