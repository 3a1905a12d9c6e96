"""What the smoke test makes of a server's predictions."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from serving.conformance import smoke
from serving.conformance.smoke import Expectations
from serving.core.errors import ServingError
from tests.helpers import bad_servers

ROWS = [{"x": 1.0}, {"x": 2.0}]


@pytest.mark.parametrize(
    ("predictions", "outputs", "failed"),
    [
        ([0.5, 0.25], {"y": [0.5, 0.25]}, set()),
        ([[0.5], [0.25]], {"y": [[0.5], [0.25]]}, set()),
        ([{"y": 0.5, "z": "a"}, {"y": 0.25, "z": "b"}], {"y": [0.5, 0.25], "z": ["a", "b"]}, set()),
        ([{"y": 0.5, "z": "a"}, {"y": 0.25, "z": "c"}], {"y": [0.5, 0.25], "z": ["a", "b"]}, {"z"}),
        ([0.5, 0.259], {"y": [0.5, 0.25]}, set()),
        ([0.5, 0.3], {"y": [0.5, 0.25]}, {"y"}),
        ([0.5], {"y": [0.5, 0.25]}, {"row"}),
        ({"y": 1}, {"y": [0.5, 0.25]}, {"row"}),
        ([0.5, None], {"y": [0.5, 0.25]}, {"null", "y"}),
        ([0.5, math.nan], {"y": [0.5, 0.25]}, {"null", "y", "range"}),
        ([0.5, True], {"y": [0.5, 1]}, {"y"}),
        ([True, False], {"y": [True, False]}, set()),
        ([0.5, "1"], {"y": [0.5, 1]}, {"y"}),
        ([[0.5, 0.5], [0.25, 0.25]], {"y": [[0.5], [0.25]]}, {"y"}),
        ([[0.5], [0.25]], {"y": [[0.5, 0.5], [0.25, 0.25]]}, {"y"}),
        ([0.5, 3.0], {"y": [0.5, 3.0]}, {"range"}),
        ([-3.0, 0.5], {"y": [-3.0, 0.5]}, {"range"}),
        ([0.5, 0.25], {"y": [0.5, 0.25], "z": [1, 2]}, {"names", ""}),
        ([{"y": 0.5}, {"y": 0.25}], {"z": [0.5, 0.25]}, {"names", "y"}),
        ([{"y": 0.5}, 0.25], {"y": [0.5, 0.25]}, {"null", "y"}),
    ],
)
def test_what_is_wrong_is_found(predictions: Any, outputs: Any, failed: set[str]) -> None:
    expected = Expectations(ROWS, outputs, smallest=-2, largest=2)
    checks = list(smoke._check_predictions(predictions, expected))
    words = {"row": "each row", "null": "no nulls", "range": "in range", "names": "expected names"}
    told = {words.get(name, f"'{name}' is what training") for name in failed}
    found = {check.name for check in checks if not check.ok}
    assert len(found) == len(told) and all(any(t in f for f in found) for t in told), found


@contextmanager
def server_of(loaded_after: int) -> Iterator[tuple[str, list[str]]]:
    """A server that has version 17 after some looks; and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self._answer(200, b'{"state": "AVAILABLE"}' if len(asked) > loaded_after else b"{}")

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            asked.append(self.path)
            self._answer(200, b'{"predictions": [0.5, 0.25]}')

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()


def test_a_version_is_waited_for_and_asked_whatever_the_traffic_gets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    expected = Expectations(ROWS, {"y": [0.5, 0.25]})
    with server_of(loaded_after=3) as (url, asked):
        smoke.wait_for(url, "taxi", 17, "", 60)
        assert len(asked) == 4
        assert all(check.ok for check in smoke.run(url, "taxi", expected, version=17))
    assert {path.partition(":")[0] for path in asked} == {"/v1/models/taxi/versions/17"}
    with server_of(loaded_after=10**6) as (url, asked):
        smoke.wait_for(url, "taxi", 17, "", 0.05)
        checks = {check.name: check.ok for check in smoke.run(url, "taxi", expected, version=17)}
    assert not checks["a version is available"], "it says so when it has waited for long enough"


def test_the_highest_version_that_has_answers_counts(tmp_path: Path) -> None:
    for version, value in (("9", 9), ("10", 10)):
        path = tmp_path / "taxi" / version / "assets.extra" / "known_answers.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"rows": [value], "outputs": {"y": [value]}, "more": 1}))
    (tmp_path / "taxi" / "11").mkdir()
    assert smoke.known_answers(tmp_path, "taxi") == {"rows": [10], "outputs": {"y": [10]}}


@pytest.mark.parametrize("content", ["{", "[]", '{"rows": []}', "null"])
def test_a_file_that_holds_no_answers_is_told(tmp_path: Path, content: str) -> None:
    path = tmp_path / "answers.json"
    path.write_text(content)
    with pytest.raises(ServingError, match="cannot be used"):
        smoke.read_answers(path)


@contextmanager
def scripted(state: str, status: int) -> Iterator[str]:
    """A server with a version in a state; it answers each row with 0.5, or with an error."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._send(200, {"model_version_status": [{"version": "1", "state": state}]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._send(status, {"predictions": [0.5] * len(body["instances"])})

        def _send(self, code: int, content: Any) -> None:
            text = json.dumps(content, separators=(",", ":")).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    ("state", "status", "latency_ms", "failed"),
    [
        ("AVAILABLE", 200, 5000, []),
        ("LOADING", 200, 5000, ["a version is available"]),
        ("AVAILABLE", 503, 5000, ["known rows are answered"]),
        ("AVAILABLE", 200, 0, ["latency"]),
    ],
)
def test_a_server_is_asked(state: str, status: int, latency_ms: float, failed: list[str]) -> None:
    expected = Expectations(ROWS, {"y": [0.5, 0.5]}, latency_ms=latency_ms)
    with scripted(state, status) as url:
        checks = list(smoke.run(url, "taxi", expected))
    assert [check.name for check in checks if not check.ok] == failed


@pytest.mark.parametrize("kind", sorted(bad_servers.SERVERS.keys() - bad_servers.SLOW))
def test_a_server_that_is_none_fails(kind: str) -> None:
    with bad_servers.SERVERS[kind]() as address:
        try:
            checks = list(smoke.run(address, "m", Expectations(ROWS, {"y": [0.5, 0.25]})))
        except ServingError as error:
            assert address in str(error) or address in error.message
            return
    assert not all(check.ok for check in checks)
    assert any(check.found for check in checks if not check.ok)


@pytest.mark.parametrize("url", ["127.0.0.1:8501", "localhost", "ftp://host", "http://", ""])
def test_what_is_no_url_is_told(url: str) -> None:
    with pytest.raises(ServingError, match="is no URL of a server"):
        list(smoke.run(url, "m", Expectations(ROWS, {})))
