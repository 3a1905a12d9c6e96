"""Starts a server and stops it: REST and gRPC on one event loop, the versions on a thread."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn
import uvloop

from serving import logs
from serving.engine import Engine
from serving.errors import Code, ServingError
from serving.grpc_server import GrpcServer
from serving.hooks import Hooks
from serving.metrics import Metrics
from serving.rest import RestApp
from serving.settings import Settings
from serving.versions import Versions

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Server:
    """A model server.

    Args:
        settings: How to serve.
        hooks: Routing and the request log.
    """

    def __init__(self, settings: Settings, hooks: Hooks) -> None:
        self._settings = settings
        metrics = Metrics()
        self._versions = Versions(settings.models, settings.limits, metrics, settings.interval)
        self._engine = Engine(self._versions, hooks, metrics, settings.timeout)
        self._rest = RestApp(self._engine, settings)

    def run(self) -> None:
        """Serves until SIGINT or SIGTERM, then answers what it has accepted.

        Raises:
            ServingError: A port is taken, or a file of the settings cannot be read.
        """
        logs.capture()
        uvloop.run(self._serve())

    async def _serve(self) -> None:
        settings = self._settings
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        listening = listen(settings.host, settings.rest_port)
        grpc = GrpcServer(self._engine, settings)
        grpc_port = await grpc.start()
        http = _Http(http_config(self._rest, settings))
        serving = asyncio.ensure_future(http.serve(sockets=[listening]))
        self._versions.start()
        logs.event(
            "listening", host=settings.host, rest_port=listening.getsockname()[1],
            grpc_port=grpc_port, models=settings.models.resolve(),
        )  # fmt: skip
        if settings.host not in _LOOPBACK and not settings.token:
            remedy = "Anyone who reaches it may ask; --token-file asks for a token."
            logs.event("open to others", "warning", host=settings.host, remedy=remedy)
        await asyncio.wait(
            [serving, asyncio.ensure_future(stop.wait())], return_when=asyncio.FIRST_COMPLETED
        )
        logs.event("stopping", grace=settings.grace)
        self._rest.stopping = True
        http.should_exit = True
        await asyncio.gather(serving, grpc.stop(settings.grace))
        for end in (self._versions.stop, self._engine.hooks.close):
            await asyncio.get_running_loop().run_in_executor(None, end)
        logs.event("stopped")


class _Http(uvicorn.Server):
    """An HTTP server that leaves signals to us, as gRPC and the versions have to stop as well."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Captures none."""
        yield


def http_config(app: Callable[..., object], settings: Settings) -> uvicorn.Config:
    """How an ASGI application is served."""
    return uvicorn.Config(
        app,
        http="httptools",
        loop="none",
        ws="none",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=round(settings.grace),
        ssl_certfile=settings.tls_certificate,
        ssl_keyfile=settings.tls_key,
    )


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        ServingError: The port is taken, or there is no such address.
    """
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=2048
        )
    except OSError as error:
        raise ServingError(
            Code.UNAVAILABLE,
            f"Cannot listen on {host}, port {port}",
            str(error),
            "Stop what uses the port, or choose another with --rest-port.",
        ) from error
