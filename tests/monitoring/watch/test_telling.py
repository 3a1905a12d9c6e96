"""Who is told of what, once, and what a dead receiver holds up: nothing."""

from __future__ import annotations

import json
import shlex
import time
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from monitoring.watch import log_lines, notification, telling
from monitoring.watch.events import Event, EventName, History
from monitoring.watch.telling import Receivers, Teller, run, told
from tests.helpers.paths import ROOT
from tests.monitoring.servers import Answer, answering

NOW = datetime.now(timezone.utc)
ALARM = Event(
    time=NOW, event="alarm", version=3, alarm="3/looks/a.json", detail={"text": "`fare` differs."}
)
SCHEMA = jsonschema.Draft202012Validator(
    json.loads((ROOT / "docs" / "notification.schema.json").read_text(encoding="utf-8"))
)


@pytest.fixture
def history(tmp_path: Path) -> History:
    return History(tmp_path / "history.jsonl")


def teller(history: History, url: str = "", command: Sequence[str] = ()) -> Teller:
    return Teller("taxi", "serving_models", Receivers(url, command), history)


def writing(path: Path) -> list[str]:
    """A command that adds what it gets to a file."""
    return ["/bin/sh", "-c", f"cat >> {shlex.quote(str(path))}; echo >> {shlex.quote(str(path))}"]


@pytest.mark.parametrize(
    ("event", "detail", "name"),
    [
        ("alarm", {}, "alarm"),
        ("retraining started", {}, "retraining"),
        ("retraining ended", {"outcome": "pushed"}, None),
        ("retraining ended", {"outcome": "not blessed"}, "refused"),
        ("retraining ended", {"outcome": "failed"}, "failed"),
        ("retraining ended", {"outcome": "nothing new"}, "failed"),
        ("canary", {}, None),
        ("promoted", {}, "deployed"),
        ("rolled back", {}, "rolled back"),
        ("labels joined", {}, None),
        ("notified", {}, None),
        ("watch started", {}, None),
        ("watch ended", {}, None),
    ],
)
def test_people_are_told_of_what_they_may_have_to_act_on(
    event: EventName, detail: dict[str, Any], name: str | None
) -> None:
    made = told("taxi", Event(time=NOW, event=event, version=3, detail=detail), "here")
    assert (made.event if made else None) == name
    if made:
        SCHEMA.validate(json.loads(json.dumps(made.body(str))))


def test_webhook_and_command_get_one_event_once(tmp_path: Path, history: History) -> None:
    with answering(Answer(200)) as (url, received):
        one = teller(history, url, writing(tmp_path / "got"))
        one.tell(ALARM)
        one.tell(Event(time=NOW, event="canary"))
        one.close()
    (request,) = received
    SCHEMA.validate(request.body)
    assert "`fare` differs." in request.body["text"]
    payload = request.body["metadata"]["event_payload"]
    assert json.loads((tmp_path / "got").read_text()) == payload
    assert payload["event"] == "alarm" and payload["version"] == "3"
    (noted,) = history.read()
    assert noted.event == "notified" and noted.alarm == ALARM.alarm
    assert noted.detail["by"] == ["webhook", "command"] and noted.detail["failed"] == []


def test_what_was_not_told_before_a_kill_is_told_after_it_and_the_rest_is_not(
    history: History,
) -> None:
    old = Event(time=NOW - timedelta(days=3), event="alarm", version=1)
    for event in (old, ALARM):
        history.append(event)
    ids = []
    for _ in range(2):
        with answering(Answer(200)) as (url, received):
            one = teller(history, url)
            one.tell_again()
            one.close()
        ids += [request.body["metadata"]["event_payload"]["id"] for request in received]
    made = told("taxi", ALARM, "serving_models")
    assert made and ids == [made.id]


def hang(_: object) -> None:
    time.sleep(3)


def test_a_dead_receiver_delays_nothing(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notification, "SECONDS", 0.3)
    monkeypatch.setattr(telling, "COMMAND_SECONDS", 0.2)
    with answering(hang) as (url, _):
        one = teller(history, url, ["sleep", "5"])
        began = time.monotonic()
        for _ in range(2 * telling.MOST_WAITING):
            one.tell(ALARM)
        assert time.monotonic() - began < 0.2
        one.close(0.1)
        assert time.monotonic() - began < 0.5


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (["true"], ""),
        (["false"], "ended with status 1"),
        (["/nowhere/program"], "cannot be run: No such file"),
        (["/"], "cannot be run"),
        (["sh", "-c", "yes no | head -c 900 | tr '\\n' ' ' >&2; exit 1"], "status 1: no no"),
        (["sleep", "5"], "ended after"),
        (["sh", "-c", "exec <&-; sleep 0.05"], ""),
        (["sh", "-c", "yes | head -c 1000000"], ""),
        (["sh", "-c", "kill -9 $$"], "status -9"),
    ],
)
def test_whatever_a_command_does_is_told(
    command: list[str], problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "COMMAND_SECONDS", 2.0 if problem != "ended after" else 0.3)
    found = run(command, {"text": "x" * 200_000})
    assert bool(found) is bool(problem) and problem in found and len(found) < 400


def test_nothing_secret_is_told(
    tmp_path: Path, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "correct-horse-battery")
    log_lines.redactor.cache_clear()
    try:
        with answering(Answer(500)) as (url, received):
            monkeypatch.setattr(notification, "TRIES", 1)
            event = ALARM.model_copy(update={"detail": {"text": "a correct-horse-battery"}})
            one = teller(history, f"{url}/services/T0/hush", writing(tmp_path / "got"))
            one.tell(event)
            one.close()
    finally:
        log_lines.redactor.cache_clear()
    everything = json.dumps(received[0].body) + (tmp_path / "got").read_text()
    assert "a [hidden]" in everything and "correct-horse" not in everything
    noted = history.read()[0].detail
    assert "status 500" in noted["failed"][0] and "hush" not in json.dumps(noted)


def test_the_webhook_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFICATION_URL", " https://h/x\n")
    assert telling.receivers(["a"]) == ("https://h/x", ("a",))
    monkeypatch.delenv("NOTIFICATION_URL")
    assert not any(telling.receivers([]))
