"""Starts a server that forwards, and stops it."""

from __future__ import annotations

import asyncio

import uvicorn
import uvloop

from serving import logs
from serving.engine import Engine
from serving.hooks import Hooks
from serving.metrics import Metrics
from serving.server import http_config, listen
from serving.settings import Settings
from serving.upstream.client import Client
from serving.upstream.forward import Forwarder
from serving.versions import Versions


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
    counts = Metrics()
    versions = Versions(settings.models, settings.limits, counts, settings.interval)
    client = Client(url, settings.timeout, most_bytes=2**30)
    app = Forwarder(Engine(versions, hooks, counts, settings.timeout), settings, client)
    listening = listen(settings.host, settings.rest_port)
    server = uvicorn.Server(http_config(app, settings))
    logs.event(
        "listening", host=settings.host, rest_port=listening.getsockname()[1], grpc_port=-1,
        models=settings.models.resolve(), upstream=client.url,
    )  # fmt: skip
    serving = asyncio.ensure_future(server.serve(sockets=[listening]))
    while not (serving.done() or server.should_exit):
        await asyncio.sleep(0.1)
    app.stopping = True
    await serving
