"""What a server refuses, and that it answers what it has accepted."""

import gzip
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
import requests

from tests.helpers.model_server import Running, running
from tests.helpers.paths import ROOT

pytestmark = pytest.mark.slow

ROW = b'{"instances": [[1.0]]}'
PREDICT = "/v1/models/half_plus_two:predict"
TOKEN = "a secret of the test"


@pytest.fixture(scope="module")
def limited(
    conformance_models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    token = tmp_path_factory.mktemp("token") / "token"
    token.write_text(f"{TOKEN}\n")
    options = ("--max-body", "1", "--max-rows", "10", "--token-file", str(token))
    with running(conformance_models, *options) as started:
        yield started


def post(server: Running, body: bytes, **headers: str) -> requests.Response:
    headers = {"Authorization": f"Bearer {TOKEN}", **headers}
    return requests.post(f"{server.url}{PREDICT}", data=body, headers=headers, timeout=30)


@pytest.mark.parametrize(
    ("body", "headers", "status", "told"),
    [
        (ROW, {}, 200, "2.5"),
        (ROW, {"Authorization": "Bearer wrong"}, 401, "Authorization"),
        (b" " * (2**20 + 1), {}, 413, "longer than 1048576 bytes"),
        (gzip.compress(b" " * 2**26, mtime=0), {"Content-Encoding": "gzip"}, 413, "longer than"),
        (gzip.compress(ROW, mtime=0)[:-9], {"Content-Encoding": "gzip"}, 400, "ends too early"),
        (ROW, {"Content-Encoding": "br"}, 415, "br is not supported"),
        (b'{"instances": [%s]}' % b",".join([b"1.0"] * 11), {}, 400, "Task size 11"),
        (b'{"instances": %s}' % (b"[" * 5000), {}, 400, "JSON Parse error"),
        (b'{"instances": [%sNaN%s]}' % (b"[" * 500, b"]" * 500), {}, 400, "dimensions"),
    ],
)
def test_a_request_beyond_a_limit_is_refused(
    limited: Running, body: bytes, headers: dict[str, str], status: int, told: str
) -> None:
    answer = post(limited, body, **headers)
    assert (answer.status_code, told in answer.text) == (status, True), answer.text


def test_health_needs_no_token_and_metrics_do(limited: Running) -> None:
    for path, status in (("/healthz", 200), ("/readyz", 200), ("/models", 401), ("/", 200)):
        assert requests.get(f"{limited.url}{path}", timeout=10).status_code == status
    path = "/monitoring/prometheus/metrics"
    assert requests.get(f"{limited.url}{path}", timeout=10).status_code == 401


def test_a_full_queue_and_a_late_answer(conformance_models: Path) -> None:
    with running(conformance_models, "--max-queue", "0") as server:
        answer = post(server, ROW)
        assert (answer.status_code, "queue" in answer.text) == (429, True)
    with running(conformance_models, "--timeout", "0") as server:
        answer = post(server, ROW)
        assert (answer.status_code, "in time" in answer.text) == (504, True)
        counted = requests.get(f"{server.url}/monitoring/prometheus/metrics", timeout=10).text
        name = ":tensorflow:serving:request_count"
        assert f'{name}{{model_name="half_plus_two",status="DEADLINE_EXCEEDED"}} 1' in counted


def test_a_stop_answers_what_was_accepted(conformance_models: Path) -> None:
    statuses: list[int] = []
    failures: list[str] = []

    def ask(server: Running, session: requests.Session) -> None:
        try:
            while True:
                answer = session.post(f"{server.url}{PREDICT}", data=ROW, timeout=10)
                statuses.append(answer.status_code)
        except requests.ConnectionError as error:
            # A request that was read gets an answer; the next finds no server.
            if "refused" not in str(error) and "Connection aborted" not in str(error):
                failures.append(str(error))

    with running(conformance_models) as server:
        threads = [
            threading.Thread(target=ask, args=(server, requests.Session())) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        while len(statuses) < 50:
            pass
        server.process.terminate()
        for thread in threads:
            thread.join()
        assert server.process.wait(30) == 0
    assert set(statuses) == {200}
    assert not failures
    assert server.event("stopped")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--models", "nowhere"], "There is no folder nowhere"),
        (["--models", "docs", "--token-file", "nothing"], "The token file nothing cannot be read"),
    ],
)
def test_a_mistake_is_told_in_words(arguments: list[str], told: str) -> None:
    command = [sys.executable, "-m", "serving", "up", *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {told}")


def test_a_port_that_is_taken_is_told_in_words(server: Running) -> None:
    command = [
        sys.executable, "-m", "serving", "up", "--models", "docs",
        "--rest-port", str(server.rest_port), "--grpc-port", "-1",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"error: Cannot listen on 127.0.0.1, port {server.rest_port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_tls_on_both_ports(conformance_models: Path, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = [
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1",
        "-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost",
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    options = ("--tls-key", str(key), "--tls-certificate", str(certificate))
    with running(conformance_models, *options, ready=False) as server:
        place = f"https://localhost:{server.rest_port}"
        for _ in range(100):
            status = requests.get(f"{place}/readyz", verify=str(certificate), timeout=10)
            if status.status_code == 200:
                break
            time.sleep(0.1)
        answer = requests.post(place + PREDICT, data=ROW, verify=str(certificate), timeout=10)
        assert answer.json() == {"predictions": [[2.5]]}
        credentials = grpc.ssl_channel_credentials(certificate.read_bytes())
        with grpc.secure_channel(f"localhost:{server.grpc_port}", credentials) as channel:
            grpc.channel_ready_future(channel).result(20)
