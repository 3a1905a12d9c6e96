"""Workers for Flink and Spark, as processes of this machine: `python -m pipeline.worker_pool`.

Beam's own pool starts each worker as a program of its own, which imports TensorFlow and TFX for
seconds, several times a node; and an engine waits without end for one that does not come up. Here
they are forked from a process that has imported everything once, and the engine is told.
"""

from __future__ import annotations

import argparse
import multiprocessing
import signal
import threading
import traceback
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

from apache_beam.portability.api import beam_fn_api_pb2
from apache_beam.runners.worker import worker_pool_main

IMPORTED = (
    "components.evaluation.evaluator",
    "components.example_gen",
    "components.wide_tables.statistics_gen",
    "components.wide_tables.transform",
    "pipeline.local.beam_tuning",
    "tensorflow_transform.beam",
    "tfx.components.bulk_inferrer.executor",
)
"""What the data nodes need on a worker, and what that imports."""
_SECONDS_TO_START = 120
_SECONDS_TO_STOP = 10

_forked = multiprocessing.get_context("forkserver")


class Pool(worker_pool_main.BeamFnExternalWorkerPoolServicer):
    """Starts and ends workers when an engine asks."""

    def __init__(self, **unused: Any) -> None:
        super().__init__()
        self._processes: dict[str, ForkServerProcess] = {}

    def StartWorker(  # noqa: N802
        self, request: beam_fn_api_pb2.StartWorkerRequest, context: Any
    ) -> beam_fn_api_pb2.StartWorkerResponse:
        """Starts a worker; returns when it is about to ask for work, or says why it does not."""
        ours, its = _forked.Pipe(duplex=False)
        process = _forked.Process(
            target=_work, args=(request.control_endpoint.url, request.worker_id, its), daemon=True
        )
        process.start()
        its.close()
        problem = _problem(ours)
        if problem:
            process.kill()
            return beam_fn_api_pb2.StartWorkerResponse(error=problem)
        self._processes[request.worker_id] = process
        return beam_fn_api_pb2.StartWorkerResponse()

    def StopWorker(  # noqa: N802
        self, request: beam_fn_api_pb2.StopWorkerRequest, context: Any
    ) -> beam_fn_api_pb2.StopWorkerResponse:
        """Ends a worker."""
        process = self._processes.pop(request.worker_id, None)
        if process:
            process.terminate()
            process.join(_SECONDS_TO_STOP)
            process.kill()
        return beam_fn_api_pb2.StopWorkerResponse()


def _problem(ready: Connection) -> str:
    """Why a worker did not start; empty if it did."""
    try:
        if ready.poll(_SECONDS_TO_START):
            return str(ready.recv())
    except EOFError:
        return "The worker ended before it asked for work; its pool's log says why."
    return f"The worker did not start within {_SECONDS_TO_START} seconds."


def _work(control: str, worker_id: str, ready: Connection) -> None:
    """What a worker does until its engine has no more for it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        from apache_beam.runners.worker import sdk_worker

        from pipeline.local import beam_tuning

        beam_tuning.tune()
        harness = sdk_worker.SdkHarness(control, worker_id=worker_id, state_cache_size=0)
    except BaseException:
        ready.send(traceback.format_exc())
        raise
    ready.send("")
    harness.run()


def _import_once() -> None:
    """Has the process that workers are forked from import what they need."""
    _forked.set_forkserver_preload(list(IMPORTED))
    first = _forked.Process(target=int)
    first.start()
    first.join()


def main() -> None:
    """Serves until it is ended."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=50000, help="where engines ask for workers")
    arguments = parser.parse_args()
    _import_once()
    address, server = Pool.start(port=arguments.port)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    print(f"Workers are at {address}.", flush=True)
    ended.wait()
    server.stop(None)


if __name__ == "__main__":
    main()
