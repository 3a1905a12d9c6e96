"""Starts a server and stops it: REST and gRPC on one event loop, the versions on a thread."""

from __future__ import annotations

import asyncio
import gc
import threading
from functools import partial

import uvloop

from serving.core import logs
from serving.core.hooks import ALONE, Hooks, Peers
from serving.core.listening import listen, stop_signal, tell_of_listening, tls
from serving.core.metrics import Gauge, Metrics
from serving.core.settings import Settings
from serving.engine import model_info
from serving.engine.engine import Engine
from serving.engine.versions import Versions
from serving.grpc.server import GrpcServer
from serving.http.connection import Limits
from serving.http.server import HttpServer
from serving.rest.inference_app import InferenceApp


class Server:
    """A model server.

    Args:
        settings: How to serve.
        hooks: Routing and the request log.
        peers: Other processes that serve the same.
    """

    def __init__(self, settings: Settings, hooks: Hooks, peers: Peers = ALONE) -> None:
        self._settings = settings
        metrics = Metrics()
        self._versions = Versions(
            settings.models, settings.limits, metrics, settings.interval, peers
        )
        self._engine = Engine(self._versions, hooks, metrics, settings.timeout)
        metrics.add(
            Gauge("serving_request_log_unknown_names", "Models and features that request_log.yaml "
                  "names and no model that answers has, so that they have no effect.", (),
                  lambda: [((), float(len(self._unknown_names())))])
        )  # fmt: skip
        self._rest = InferenceApp(self._engine, settings, peers)

    def run(self) -> None:
        """Serves until SIGINT or SIGTERM, then answers what it has accepted.

        Raises:
            ServingError: A port is taken, or a file of the settings cannot be read.
        """
        logs.capture()
        # What was imported is 420,000 objects: to look for garbage among them takes 0.2 s, in which
        # nobody is answered.
        gc.freeze()
        uvloop.run(self._serve())

    async def _serve(self) -> None:
        settings = self._settings
        stop = stop_signal()
        grpc = GrpcServer(self._engine, settings)
        http = HttpServer(self._rest, Limits(settings.body_bytes))
        await self._open(http, grpc, stop)
        await stop.wait()
        logs.event("stopping", grace=settings.grace)
        await self._drain(http, grpc)
        end = asyncio.get_running_loop().time() + settings.grace
        await asyncio.gather(http.stop(settings.grace), grpc.stop(settings.grace))
        left = max(0.0, end - asyncio.get_running_loop().time())
        for close in (partial(self._versions.stop, left), self._engine.hooks.close):
            await asyncio.get_running_loop().run_in_executor(None, close)
        logs.event("stopped")

    async def _open(self, http: HttpServer, grpc: GrpcServer, stop: asyncio.Event) -> None:
        """Opens the ports, and has the versions loaded."""
        settings = self._settings
        grpc_port = await grpc.start()
        rest_port = await http.start(listen(settings.host, settings.rest_port), tls(settings))
        self._versions.start()
        threading.Thread(target=self._warn_of_unknown_names, daemon=True).start()
        tell_of_listening(settings, rest_port, grpc_port)

    async def _drain(self, http: HttpServer, grpc: GrpcServer) -> None:
        """Goes on to answer, while those who ask find another server."""
        self._rest.stopping = True
        grpc.announce_stop()
        # A balancer that has not seen yet that it is unready sends more.
        http.end_connections()
        await asyncio.sleep(self._settings.drain)

    def _unknown_names(self) -> list[str]:
        return self._engine.hooks.unknown_names(model_info.names(self._versions))

    def _warn_of_unknown_names(self) -> None:
        self._versions.scanned.wait()
        for told in self._unknown_names():
            logs.event("request_log.yaml names nothing", "warning", error=told)
