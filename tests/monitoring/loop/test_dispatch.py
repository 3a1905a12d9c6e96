"""What GitHub is sent, and each way in which it may answer, in words."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from monitoring.loop import dispatch as dispatch_module
from monitoring.loop.dispatch import DispatchError, check, dispatch
from monitoring.watch import log_lines
from tests.helpers.bad_servers import SERVERS, SLOW
from tests.helpers.paths import ROOT
from tests.monitoring.servers import Answer, answering

TOKEN = "correct-horse-battery"


@pytest.fixture(autouse=True)
def _token(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("GITHUB_TOKEN", f"{TOKEN}\n")
    log_lines.redactor.cache_clear()
    yield
    log_lines.redactor.cache_clear()


def test_it_is_what_the_api_documents(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(Answer(204)) as (url, received):
        monkeypatch.setenv("GITHUB_API_URL", f"{url}/")
        dispatch("an-owner/a.name", "taxi", 3, "3/looks/a.json")
    (request,) = received
    assert request.path == "/repos/an-owner/a.name/dispatches"
    assert request.headers["Authorization"] == f"Bearer {TOKEN}"
    assert request.headers["Accept"] == "application/vnd.github+json"
    assert request.headers["X-Github-Api-Version"] == "2022-11-28"
    payload = {"model": "taxi", "version": "3", "alarm": "3/looks/a.json"}
    assert request.body == {"event_type": "drift", "client_payload": payload}


def test_the_workflow_takes_it() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ship.yml").read_text()
    assert f"types: [{dispatch_module.EVENT}]" in workflow
    assert "github.event.client_payload.model" in workflow


LIMIT = (("x-ratelimit-remaining", "0"),)


@pytest.mark.parametrize(
    ("answer", "said", "again"),
    [
        (Answer(401, {"message": "Bad credentials"}), "GITHUB_TOKEN is not valid", False),
        (Answer(403, {"message": "Resource not accessible"}), "may not start workflows", False),
        (Answer(403, {"message": "rate limit"}, LIMIT), "takes no more requests", True),
        (Answer(403, None, (("Retry-After", "60"),)), "takes no more requests", True),
        (Answer(404, {"message": "Not Found"}), "knows no repository o/n", False),
        (Answer(422, {"message": "Invalid request"}), "does not take the event", False),
        (Answer(429), "takes no more requests", True),
        (Answer(500), "is out of order", True),
        (Answer(503, {"message": TOKEN}), "is out of order", True),
        (Answer(301, None, (("Location", "http://127.0.0.1:1/x"),)), "is elsewhere", False),
        (Answer(307, None, (("Location", "http://127.0.0.1:1/x"),)), "is elsewhere", False),
        (Answer(200, {"ok": True}), "is not GitHub's API", False),
        (Answer(418, ["odd"]), "refuses the event", False),
    ],
)
def test_each_answer_has_words(
    monkeypatch: pytest.MonkeyPatch, answer: Answer, said: str, again: bool
) -> None:
    with answering(answer) as (url, received):
        monkeypatch.setenv("GITHUB_API_URL", url)
        with pytest.raises(DispatchError) as raised:
            dispatch("o/n", "taxi", 3, "a")
    assert len(received) == 1
    assert said in raised.value.headline and raised.value.again is again
    assert raised.value.detail and raised.value.remedy
    assert TOKEN not in str(raised.value) and str(answer.status) in raised.value.detail


@pytest.mark.parametrize("server", SERVERS)
def test_a_server_that_is_not_githubs_gives_an_error_in_time(
    monkeypatch: pytest.MonkeyPatch, server: str
) -> None:
    with SERVERS[server]() as url:
        monkeypatch.setenv("GITHUB_API_URL", url)
        began = time.monotonic()
        with pytest.raises(DispatchError) as raised:
            dispatch("o/n", "taxi", 3, "a", seconds=0.3)
        assert time.monotonic() - began < (3 if server in SLOW else 2)
    assert TOKEN not in str(raised.value) and raised.value.remedy
    if server in ("nobody", "500", "503", "429", "a proxy's 502"):
        assert raised.value.again
    if server in ("silence", "an answer that never ends", "a connection that is reset"):
        assert not raised.value.again, "it may have been taken"


@pytest.mark.parametrize("url", ["ftp://h", "x", "http://[", "http://h:port", "file:///etc"])
def test_an_address_that_is_none_is_told(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("GITHUB_API_URL", url)
    with pytest.raises(DispatchError, match="GITHUB_API_URL is no address"):
        check("o/n")


@pytest.mark.parametrize(
    "repository", ["", "n", "/n", "o/", "https://github.com/o/n", "o/n/x", "o/n?x", "ö/n", "o/n\n"]
)
def test_what_is_no_repository_is_told_before_anything_is_sent(repository: str) -> None:
    with pytest.raises(DispatchError, match="names no repository"):
        check(repository)


@pytest.mark.parametrize("token", ["", " \n"])
def test_a_missing_token_is_told_at_once(monkeypatch: pytest.MonkeyPatch, token: Any) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", token)
    with pytest.raises(DispatchError, match="There is no token"):
        check("o/n")
