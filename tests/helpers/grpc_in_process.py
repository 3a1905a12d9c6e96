"""A gRPC server in the test's own process, whose parts a test can see."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc


@dataclass
class Served:
    """A server, and a channel to it."""

    channel: grpc.Channel
    engine: Any
    settings: Any
    server: Any
    stop: Callable[[], None]
    """Ends the server as SIGTERM does; the block ends it too."""


def prediction_service(channel: grpc.Channel) -> Any:
    """The official client; with Protocol Buffers 6, which cannot import it, one like it."""
    try:
        from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub
    except AttributeError:
        from serving.grpc.services import PREDICTION_SERVICE

        return _stub(channel, PREDICTION_SERVICE)
    return PredictionServiceStub(channel)


def model_service(channel: grpc.Channel) -> Any:
    """The official client; with Protocol Buffers 6, which cannot import it, one like it."""
    try:
        from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub
    except AttributeError:
        from serving.grpc.services import MODEL_SERVICE

        return _stub(channel, MODEL_SERVICE)
    return ModelServiceStub(channel)


def _stub(channel: grpc.Channel, service: str) -> Any:
    from serving.grpc.services import METHODS

    methods = {
        name: channel.unary_unary(
            f"/{service}/{name}", request.SerializeToString, response.FromString
        )
        for name, (request, response) in METHODS[service].items()
    }
    return SimpleNamespace(**methods)


@contextlib.contextmanager
def serving(models: Path, **settings: Any) -> Iterator[Served]:
    """Serves a folder with routing and the request log, as `python -m serving up` does."""
    from serving.commands import hooks as folder_hooks
    from serving.core.metrics import Metrics
    from serving.core.settings import Limits, Settings
    from serving.engine.engine import Engine
    from serving.engine.versions import Versions
    from serving.grpc.server import GrpcServer

    rows = settings.pop("rows", 4096)
    chosen = Settings(models=models, grpc_port=0, limits=Limits(rows=rows), **settings)
    metrics = Metrics()
    versions = Versions(models, chosen.limits, metrics, interval=0.05)
    hooks = folder_hooks.of_folder(models)
    engine = Engine(versions, hooks, metrics, timeout=30)
    server = GrpcServer(engine, chosen)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def wait(coroutine: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)

    versions.start()
    versions.scanned.wait(30)
    try:
        port = wait(server.start())
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield Served(channel, engine, chosen, server, lambda: wait(server.stop(20)))
    finally:
        wait(server.stop(1))
        versions.stop()
        hooks.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
