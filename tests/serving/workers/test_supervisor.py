"""Several processes as one server: from outside, under load."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
import requests
from tensorflow_serving.apis import get_model_status_pb2

from serving.request_log import database
from serving.routing import changes, compare, state
from tests.helpers import small_model
from tests.helpers.grpc_in_process import model_service
from tests.helpers.model_server import Running, running
from tests.helpers.paths import ROOT

pytestmark = pytest.mark.slow

PREDICT = "/v1/models/small:predict"
BODY = '{"instances": [{"x": 1}]}'
METRICS = "/monitoring/prometheus/metrics"


class Load:
    """Clients that ask all the time, half of them with a new connection for each request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: list[tuple[str, str | None, float]] = []
        """Status, or what went wrong; version; when."""
        self.logged: list[str] = []
        """Ids of requests that were acknowledged as logged."""
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(n % 2 == 0,)) for n in range(4)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(60)

    def _ask(self, keeps: bool) -> None:
        session = requests.Session()
        while not self._end.wait(0.02):
            try:
                post = session.post if keeps else requests.post
                answer = post(f"{self.url}{PREDICT}", data=BODY, timeout=30)
                headers = answer.headers
                self.answers.append(
                    (str(answer.status_code), headers.get("X-Model-Version"), time.monotonic())
                )
                if headers.get("X-Request-Logged") == "true":
                    self.logged.append(headers["X-Request-Id"])
            except requests.RequestException as error:
                self.answers.append((type(error).__name__, None, time.monotonic()))

    @property
    def statuses(self) -> Counter[str]:
        return Counter(status for status, _, _ in self.answers)


def wait_until(condition: Callable[[], object], seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def workers(server: Running) -> list[int]:
    """The process ids of a server's workers."""
    listed = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    return sorted(map(int, listed.split()))


def ready(server: Running) -> list[str] | None:
    """None once it is ready, else why not."""
    answer = requests.get(f"{server.url}/readyz", timeout=30)
    reasons: list[str] = answer.json()["reasons"]
    return reasons if answer.status_code != 200 else None


def metric(server: Running, name: str) -> float:
    text = requests.get(f"{server.url}{METRICS}", timeout=30).text
    values = [line.rsplit(" ", 1) for line in text.splitlines() if line.startswith(name)]
    return sum(float(value) for _, value in values)


def logged_ids(models: Path) -> list[str]:
    """The ids of all entries, as an export reads them."""
    files = database.files(models / ".request_log")
    return [entry.id for file in files for _, entry in database.read(file)]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    small_model.write(folder / "small" / "1")
    small_model.write(folder / "small" / "2", weight=3.0)
    small_model.write(folder / "small" / "3", unlucky=1.0)
    (folder / "models.config").write_text(
        'model_config_list { config { name: "small" base_path: "/models/small" '
        "model_platform: 'tensorflow' model_version_policy { specific { versions: 2 } } } }"
    )
    return folder


@pytest.fixture(scope="module")
def server(models: Path) -> Iterator[Running]:
    """Two workers; the tests of this file use it in their order."""
    with running(models, "--workers", "2", "--drain", "0.3") as started:
        yield started


def test_what_is_counted_is_the_sum_whoever_is_asked(server: Running) -> None:
    count = ':tensorflow:serving:request_count{model_name="small",status="OK"}'
    for _ in range(60):  # A connection for each, so that both workers get some.
        assert requests.post(f"{server.url}{PREDICT}", data=BODY, timeout=30).status_code == 200
    assert {metric(server, count) for _ in range(8)} == {60}
    assert metric(server, "serving_workers") == 2
    ids = {requests.get(f"{server.url}/healthz", timeout=30).headers["X-Request-Id"].split("-")[0]
           for _ in range(40)}  # fmt: skip
    assert len(ids) == 2, "both answer"
    assert ready(server) is None


def test_a_canary_is_shared_out_and_judged_once_on_all_requests(
    server: Running, models: Path
) -> None:
    changes.promote(models, "small", 1, "ann", "")
    with Load(server.url) as load:
        wait_until(lambda: load.answers and load.answers[-1][1] == "1")
        time.sleep(0.5)
        # All workers begin at once: nobody gets the version before after that.
        versions = [version for _, version, _ in load.answers]
        first = versions.index("1")
        assert "2" not in versions[first + 8 :]
        changes.canary(models, "small", 2, 0.4, 0, "ann", "")
        wait_until(lambda: load.answers[-1][1] == "2")
        time.sleep(1)
    assert set(load.statuses) == {"200"}
    asked = 400
    sticky: Counter[tuple[str, str]] = Counter()
    for number in range(asked):
        key = f"user {number % 20}"
        answer = requests.post(
            f"{server.url}{PREDICT}", data=BODY, headers={"X-Routing-Key": key}, timeout=30
        )
        sticky[key, answer.headers["X-Model-Version"]] += 1
    assert len(sticky) == 20, "whichever worker is asked"
    seen = metric(server, "serving_variant_requests")

    def observed() -> compare.Comparison:
        return compare.compare(models, "small")[0]

    wait_until(lambda: observed().stable.requests + observed().other.requests == seen, 10)
    told = observed()
    # One observation for each key, whichever worker has seen it.
    routed = sum(version is not None for _, version, _ in load.answers)
    assert told.stable.counts["errors"].observed + told.other.counts["errors"].observed <= (
        routed + 20
    )


def test_a_bad_canary_is_rolled_back_once(server: Running, models: Path) -> None:
    """By what both workers have seen together."""
    changes.canary(models, "small", 3, 0.5, 0, "ann", "")
    wait_until(lambda: _state(server, 3) == 30)
    changes.route(models, "small", {"rollback": {"min_requests": 100}}, "ann", "")

    def automatic() -> list[state.Event]:
        return [each for each in state.read(models).events if each.by == "automatic"]

    answered = 0
    while not automatic() and answered < 2000:
        answered += 1
        requests.post(f"{server.url}{PREDICT}", data=BODY, timeout=30)
    # At half a share two hundred requests are a hundred of each; alone, a worker needed four.
    assert 200 - 40 < answered < 350
    time.sleep(1.5)
    assert [(each.action, each.previous) for each in automatic()] == [("rollback", 3)]
    answers = [requests.post(f"{server.url}{PREDICT}", data=BODY, timeout=30) for _ in range(30)]
    assert {each.headers["X-Model-Version"] for each in answers} == {"1"}


def test_a_reload_holds_for_all_when_it_is_answered(server: Running, models: Path) -> None:
    changes.promote(models, "small", 1, "ann", "")
    wait_until(lambda: _state(server, 1) == 30)
    from tensorflow_serving.apis import model_management_pb2

    request = model_management_pb2.ReloadConfigRequest()
    config = request.config.model_config_list.config.add(name="small", base_path="/models/small")
    config.model_version_policy.specific.versions.append(1)
    config.version_labels["blue"] = 1
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        stub = model_service(channel)
        assert stub.HandleReloadConfigRequest(request, timeout=30).status.error_code == 0
    url = f"{server.url}/v1/models/small/labels/blue:predict"
    assert {requests.post(url, data=BODY, timeout=30).status_code for _ in range(20)} == {200}


def _state(server: Running, version: int) -> int:
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "small"
    request.model_spec.version.value = version
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel:
        try:
            told = model_service(channel).GetModelStatus(request)
        except grpc.RpcError:
            return 0
    return int(told.model_version_status[0].state)


def test_a_worker_that_is_killed_is_started_again(server: Running, models: Path) -> None:
    before = workers(server)
    with Load(server.url) as load:
        time.sleep(0.5)
        os.kill(before[0], signal.SIGKILL)
        wait_until(lambda: ready(server) is not None)
        assert "Worker" in str(ready(server))
        wait_until(lambda: ready(server) is None)
        time.sleep(0.3)
    assert before[0] not in workers(server)
    ended = server.event("worker ended")
    assert ended
    assert ended["status"] == "SIGKILL"
    assert metric(server, "serving_worker_restarts") == 1
    # Nothing but what it was answering is lost, and no connection refused.
    lost = len(load.answers) - load.statuses["200"]
    assert lost <= 4
    wait_until(lambda: set(load.logged) <= set(logged_ids(models)), 10)


def _serve(models: Path, versions: str) -> None:
    (models / "models.config").write_text(
        'model_config_list { config { name: "small" base_path: "/models/small" '
        f"model_platform: 'tensorflow' model_version_policy {{ specific {{ {versions} }} }} }} }}"
    )


def test_a_worker_that_comes_before_others_have_dropped_a_version_listens_after_that(
    tmp_path: Path,
) -> None:
    small_model.write(tmp_path / "small" / "1")
    small_model.write(tmp_path / "small" / "2", weight=3.0)
    _serve(tmp_path, "versions: 1 versions: 2")
    with running(tmp_path, "--workers", "2") as server:
        old, slow = workers(server)
        # As one that is busy: it still serves 2 when the other has learnt that nobody is to.
        os.kill(slow, signal.SIGSTOP)
        _serve(tmp_path, "versions: 1")
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: server.event("worker started again"))
        before = len(server.events)
        wait_until(lambda: any(
            event["event"] == "version available" for event in server.events[before:]
        ))  # fmt: skip
        time.sleep(1)
        os.kill(slow, signal.SIGCONT)
        wait_until(lambda: ready(server) is None, 60)


def test_a_rolling_restart_loses_nothing(server: Running, models: Path) -> None:
    before = workers(server)
    with Load(server.url) as load:
        server.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: server.event("rolling restart done"))
        wait_until(lambda: len(workers(server)) == 2)
    assert not set(before) & set(workers(server))
    assert set(load.statuses) == {"200"}
    assert metric(server, "serving_worker_restarts") == 1, "this one was wanted"


def test_sigterm_answers_what_was_accepted_and_every_answer_is_in_the_log(
    server: Running, models: Path
) -> None:
    with Load(server.url) as load:
        time.sleep(0.5)
        server.process.terminate()
        assert server.process.wait(30) == 0
    statuses = load.statuses
    assert set(statuses) <= {"200", "ConnectionError"}, "answered, or not accepted"
    ids = logged_ids(models)
    assert len(ids) == len(set(ids))
    assert set(load.logged) <= set(ids)
    with contextlib.closing(sqlite3.connect(database.files(models / ".request_log")[0])) as one:
        assert one.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_the_workers_end_with_their_supervisor(tmp_path: Path) -> None:
    """And a mistake that each of them finds is told by the first, with its exit status."""
    small_model.write(tmp_path / "small" / "1")
    with running(tmp_path, "--workers", "2", ready=False) as server:
        found = workers(server)
        assert len(found) == 2
        server.process.kill()
        wait_until(lambda: not any(Path(f"/proc/{pid}/stat").exists() for pid in found))


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--tls-key", "nothing.pem"], "and no certificate"),
        (["--upstream", "http://127.0.0.1:1"], "--workers 2"),
        (["--bucket", "gs://bucket/folder"], "--workers 2"),
        (["--rest-port", "70000"], "Cannot listen"),
    ],
)
def test_mistakes_are_told_before_a_worker_starts(
    tmp_path: Path, options: list[str], told: str
) -> None:
    command = [sys.executable, "-m", "serving", "up", "--models", str(tmp_path), "--workers", "2"]
    done = subprocess.run(
        [*command, "--grpc-port", "-1", *options], cwd=ROOT, capture_output=True, text=True,
        timeout=60,
    )  # fmt: skip
    assert done.returncode == 2
    assert told.lower() in done.stderr.lower()
    assert "Traceback" not in done.stderr
