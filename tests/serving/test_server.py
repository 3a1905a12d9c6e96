"""A server's start and end, as a balancer and whoever runs it see them."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.helpers import small_model
from tests.helpers.model_server import Running, running

pytestmark = pytest.mark.slow


class Balancer:
    """Sends requests in turn to the servers that said last that they are ready, from clients that
    open a connection for each; a server that has just stopped is asked until the next look.
    """

    def __init__(self, servers: list[Running]) -> None:
        self.servers = servers
        self.answers: list[str] = []
        self._ready: list[Running] = []
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._look)] + [
            threading.Thread(target=self._ask, args=(number,)) for number in range(2)
        ]

    def __enter__(self) -> Balancer:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join(30)

    def _look(self) -> None:
        while not self._end.wait(0.2):
            ready = []
            for server in self.servers:
                with contextlib.suppress(requests.RequestException):
                    if requests.get(f"{server.url}/readyz", timeout=5).status_code == 200:
                        ready.append(server)
            self._ready = ready

    def _ask(self, turn: int) -> None:
        while not self._end.is_set():
            time.sleep(0.005)
            ready = self._ready
            if not ready:
                continue
            turn += 1
            url = f"{ready[turn % len(ready)].url}/v1/models/small:predict"
            try:
                answer = requests.post(url, data='{"instances": [{"x": 1}]}', timeout=20)
                self.answers.append(str(answer.status_code))
            except requests.RequestException as error:
                self.answers.append(type(error).__name__)


def test_no_request_is_refused_when_one_of_two_servers_is_taken_out(tmp_path: Path) -> None:
    """The step of which a rolling restart consists."""
    small_model.write(tmp_path / "small" / "1")
    with contextlib.ExitStack() as stack:
        with ThreadPoolExecutor() as pool:  # Both at once, as a start takes seconds.
            starts = [running(tmp_path, "--drain", "1.5") for _ in range(2)]
            servers = list(pool.map(stack.enter_context, starts))
        with Balancer(servers) as balancer:
            time.sleep(0.5)
            servers[0].process.terminate()
            assert servers[0].process.wait(20) == 0
            before = len(balancer.answers)
            time.sleep(0.5)
    assert len(balancer.answers) > before > 20
    assert set(balancer.answers) == {"200"}


def test_names_of_the_request_log_that_no_model_has_are_warned_of(tmp_path: Path) -> None:
    small_model.write(tmp_path / "small" / "1")
    (tmp_path / "request_log.yaml").write_text("redact: [nmae, x]\nmodels: {smal: {}}")
    with running(tmp_path) as server:
        metrics = requests.get(f"{server.url}/monitoring/prometheus/metrics", timeout=10).text
        assert "serving_request_log_unknown_names 2" in metrics
    told = {str(event.get("error")) for event in server.events if event["level"] == "warning"}
    assert "redact: no model has a feature 'nmae'; did you mean 'name'?" in told
    assert "models: there is no model 'smal'; did you mean 'small'?" in told
