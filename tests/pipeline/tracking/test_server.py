"""A Neptune server that refuses, hangs or answers nonsense costs a warning and nothing else."""

from __future__ import annotations

import base64
import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from pipeline.tracking import TOKEN, neptune_record
from pipeline.tracking.neptune_fields import Snapshot
from pipeline.tracking.server import Server
from tests.helpers import bad_servers, neptune_server

pytestmark = pytest.mark.slow


def token(address: str) -> str:
    """What Neptune's settings page gives: the server's address and a key, as base64 of JSON."""
    content = {"api_address": address, "api_url": address, "api_key": "0123456789"}
    return base64.b64encode(json.dumps(content).encode()).decode()


@contextmanager
def answering(status: int, kind: str, body: str) -> Iterator[str]:
    """The address of a server that gives the same answer to everything."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        do_POST = do_GET  # noqa: N815 (the standard library's naming)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextmanager
def refusing() -> Iterator[str]:
    """An address at which nobody listens."""
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        port = server.server_address[1]
    yield f"http://127.0.0.1:{port}"


SERVERS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "refuses": refusing,
    "answers HTML": lambda: answering(200, "text/html", "<html>Welcome</html>"),
    "answers 503": lambda: answering(503, "text/plain", "busy"),
    "answers 401": lambda: answering(401, "application/json", '{"code": 401}'),
}


TRIED = ["an empty answer", "JSON of another service", "a redirection to a login page", "403"]
"""Of the table of bad servers, what those above do not show; each takes seconds."""


@pytest.fixture
def printed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], str]:
    """What a whole life of a server's copy prints, for a token."""
    monkeypatch.setattr(Server, "PATIENCE", 6.0)
    monkeypatch.setenv("NEPTUNE_PROJECT", "team/taxi")
    monkeypatch.delenv("NEPTUNE_MODE", raising=False)
    monkeypatch.chdir(tmp_path)

    def printed(value: str) -> str:
        monkeypatch.setenv(TOKEN, value)
        began = time.monotonic()
        server = Server("taxi-1", "taxi")
        snapshot = Snapshot(fields={"a": 1}, series={}, files={}, over=True)
        for _ in range(3):
            server.update(snapshot)
            server.warn()
        assert time.monotonic() - began < Server.PATIENCE, "nothing waits for the server"
        server.close(failed=False)
        return capsys.readouterr().out

    return printed


@pytest.mark.parametrize("kind", SERVERS)
def test_a_bad_server(printed: Callable[[str], str], kind: str) -> None:
    with SERVERS[kind]() as address:
        lines = printed(token(address)).splitlines()
    warnings = [line for line in lines if line.startswith("warning: ")]
    assert len(warnings) == 1
    assert warnings[0].startswith("warning: Neptune did not ")
    assert "recorded in its folder alone" in warnings[0]


@pytest.mark.parametrize("value", ["garbage", "", "e30=", base64.b64encode(b"\xff").decode()])
def test_a_garbage_token(printed: Callable[[str], str], value: str) -> None:
    out = printed(value)
    assert out.count("warning: Neptune did not ") == 1
    assert "Traceback" not in out


@pytest.mark.parametrize("kind", TRIED)
def test_a_server_of_another_kind(printed: Callable[[str], str], kind: str) -> None:
    with bad_servers.SERVERS[kind]() as address:
        out = printed(token(address))
    assert out.count("warning: Neptune did not ") == 1
    assert "recorded in its folder alone" in out and "Traceback" not in out


def test_a_server_that_forgets_what_it_took(
    printed: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.setattr(neptune_record, "_STOP", 1.0)
    monkeypatch.setattr(Server, "PATIENCE", 60.0)  # It is not slowness that is told of.
    forget = staticmethod(lambda *_: None)
    monkeypatch.setattr(neptune_server._Handler, "_take", forget)
    with neptune_server.running() as neptune:
        out = printed(neptune.token)
    assert "warning: Neptune did not take the run: ValueError it does not know the run's end" in out


def test_a_good_server_gets_the_whole_record(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NEPTUNE_PROJECT", "team/taxi")
    monkeypatch.delenv("NEPTUNE_MODE", raising=False)
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")  # There is no certificate.
    monkeypatch.chdir(tmp_path)
    report = tmp_path / "report.html"
    report.write_text("<p>all is well</p>")
    states = [
        Snapshot({"run/status": "running"}, {"training/train/loss": [0.5]}, {}, over=False),
        Snapshot(
            {"run/status": "pushed", "data/rows/train": 7, "metrics/overall/AUC/value": 0.875},
            {"training/train/loss": [0.5, 0.25]},
            {"files/report.html": report},
            over=True,
        ),
    ]
    with neptune_server.running() as neptune:
        monkeypatch.setenv(TOKEN, neptune.token)
        server = Server("taxi-1", "taxi")
        for state in states:
            server.update(state)
        server.close(failed=False)
        received = neptune.received
    assert "warning" not in capsys.readouterr().out
    assert len(received.runs) == 1 and received.runs[0]["customId"] == "taxi-1"
    assert received.fields.items() >= {**states[1].fields, "run/complete": True}.items()
    assert received.fields["sys/name"] == "taxi-1"
    assert received.series == {"training/train/loss": [0.5, 0.25]}
    assert received.files == {"files/report.html": b"<p>all is well</p>"}
