"""A server's listening socket, and the connections that it has accepted."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from typing import Any

from serving.http.connection import Connection, Limits, Shared
from serving.http.messages import Application

_SECONDS_BETWEEN_LOOKS = 1.0
_TLS_SECONDS = {"ssl_handshake_timeout": 10.0, "ssl_shutdown_timeout": 1.0}


class HttpServer:
    """Serves an application.

    Args:
        application: Answers the requests.
        limits: What clients may take.
    """

    def __init__(self, application: Application, limits: Limits) -> None:
        self._shared = Shared(application, limits)
        self._servers: dict[socket.socket, asyncio.Server] = {}
        self._watch: asyncio.Task[None] | None = None

    async def start(self, listening: socket.socket, tls: ssl.SSLContext | None = None) -> int:
        """Accepts connections, and returns the port; needs uvloop's event loop.

        Args:
            listening: A bound socket; another is accepted from besides.
            tls: For HTTPS.
        """
        options: dict[str, Any] = {"ssl": tls, **_TLS_SECONDS} if tls else {}
        loop = asyncio.get_running_loop()
        self._servers[listening] = await loop.create_server(
            lambda: Connection(self._shared), sock=listening, backlog=2048, **options
        )
        if self._watch is None:
            self._watch = asyncio.ensure_future(self._end_slow())
        port: int = listening.getsockname()[1]
        return port

    def leave(self, listening: socket.socket) -> None:
        """Accepts no more from a socket, which is closed; what has been accepted goes on."""
        self._servers.pop(listening).close()

    def end_connections(self) -> None:
        """Has clients connect anew after their next answer, where they may find another server."""
        self._shared.stopping = True

    async def stop(self, grace: float) -> None:
        """Accepts no more, and answers what has been accepted.

        Args:
            grace: Seconds after which what is left is cut off.
        """
        if self._watch is None:
            return
        for listening in list(self._servers):
            self.leave(listening)
        self._shared.stopping = True
        for connection in list(self._shared.connections):
            connection.end_idle()
        end = asyncio.get_running_loop().time() + grace
        while self._shared.connections and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.02)
        for connection in list(self._shared.connections):
            connection.abort()
        self._watch.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._watch

    async def _end_slow(self) -> None:
        while True:
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)
            now = asyncio.get_running_loop().time()
            for connection in list(self._shared.connections):
                connection.end_slow(now)
