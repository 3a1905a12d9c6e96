"""Routing and the request log in servers that run: the embedded one, and one before another."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests

from serving.conformance import runner
from serving.request_log import database
from serving.routing import changes, compare, state
from tests.helpers import small_model
from tests.helpers.model_server import Running, running

pytestmark = [pytest.mark.slow, pytest.mark.tfx]

ROW = {"instances": [{"x": 1.0}]}
PREDICT = "/v1/models/small:predict"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`small` in two versions; the second answers with three times what the first does."""
    folder = tmp_path_factory.mktemp("traffic")
    small_model.write(folder / "small" / "1", weight=1.0)
    small_model.write(folder / "small" / "2", weight=3.0)
    changes.canary(folder, "small", 2, 0.5, 0, "ann", "")
    return folder


@pytest.fixture(scope="module")
def embedded(models: Path) -> Iterator[Running]:
    with running(models, "--grpc-port", "-1") as server:
        yield server


@pytest.fixture(scope="module")
def forwarding(embedded: Running, models: Path) -> Iterator[Running]:
    with running(models, "--upstream", embedded.url) as server:
        yield server


@pytest.fixture(params=["embedded", "forwarding"])
def either(request: pytest.FixtureRequest) -> Running:
    return request.getfixturevalue(request.param)


def ask(server: Running, path: str = PREDICT, **headers: str) -> requests.Response:
    return requests.post(server.url + path, json=ROW, headers=headers, timeout=30)


def answered(response: requests.Response) -> tuple[str, float]:
    (prediction,) = response.json()["predictions"]
    return response.headers["X-Model-Version"], prediction["y"][0]


def wait_until(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_keys_stick_to_their_version(either: Running) -> None:
    chosen = [
        {user: answered(ask(either, **{"X-Routing-Key": f"user-{user}"})) for user in range(30)}
        for _ in range(2)
    ]
    assert chosen[0] == chosen[1]
    assert set(chosen[0].values()) == {("1", 1.0), ("2", 3.0)}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/models/small/versions/1:predict", ("1", 1.0)),
        ("/v1/models/small/labels/canary:predict", ("2", 3.0)),
    ],
)
def test_who_names_a_version_or_label_gets_it(
    either: Running, path: str, expected: tuple[str, float]
) -> None:
    assert answered(ask(either, path)) == expected


def test_what_is_logged_says_who_answered(either: Running, models: Path) -> None:
    # On a busy machine an answer goes out before its entry is stored, and says so.
    for number in range(50):
        name = f"mine-{either.rest_port}-{number}"
        response = ask(either, **{"X-Request-Id": name})
        if response.headers["X-Request-Logged"] == "true":
            break
    log = models / ".request_log"
    entries = [e for path in database.files(log) for _, e in database.read(path)]
    (entry,) = [e for e in entries if e.id == name]
    assert (str(entry.version), entry.label) in {("1", "stable"), ("2", "canary")}
    assert str(entry.version) == response.headers["X-Model-Version"]
    assert entry.response == response.content and entry.status == 200


def test_compare_and_mirror_see_the_traffic(models: Path, forwarding: Running) -> None:
    changes.route(models, "small", {"canary_share": 0.3, "mirror_share": 1.0}, "ann", "")
    time.sleep(1)  # Both servers have read it.
    versions = Counter(answered(ask(forwarding))[0] for _ in range(400))
    assert versions["1"] > versions["2"] > 0
    wait_until(lambda: len(compare.compare(models, "small")) == 2)
    wait_until(lambda: min(one.other.requests for one in compare.compare(models, "small")) >= 30)
    wait_until(lambda: compare.compare(models, "small")[0].stable.requests >= 60)

    def differ() -> list[set[str]]:
        compared = compare.compare(models, "small")
        return [{d.name for d in one.differences if d.significant} for one in compared]

    wait_until(lambda: all("y" in names for names in differ()))
    assert not any("errors" in names for names in differ())


def test_the_table_of_conformance_holds_through_a_forwarding_server(
    server: Running, conformance_models: Path
) -> None:
    with running(conformance_models, "--upstream", server.url) as forwarding:
        problems = [outcome for outcome in runner.run(forwarding.url, "") if outcome.problem]
    assert not problems


class _Upstream(BaseHTTPRequestHandler):
    """Answers whatever it is asked, and closes the connection without saying so."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def upstream(port: int = 0) -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", port), _Upstream) as other:
        threading.Thread(target=other.serve_forever, args=(0.01,), daemon=True).start()
        yield other
        other.shutdown()


def test_an_upstream_that_is_gone_is_told_and_found_again(tmp_path: Path) -> None:
    with upstream() as other:
        port = other.server_port
        starting = running(tmp_path, "--upstream", f"http://127.0.0.1:{port}")
        forwarding = starting.__enter__()
        assert ask(forwarding).status_code == 200
    try:
        response = ask(forwarding)
        assert response.status_code == 503
        assert "cannot be asked" in response.json()["error"]
        assert requests.get(f"{forwarding.url}/readyz", timeout=10).status_code == 503
        with upstream(port):
            assert ask(forwarding).status_code == 200
    finally:
        starting.__exit__(None, None, None)


def test_what_clients_were_told_is_stored_survives_a_kill(models: Path) -> None:
    told: list[str] = []

    def client(name: int) -> None:
        session = requests.Session()
        number = 0
        while True:
            number += 1
            headers = {"X-Request-Id": f"kill-{name}-{number}"}
            try:
                response = session.post(server.url + PREDICT, json=ROW, headers=headers, timeout=30)
            except requests.RequestException:
                return
            if response.headers["X-Request-Logged"] == "true":
                told.append(response.headers["X-Request-Id"])

    with running(models, "--grpc-port", "-1") as server:
        clients = [threading.Thread(target=client, args=(name,)) for name in range(8)]
        for thread in clients:
            thread.start()
        wait_until(lambda: len(told) > 300)
        os.kill(server.process.pid, signal.SIGKILL)
        for thread in clients:
            thread.join()
    log = models / ".request_log"
    stored = {e.id for path in database.files(log) for _, e in database.read(path)}
    assert len(told) > 300 and set(told) <= stored


def test_a_failing_canary_is_taken_out_under_load(tmp_path: Path) -> None:
    small_model.write(tmp_path / "small" / "1")
    small_model.write(tmp_path / "small" / "2", unlucky=1.0)
    changes.canary(tmp_path, "small", 2, 0.5, 0, "ann", "")
    changes.route(tmp_path, "small", {"rollback": {"min_requests": 20}}, "ann", "")
    with running(tmp_path, "--grpc-port", "-1") as server:
        users = (f"user-{number}" for number in range(10_000))
        while state.read(tmp_path).events[-1].action != "rollback":
            # What the canary alone refuses is its own mistake.
            headers = {"X-Routing-Key": next(users)}
            requests.post(server.url + PREDICT, json=ROW, headers=headers, timeout=30)
        event = state.read(tmp_path).events[-1]
        assert (event.action, event.by) == ("rollback", "automatic")
        assert "requests failed" in event.why
        answers = {ask(server).headers["X-Model-Version"] for _ in range(50)}
        assert answers == {"1"}
