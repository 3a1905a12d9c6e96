"""Starts a server and stops it: REST and gRPC on one event loop, the versions on a thread."""

from __future__ import annotations

import asyncio
import signal
import socket
import ssl

import uvloop

from serving import logs
from serving.engine import Engine
from serving.errors import Code, ServingError
from serving.grpc_server import GrpcServer
from serving.hooks import Hooks
from serving.http.connection import Limits
from serving.http.server import HttpServer
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
        stop = stop_signal()
        grpc = GrpcServer(self._engine, settings)
        grpc_port = await grpc.start()
        http = HttpServer(self._rest, Limits(settings.body_bytes))
        rest_port = await http.start(listen(settings.host, settings.rest_port), tls(settings))
        self._versions.start()
        logs.event(
            "listening", host=settings.host, rest_port=rest_port, grpc_port=grpc_port,
            models=settings.models.resolve(),
        )  # fmt: skip
        if settings.host not in _LOOPBACK and not settings.token:
            remedy = "Anyone who reaches it may ask; --token-file asks for a token."
            logs.event("open to others", "warning", host=settings.host, remedy=remedy)
        await stop.wait()
        logs.event("stopping", grace=settings.grace)
        self._rest.stopping = True
        await asyncio.gather(http.stop(settings.grace), grpc.stop(settings.grace))
        for end in (self._versions.stop, self._engine.hooks.close):
            await asyncio.get_running_loop().run_in_executor(None, end)
        logs.event("stopped")


def stop_signal() -> asyncio.Event:
    """An event that SIGINT and SIGTERM set."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def tls(settings: Settings) -> ssl.SSLContext | None:
    """How connections are encrypted; None if they are not.

    Raises:
        ServingError: The certificate or its key cannot be used.
    """
    if settings.tls_certificate is None:
        if settings.tls_key is not None:
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f"There is a key, {settings.tls_key}, and no certificate",
                "",
                "Name the certificate with --tls-certificate.",
            )
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except OSError as error:
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"The certificate {settings.tls_certificate} or its key {settings.tls_key} cannot be "
            "used",
            str(error),
            "Both must be PEM files that belong together.",
        ) from error
    return context


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
