"""Runs the server on a port of its own, and opens the browser."""

from __future__ import annotations

import errno
import gc
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from dashboard.errors import DashboardError
from dashboard.records.index import RunIndex
from dashboard.records.sources.folder import Source
from dashboard.web import app


def serve(
    runs: Sequence[Source],
    serving: Path,
    host: str,
    port: int,
    *,
    open_browser: bool | None,
    public: str = "",
) -> None:
    """Serves until interrupted.

    Args:
        runs: Where the run folders are.
        serving: The serving folder, with its monitoring; it may come into being later.
        host: The address to bind to.
        port: The port; 0 takes any that is free.
        open_browser: Whether to open the page; None: if there is someone to see it.
        public: The address at which a proxy with a login makes it known; empty: there is none.

    Raises:
        DashboardError: The address cannot be bound to.
    """
    listening = bind(host, port)
    address = url(host, listening.getsockname()[1])
    index = RunIndex(*runs)
    config = uvicorn.Config(
        app.create(index, host, serving.absolute(), public),
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    places = ", ".join(source.address for source in runs)
    print(f"The dashboard is at {address} (Ctrl+C ends it); runs are in {places}", flush=True)
    if open_browser or (open_browser is None and _somebody_looks()):
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
    collect_rarely()
    index.start()
    try:
        uvicorn.Server(config).run(sockets=[listening])
    except KeyboardInterrupt:
        pass
    finally:
        index.stop()


def collect_rarely() -> None:
    """Looks for cycles once there are 100,000 new objects, where Python's default is 700.

    An answer makes some ten thousand objects, which are gone with it. By the default they had all
    runs in memory looked through again and again, while every thread waits.
    """
    gc.set_threshold(100_000)


def bind(host: str, port: int) -> socket.socket:
    """A socket that is bound to the address.

    Raises:
        DashboardError: The port is taken, or the address is not this machine's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise DashboardError(
                f"Port {port} is in use",
                "Another program listens there, perhaps a dashboard that still runs.",
                f"Stop it, or choose another port: --port {port + 1}",
            ) from error
        raise DashboardError(
            f"Cannot listen on {host}, port {port}",
            f"{error.strerror or error}.",
            "Choose an address of this machine and a port from 1024, or leave both out.",
        ) from error
    return listening


def url(host: str, port: int) -> str:
    """Where a browser on this machine finds the server."""
    name = {"0.0.0.0": "localhost", "": "localhost", "::": "localhost"}.get(host, host)
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"


def _somebody_looks() -> bool:
    """Whether a person started this, with a display for the browser's window."""
    display = sys.platform == "darwin" or "DISPLAY" in os.environ or "WAYLAND_DISPLAY" in os.environ
    return display and sys.stdout.isatty()
