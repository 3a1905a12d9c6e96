"""From an alarm to a new version: a table of ways, and kills at every point of them."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.core.settings import Settings
from monitoring.loop.loop import Loop
from monitoring.loop.state import TRANSITIONS
from tests.monitoring.looks import killed_at
from tests.monitoring.loop.desk import RETRAIN, Desk
from tests.monitoring.servers import Answer, answering

GOOD = ["retraining started", "retraining ended", "canary", "promoted"]
BAD = ["retraining started", "retraining ended", "canary", "rolled back"]
FAILED = ["retraining started", "retraining ended"]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setenv("STATE", str(tmp_path))
    return Desk(tmp_path)


def canary(desk: Desk) -> Loop:
    """A loop that has come to a canary, which it waits for."""
    loop = desk.loop()
    while loop.state != "canary":
        loop.step(RETRAIN)
    return loop


def test_what_is_good_is_promoted_and_the_record_says_why(desk: Desk) -> None:
    desk.alarm()
    desk.go_on()
    assert desk.events() == GOOD and desk.stable() == 4
    assert desk.calls() == ["run", "canary 4", "promote 4"]
    alarm, *others = desk.folder.history.read()
    assert {each.alarm for each in others} == {alarm.alarm}
    ended = others[1]
    assert ended.detail["outcome"] == "pushed" and ended.detail["run"] == "r1"
    assert [each.version for each in others] == [3, 4, 4, 4]
    (log,) = desk.folder.retrainings.glob("*.log")
    assert log.read_text() == "the run's output\n"


@pytest.mark.parametrize(
    ("comparison", "rule", "events"),
    [
        ({"errors": (0.0, 0.02, 0.01)}, "", BAD),
        ({"errors": (0.0, 0.02, 0.2)}, "", GOOD),
        ({"errors": (0.02, 0.0, 0.01)}, "", GOOD),
        ({"latency": (0.01, 0.03, 0.01)}, "", BAD),
        ({"latency": (0.01, 0.015, 0.01)}, "", GOOD),
        ({"tips": (0.1, 0.4, 0.01)}, "", GOOD),
        ({"tips": (0.1, 0.4, 0.01)}, "canary: {other_answers: roll back}", BAD),
        ({"requests": 30}, "canary: {requests: 30}", GOOD),
    ],
)
def test_compare_decides(
    desk: Desk, comparison: dict[str, Any], rule: str, events: list[str]
) -> None:
    (desk.root / "release.yaml").write_text(rule)
    desk.compares(**comparison)
    desk.alarm()
    desk.go_on()
    assert desk.events() == events and desk.stable() == (4 if events == GOOD else 3)


@pytest.mark.parametrize(
    ("status", "version", "outcome", "words"),
    [
        (0, 3, "nothing new", "export_labelled"),
        (1, 0, "failed", "Trainer failed"),
        (2, 0, "mistake", "mistake"),
        (3, 0, "not blessed", "bound"),
        (4, 0, "anomalous data", "anomalous"),
        (70, 0, "failed", "status 70"),
    ],
)
def test_a_retraining_that_pushes_nothing_ends_there(
    desk: Desk, status: int, version: int, outcome: str, words: str
) -> None:
    desk.run_ends(status, version)
    desk.alarm()
    desk.go_on()
    assert desk.events() == FAILED and desk.calls() == ["run"]
    ended = desk.folder.history.read()[-1]
    assert ended.detail["outcome"] == outcome and words in ended.text


def test_a_canary_that_cannot_answer_gets_no_traffic(desk: Desk) -> None:
    (desk.root / "refuses").touch()
    desk.alarm()
    desk.go_on()
    assert desk.events() == ["retraining started", "retraining ended", "rolled back"]
    assert "version 4 cannot answer" in desk.folder.history.read()[-1].text


def test_it_waits_for_enough_requests(desk: Desk) -> None:
    desk.compares(enough=False)
    desk.alarm()
    loop = canary(desk)
    for requests in (10, 500):
        desk.compares(requests, enough=requests > 30)
        loop.step(RETRAIN)
        assert loop.state == "canary"
    desk.hours = 25
    loop.step(RETRAIN)
    assert desk.events() == GOOD


@pytest.mark.parametrize(("stable", "events"), [(3, BAD), (4, GOOD)], ids=["taken out", "promoted"])
def test_what_somebody_does_meanwhile_holds(desk: Desk, stable: int, events: list[str]) -> None:
    desk.compares(enough=False)
    desk.alarm()
    loop = canary(desk)
    (desk.root / "canary").unlink()
    (desk.root / "stable").write_text(str(stable))
    loop.step(RETRAIN)
    assert desk.events() == events
    assert desk.calls() == ["run", "canary 4"]


def test_without_labels_the_present_version_is_kept_while_it_is_trained_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STATE", str(tmp_path))
    desk = Desk(tmp_path, stable=None)
    desk.alarm()
    desk.go_on()
    assert desk.calls() == ["promote 3", "run", "canary 4", "promote 4"]


def test_labelled_rows_are_written_first_where_that_is_wanted(desk: Desk) -> None:
    desk.alarm()
    desk.go_on(Settings(on_alarm="retrain", export_labelled="data/taxi"))
    assert desk.calls() == ["export", "run", "canary 4", "promote 4"]


def test_a_retraining_does_not_loop_on_itself(desk: Desk) -> None:
    desk.alarm()
    desk.go_on()
    desk.alarm(version=3)  # The last window of the old version.
    desk.hours = 25
    desk.alarm(version=3)
    desk.go_on()
    assert desk.calls().count("run") == 1, "alarms of the old version are void"
    desk.run_ends(0, 5)
    desk.compares(version=5)
    desk.alarm(version=4)
    desk.go_on()
    assert desk.stable() == 5 and desk.events() == GOOD * 2


@pytest.mark.parametrize(
    ("settings", "runs"),
    [
        ({}, [0, 24, 192, 216]),
        ({"retrainings_a_week": 1}, [0, 192]),
        ({"cool_down_hours": 100}, [0, 120, 240]),
        ({"retrainings_a_week": 0}, []),
        ({"on_alarm": "notify"}, []),
        ({"on_alarm": "nothing"}, []),
    ],
)
def test_budget_and_cool_down_hold_across_restarts(
    desk: Desk, settings: dict[str, Any], runs: list[int]
) -> None:
    desk.run_ends(3)
    began = []
    for hours in (0, 1, 24, 48, 120, 192, 193, 216, 240):
        desk.hours = hours
        desk.alarm()
        before = len(desk.calls())
        desk.go_on(Settings(**{"on_alarm": "retrain", **settings}))
        if len(desk.calls()) > before:
            began.append(hours)
    assert began == runs


def test_an_alarm_that_has_not_lasted_begins_nothing(desk: Desk) -> None:
    desk.alarm()
    desk.hours = 25
    desk.go_on()
    assert desk.calls() == []
    desk.alarm()
    desk.go_on()
    assert desk.events() == GOOD


def test_several_alarms_begin_one_retraining(desk: Desk) -> None:
    for _ in range(3):
        desk.alarm()
    desk.go_on()
    desk.go_on()
    assert desk.calls().count("run") == 1


def test_while_somebody_tries_a_canary_nothing_begins(desk: Desk) -> None:
    (desk.root / "canary").write_text("9")
    desk.alarm()
    desk.go_on()
    assert desk.calls() == []


WAYS: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "promoted": ({"status": 0, "version": 4}, {}, GOOD),
    "rolled back": ({"status": 0, "version": 4}, {"errors": (0.0, 0.5, 0.001)}, BAD),
    "not blessed": ({"status": 3}, {}, FAILED),
}


@pytest.mark.parametrize(
    "way",
    [
        "not blessed",
        pytest.param("promoted", marks=pytest.mark.slow),
        pytest.param("rolled back", marks=pytest.mark.slow),
    ],
)
def test_it_comes_to_the_same_end_wherever_it_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    outcome, comparison, events = WAYS[way]
    moment, killed = 0, True
    while killed:
        root = tmp_path / str(moment)
        monkeypatch.setenv("STATE", str(root))
        desk = Desk(root)
        desk.run_ends(**outcome)
        desk.compares(**comparison)
        desk.alarm()
        killed = killed_at(moment, desk.folder.path, desk.go_on)
        desk.go_on()
        assert desk.events() == events, moment
        assert desk.stable() == (4 if events == GOOD else 3)
        assert not (root / "canary").exists()
        # A retraining is dear: it is started once. The other programs may be asked again.
        assert desk.calls().count("run") == 1
        if events == BAD:
            assert set(desk.calls()) == {"run", "canary 4", "rollback"}
        moment += 1
    assert moment > 10


def test_a_retraining_outlives_the_watcher_and_is_found_again(desk: Desk) -> None:
    desk.alarm()
    (desk.root / "outcome").unlink()
    os.mkfifo(desk.root / "outcome")  # The run waits for it.
    desk.loop().step(RETRAIN)
    loop = desk.loop()
    loop.step(RETRAIN)
    assert loop.state == "retraining"
    (desk.root / "outcome").write_text("0 4\n")
    desk.go_on()
    assert desk.events() == GOOD


REPOSITORY = "an-owner/a-name"


@pytest.fixture
def github(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "correct-horse-battery")


def test_the_workflow_is_asked_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, github: None
) -> None:
    with answering(Answer(204)) as (url, received):
        monkeypatch.setenv("GITHUB_API_URL", url)
        desk.alarm()
        desk.go_on(repository=REPOSITORY)
        desk.alarm()
        desk.go_on(repository=REPOSITORY)
    (request,) = received
    alarm = desk.folder.history.read()[0].alarm
    assert request.body == {
        "event_type": "drift",
        "client_payload": {"model": "taxi", "version": "3", "alarm": alarm},
    }
    assert desk.events() == ["retraining started"] and desk.calls() == []


def test_the_workflow_is_asked_again_where_it_surely_was_not(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, github: None
) -> None:
    with answering(Answer(503), Answer(429), Answer(204)) as (url, received):
        monkeypatch.setenv("GITHUB_API_URL", url)
        desk.alarm()
        for hours, asked in ((0, 1), (0, 1), (0.02, 2), (0.03, 2), (0.06, 3), (1, 3)):
            desk.hours = hours
            desk.loop(REPOSITORY).step(RETRAIN)
            assert len(received) == asked
    assert desk.events() == ["retraining started"]


def test_a_workflow_that_cannot_be_asked_is_told(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, github: None
) -> None:
    with answering(Answer(404, {"message": "Not Found"})) as (url, received):
        monkeypatch.setenv("GITHUB_API_URL", url)
        desk.alarm()
        desk.go_on(repository=REPOSITORY)
        assert len(received) == 1
    (ended,) = [each for each in desk.folder.history.read() if each.event != "alarm"]
    assert ended.event == "retraining ended" and "knows no repository" in ended.text


def test_the_workflow_is_asked_at_most_once_wherever_it_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, github: None
) -> None:
    moment, killed = 0, True
    with answering(Answer(204)) as (url, received):
        monkeypatch.setenv("GITHUB_API_URL", url)
        while killed:
            root = tmp_path / str(moment)
            monkeypatch.setenv("STATE", str(root))
            desk = Desk(root)
            desk.alarm()
            received.clear()
            act = partial(desk.go_on, repository=REPOSITORY)
            killed = killed_at(moment, desk.folder.path, act)
            desk.go_on(repository=REPOSITORY)
            assert len(received) <= 1 and desk.events() == ["retraining started"]
            moment += 1
    assert moment > 5


def test_a_server_that_does_not_say_what_is_served_is_told_and_asked_again(desk: Desk) -> None:
    desk.alarm()
    (desk.root / "stable").write_text("no JSON")
    with pytest.raises(MonitoringError, match="does not say which version is served"):
        desk.loop().step(RETRAIN)
    (desk.root / "stable").write_text("3")
    desk.go_on()
    assert desk.events() == GOOD


def test_every_state_is_left_as_the_table_says() -> None:
    assert {each for to in TRANSITIONS.values() for each in to} == set(TRANSITIONS)
    for state in TRANSITIONS:
        reached, frontier = {state}, [state]
        while frontier:
            new = set(TRANSITIONS[frontier.pop()]) - reached
            reached |= new
            frontier += new
        assert "idle" in reached


def test_what_is_begun_says_since_when(desk: Desk) -> None:
    desk.alarm()
    desk.loop().step(RETRAIN)
    since = desk.loop()._state.since
    assert since and datetime.now(timezone.utc) - since < timedelta(minutes=1)
    desk.go_on()
