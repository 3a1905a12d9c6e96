"""Servers that run, two of them on one serving folder in a bucket: a rollback, and the log."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from serving.release import uploads
from serving.release.stages import Release
from serving.release.store import Store
from tests.delivery.storage_server import Store as Bucket
from tests.helpers import small_model
from tests.helpers.model_server import Running, running

pytestmark = [pytest.mark.slow, pytest.mark.tfx]

PREDICT = "/v1/models/small:predict"
UNLUCKY = {"instances": [{"x": 5.0}]}
"""Version 2 fails for this one."""


def until(what: Callable[[], object], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.1)


@contextlib.contextmanager
def webhook() -> Iterator[tuple[str, list[Any]]]:
    told: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/hush", told
        server.shutdown()


def test_a_bad_canary_goes_everywhere_is_told_once_and_what_was_acknowledged_is_in_the_bucket(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store("gs://serving/small")
    for version, unlucky in ((1, 13.0), (2, 5.0)):
        small_model.write(tmp_path / "small" / str(version), weight=float(version), unlucky=unlucky)
    release = Release(store, "small", "ann")
    release.stage(str(tmp_path / "small" / "1"), "c0ffee")
    acknowledged: list[str] = []

    def ask(server: Running, path: str = PREDICT) -> int:
        answer = requests.post(server.url + path, json=UNLUCKY, timeout=30)
        if answer.headers.get("X-Request-Logged") == "true":
            acknowledged.append(answer.headers["X-Request-Id"])
        return answer.status_code

    def has(server: Running, version: int) -> bool:
        place = f"{server.url}/v1/models/small/versions/{version}"
        return '"AVAILABLE"' in requests.get(place, timeout=30).text

    follow = ("--grpc-port", "-1", "--bucket", "gs://serving/small")
    with webhook() as (url, told):
        monkeypatch.setenv("NOTIFICATION_URL", url)
        with running(tmp_path / "a", *follow) as one, running(tmp_path / "b", *follow) as two:
            assert ask(one) == 200
            release.stage(str(tmp_path / "small" / "2"), "c0ffee")
            until(lambda: all(has(server, 2) for server in (one, two)))
            release.begin(2, 0.5)
            # Each needs a hundred requests of both versions before it judges.
            until(lambda: [ask(server) for _ in range(20) for server in (one, two)]
                  and release.look(2).stage == "rolled back")  # fmt: skip
            until(lambda: {ask(server) for server in (one, two) for _ in range(20)} == {200})
            until(lambda: told)
            # One is killed: what is lost is what it acknowledged since its last upload.
            time.sleep(2 * uploads.SECONDS)
            os.kill(one.process.pid, signal.SIGKILL)
            last = [ask(two) for _ in range(5)]
            assert last == [200] * 5
        (message,) = told
    assert message["metadata"]["event_payload"]["event"] == "rolled back"
    assert "hush" not in json.dumps(message)
    logged: list[str] = []
    for (_, name), content in bucket.objects.items():
        if "/.request_log/" in name:
            (tmp_path / "part.sqlite").write_bytes(content)
            with contextlib.closing(sqlite3.connect(tmp_path / "part.sqlite")) as part:
                logged += [row[0] for row in part.execute("SELECT id FROM requests")]
    assert len(acknowledged) > 200 and set(acknowledged) <= set(logged)
    assert len(logged) == len(set(logged))
