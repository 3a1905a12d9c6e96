"""What a webhook is told, and what it can do to whoever tells it: nothing."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jsonschema
import pytest

from serving.core import redaction
from serving.release import notification
from serving.release.notification import EVENTS, Notification, send
from tests.helpers.paths import ROOT

SCHEMA = jsonschema.Draft202012Validator(
    json.loads((ROOT / "docs" / "notification.schema.json").read_text(encoding="utf-8"))
)
TOLD = Notification("rolled back", "taxi", "It is slower.", 17, "c0ffee", "production", "https://l")
SECRET = "/services/T000/B000/hush"


def plain(text: str) -> str:
    return text


@pytest.mark.parametrize("room", ["pipeline/delivery", "monitoring/watch"])
def test_the_rooms_have_the_same_file(room: str) -> None:
    own = (ROOT / "serving/release/notification.py").read_text(encoding="utf-8")
    assert own == (ROOT / room / "notification.py").read_text(encoding="utf-8")


@contextmanager
def webhook(*statuses: int | Callable[[Any], None]) -> Iterator[tuple[str, list[Any]]]:
    """A webhook that answers with these, the last one again and again; and what it was sent."""
    received: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((self.path, dict(self.headers), json.loads(body)))
            answer = statuses[min(len(received), len(statuses)) - 1]
            if callable(answer):
                answer(self)
                return
            self.send_response(answer)
            self.send_header("Location", f"http://{self.headers['Host']}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            received.append((self.path, {}, None))
            self.send_response(302)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{SECRET}", received
        server.shutdown()


def test_a_message_is_sent_once_in_the_format_of_the_schema() -> None:
    with webhook(200) as (url, received):
        assert send(TOLD, url, plain) == ""
    ((path, headers, body),) = received
    assert path == SECRET and headers["Idempotency-Key"] == TOLD.id
    assert body["text"] == "taxi 17 was rolled back: It is slower."
    payload = body["metadata"]["event_payload"]
    assert payload["event"] == "rolled back" and payload["version"] == "17"
    assert "model: taxi" in [field["text"] for field in body["blocks"][1]["fields"]]


HOSTILE = "<!channel> <https://evil|x> & *bold*\n\x00\u202e\ud800" + "é" * 5000


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("text", ["x", HOSTILE])
def test_each_body_fits_the_schema_whatever_is_in_it(event: str, text: str) -> None:
    told = Notification(event, text, text, 2**63, text, text, text, text)
    for one in (told, Notification(event, text)):
        body = json.loads(json.dumps(one.body(plain)))
        SCHEMA.validate(body)
        assert "<" not in body["text"] and ">" not in body["text"]


@pytest.mark.parametrize("wrong", [{"text": ""}, {"more": 1}, {"blocks": []}, {"metadata": {}}])
def test_the_schema_refuses_other_bodies(wrong: dict[str, Any]) -> None:
    assert not SCHEMA.is_valid({**TOLD.body(plain), **wrong})


def test_secrets_are_taken_out_of_every_text() -> None:
    secret = "correct-horse-battery"
    hide = redaction.redactor(environment={"API_TOKEN": secret}).text
    told = Notification("failed", f"m {secret}", secret, 1, secret, secret, f"https://a:{secret}@h")
    assert secret not in json.dumps(told.body(hide))


def test_the_id_is_that_of_the_event() -> None:
    same = Notification("rolled back", "taxi", "In other words.", 17, "c0ffee", "production")
    assert same.id == TOLD.id
    others = [
        Notification("deployed", "taxi", "", 17, "c0ffee", "production"),
        Notification("rolled back", "taxi", "", 18, "c0ffee", "production"),
        Notification("rolled back", "taxi", "", 17, "c0ffee", "production", occasion="8"),
    ]
    assert len({TOLD.id, *(other.id for other in others)}) == 4


@pytest.mark.parametrize(
    ("statuses", "sent", "problem"),
    [
        ((200,), 1, ""),
        ((204,), 1, ""),
        ((500, 200), 2, ""),
        ((429, 503, 200), 3, ""),
        ((500,), 3, "status 500"),
        ((400,), 1, "status 400"),
        ((404,), 1, "status 404"),
        ((301,), 1, "status 301"),
        ((302,), 1, "status 302"),
        ((307,), 1, "status 307"),
        ((308,), 1, "status 308"),
    ],
)
def test_it_is_sent_again_where_it_was_not_taken_and_nowhere_else(
    statuses: tuple[int, ...], sent: int, problem: str
) -> None:
    with webhook(*statuses) as (url, received):
        found = send(TOLD, url, plain, pause=lambda _: None)
    assert bool(found) is bool(problem) and problem in found
    assert len(received) == sent and {path for path, *_ in received} == {SECRET}
    assert len({headers["Idempotency-Key"] for _, headers, _ in received}) == 1
    assert "hush" not in found


def hang(handler: Any) -> None:
    time.sleep(5)


def drip(handler: Any) -> None:
    """A byte now and then, so that no socket's timeout ever comes."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    for _ in range(50):
        try:
            handler.wfile.write(b"x")
        except OSError:
            return
        time.sleep(0.1)


def garbage(handler: Any) -> None:
    handler.wfile.write(b"\x00\xff" * 1000)


def cut(handler: Any) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("behaviour", [hang, drip, garbage, cut])
def test_a_hostile_receiver_delays_nothing_and_is_told_once(
    behaviour: Callable[[Any], None],
) -> None:
    with webhook(behaviour) as (url, received):
        began = time.monotonic()
        found = send(TOLD, url, plain, seconds=0.5)
        assert time.monotonic() - began < 1.5
    assert found and "hush" not in found
    assert len(received) == 1, "it may have taken the first"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/hush", "https://nowhere.invalid/hush", "ftp://host/hush", "hush",
        "file:///etc/hush", "http://[::1/hush", "http://host:port/hush", "https:///hush",
        "\x00hush",
    ],
)  # fmt: skip
def test_an_address_that_is_none_or_dead_is_told_without_it(url: str) -> None:
    found = send(TOLD, url, plain, seconds=2, pause=lambda _: None)
    assert found.startswith("The webhook") and "hush" not in found


def test_nobody_is_told_without_an_address() -> None:
    assert send(TOLD, "", plain) == ""
    assert notification.URL == "NOTIFICATION_URL"
