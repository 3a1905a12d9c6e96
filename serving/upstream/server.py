"""Starts a server that forwards, and stops it."""

from __future__ import annotations

import asyncio

import uvloop

from serving.core import logs
from serving.core.hooks import Hooks
from serving.core.listening import listen, stop_signal, tls
from serving.core.metrics import Metrics
from serving.core.settings import Settings
from serving.http.connection import Limits
from serving.http.server import HttpServer
from serving.upstream.client import Client
from serving.upstream.forwarding_app import ForwardingApp


def run(settings: Settings, hooks: Hooks, url: str) -> None:
    """Forwards until SIGINT or SIGTERM, then answers what it has accepted.

    Args:
        settings: How to serve; its serving folder has the labels and shares.
        hooks: Routing and the request log.
        url: The other server's REST URL.

    Raises:
        ServingError: The port is taken, or the URL is none.
    """
    logs.capture()
    try:
        uvloop.run(_serve(settings, hooks, url))
    finally:
        hooks.close()
    logs.event("stopped")


async def _serve(settings: Settings, hooks: Hooks, url: str) -> None:
    client = Client(url, settings.timeout, most_bytes=2**30)
    app = ForwardingApp(hooks, Metrics(), settings, client)
    stop = stop_signal()
    http = HttpServer(app, Limits(settings.body_bytes))
    rest_port = await http.start(listen(settings.host, settings.rest_port), tls(settings))
    logs.event(
        "listening", host=settings.host, rest_port=rest_port, grpc_port=-1,
        models=settings.models.resolve(), upstream=client.url,
    )  # fmt: skip
    await stop.wait()
    logs.event("stopping", grace=settings.grace)
    app.stopping = True
    http.end_connections()
    await asyncio.sleep(settings.drain)
    await http.stop(settings.grace)
