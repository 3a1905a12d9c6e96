"""Workers that are forked when an engine asks, and told of when they do not come up."""

from __future__ import annotations

import importlib
import multiprocessing
from concurrent import futures

import grpc
import pytest
from apache_beam.portability.api import (
    beam_fn_api_pb2,
    beam_fn_api_pb2_grpc,
    endpoints_pb2,
)

from pipeline import worker_pool
from pipeline.worker_pool import Pool

pytestmark = [pytest.mark.tfx, pytest.mark.slow]


class Control(beam_fn_api_pb2_grpc.BeamFnControlServicer):
    """What an engine has for workers to ask for work: none, until they end."""

    def __init__(self) -> None:
        self.asked: futures.Future[str] = futures.Future()

    def Control(self, responses: object, context: grpc.ServicerContext) -> object:  # noqa: N802
        self.asked.set_result(dict(context.invocation_metadata())["worker_id"])
        return iter(responses)  # type: ignore[call-overload]


def request(url: str) -> beam_fn_api_pb2.StartWorkerRequest:
    endpoint = endpoints_pb2.ApiServiceDescriptor(url=url)
    return beam_fn_api_pb2.StartWorkerRequest(worker_id="7", control_endpoint=endpoint)


def test_a_worker_asks_for_work_until_it_is_stopped() -> None:
    control = Control()
    server = grpc.server(futures.ThreadPoolExecutor(4))
    beam_fn_api_pb2_grpc.add_BeamFnControlServicer_to_server(control, server)
    port = server.add_insecure_port("localhost:0")
    server.start()
    pool = Pool()
    try:
        assert pool.StartWorker(request(f"localhost:{port}"), None).error == ""
        assert control.asked.result(60) == "7"
        [process] = pool._processes.values()
        pool.StopWorker(beam_fn_api_pb2.StopWorkerRequest(worker_id="7"), None)
        process.join(60)
        assert not process.is_alive() and pool._processes == {}
    finally:
        server.stop(None)


def test_a_worker_that_does_not_start_is_told() -> None:
    # No such address: Beam tries it for a minute.
    answer = Pool().StartWorker(request("unix:"), None)
    assert answer.error


def test_a_worker_that_is_not_there_can_be_stopped() -> None:
    Pool().StopWorker(beam_fn_api_pb2.StopWorkerRequest(worker_id="8"), None)


def test_why_a_worker_did_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, its = multiprocessing.Pipe(duplex=False)
    monkeypatch.setattr(worker_pool, "_SECONDS_TO_START", 0)
    assert "did not start within 0 seconds" in worker_pool._problem(ours)
    its.close()
    assert "ended before it asked for work" in worker_pool._problem(ours)


@pytest.mark.parametrize("name", worker_pool.IMPORTED)
def test_what_is_imported_once_is_there(name: str) -> None:
    importlib.import_module(name)
