"""A server's start and end, as a balancer and whoever runs it see them."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

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


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Running]]:
    """Two of one folder, begun at once, as a start takes seconds."""
    models = tmp_path_factory.mktemp("models")
    small_model.write(models / "small" / "1")
    (models / "request_log.yaml").write_text("redact: [nmae, x]\nmodels: {smal: {}}")
    with contextlib.ExitStack() as stack:
        with ThreadPoolExecutor() as pool:
            starts = [running(models, "--drain", "1.5") for _ in range(2)]
            begun = list(pool.map(stack.enter_context, starts))
        yield begun


def test_no_request_is_refused_when_one_of_two_servers_is_taken_out(servers: list[Running]) -> None:
    """The step of which a rolling restart consists."""
    with Balancer(servers) as balancer:
        time.sleep(0.5)
        servers[0].process.terminate()
        assert servers[0].process.wait(20) == 0
        before = len(balancer.answers)
        time.sleep(0.5)
    assert len(balancer.answers) > before > 20
    assert set(balancer.answers) == {"200"}


def test_names_of_the_request_log_that_no_model_has_are_warned_of(servers: list[Running]) -> None:
    server = servers[1]
    metrics = requests.get(f"{server.url}/monitoring/prometheus/metrics", timeout=10).text
    assert "serving_request_log_unknown_names 2" in metrics
    told = {str(event.get("error")) for event in server.events if event["level"] == "warning"}
    assert "redact: no model has a feature 'nmae'; did you mean 'name'?" in told
    assert "models: there is no model 'smal'; did you mean 'small'?" in told
