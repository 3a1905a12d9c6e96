"""One client's connection: bytes to requests, and answers to bytes.

httptools parses. What a framework or an ASGI server does beside that for each request takes longer
than a small model, so there is none: a request is one task, and its answer one write.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from typing import Any, NamedTuple, cast

import httptools

from serving.core.errors import Code, ServingError
from serving.http.messages import Application, Request, Response, refusal

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_MOST_PIPELINED = 16


@dataclass(frozen=True)
class Limits:
    """What clients may take of the server's memory and time."""

    body_bytes: int
    """Of one request, as it is sent."""
    held_bytes: int = 2**30
    """Of memory that all requests take which are not answered yet."""
    head_bytes: int = 64 * 2**10
    """Beyond what comes with the first packet."""
    request_seconds: float = 60.0
    """From a request's first byte to its last."""
    idle_seconds: float = 75.0
    """Between two requests."""
    unread_seconds: float = 30.0
    """While a client does not read its answer."""
    linger_seconds: float = 2.0
    """For what a client goes on to send of a request that is refused."""


class Shared:
    """What the connections of a server have in common."""

    def __init__(self, application: Application, limits: Limits) -> None:
        self.application = application
        self.limits = limits
        self.connections: set[Connection] = set()
        self.held_bytes = 0
        self.stopping = False


class _Held:
    """What one request takes of the memory that all may take.

    Args:
        shared: The server's.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._bytes = 0

    def add(self, size: int) -> None:
        """Counts bytes until the request is answered.

        Raises:
            ServingError: All requests together take more than they may.
        """
        self._bytes += size
        self._shared.held_bytes += size
        if self._shared.held_bytes > self._shared.limits.held_bytes:
            raise ServingError(
                Code.RESOURCE_EXHAUSTED, "The server holds as many bytes of requests as it may"
            )

    def release(self) -> None:
        """The request has been answered, or never will be."""
        self._shared.held_bytes -= self._bytes
        self._bytes = 0


class _PendingRequest(NamedTuple):
    request: Request
    held: _Held
    keep_alive: bool
    """Whether the client wants to send another."""
    announce: bool
    """Whether it has to be told that it may: a client of HTTP/1.0."""


class Connection(asyncio.Protocol):
    """A connection.

    Requests are answered one after the other, in their order. One that breaks HTTP or a limit is
    refused, which ends the connection.

    Args:
        shared: The server's.
    """

    def __init__(self, shared: Shared) -> None:
        self._shared = shared
        self._loop = asyncio.get_running_loop()
        self._parser: Any = httptools.HttpRequestParser(self)
        self._held = _Held(shared)
        """Of the request that comes."""
        self._waiting: deque[_PendingRequest] = deque()
        self._task: asyncio.Task[None] | None = None
        self._refusal: Response | None = None
        self._begun = False
        """Whether a request has come in part."""
        self._ended = False
        """Whether what still comes is ignored."""
        self._half_closed = False
        self._unread = False
        self._allow(shared.limits.idle_seconds)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop."""
        self._transport = cast(asyncio.Transport, transport)
        self._shared.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        self._shared.connections.discard(self)
        self._ended = True
        self._release_all()

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        if self._ended:
            return
        if self._begun and self._in_head:
            self._head_bytes += len(data)
        try:
            self._parse(data)
        except httptools.HttpParserError as error:
            self._refuse(400, f"The request is not HTTP: {error}")
        if self._begun and self._in_head and self._head_bytes > self._shared.limits.head_bytes:
            self._refuse(431, f"The head is longer than {self._shared.limits.head_bytes} bytes")

    def _parse(self, data: bytes) -> None:
        while True:
            try:
                self._parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as upgrade:
                if not self._upgrade:  # CONNECT: what follows is not for this server.
                    self._half_closed = True
                    return
                # The parser stops at the head of a request that asks for another protocol, as
                # Java's client does for HTTP/2. The request is read as if it had not asked
                # (RFC 9110, section 7.8).
                data = data[upgrade.args[0] :]
                head = self._head_without_upgrade()
                self._parser = httptools.HttpRequestParser(self)
                self._parser.feed_data(head)

    def _head_without_upgrade(self) -> bytes:
        fields = [field for field in self._fields if field[0].lower() != b"upgrade"]
        return b"%b %b HTTP/%b\r\n%b\r\n" % (
            self._parser.get_method(),
            self._url,
            self._parser.get_http_version().encode(),
            b"".join([b"%b: %b\r\n" % field for field in fields]),
        )

    def eof_received(self) -> bool:
        """Called by the event loop; what was asked before the end is still answered."""
        self._half_closed = True
        return bool(self._task or self._waiting) and self._transport.can_write_eof()

    def pause_writing(self) -> None:
        """Called by the event loop when the client does not read."""
        self._unread = True
        self._allow(self._shared.limits.unread_seconds)

    def resume_writing(self) -> None:
        """Called by the event loop when the client has read."""
        self._unread = False
        self._allow_for_the_next()
        self._next()

    def end_slow(self, now: float) -> None:
        """Ends the connection if the client has taken too long.

        Args:
            now: The event loop's time.
        """
        if now < self._deadline:
            return
        if self._begun and not self._ended and not self._unread:
            seconds = self._shared.limits.request_seconds
            self._refuse(408, f"The request did not come in whole in {seconds:g} s")
        else:
            self._transport.abort()

    def end_idle(self) -> None:
        """Ends the connection unless there is a request to answer."""
        if not (self._begun or self._task or self._waiting):
            self._end()

    def abort(self) -> None:
        """Ends the connection whatever it is doing."""
        self._transport.abort()

    def on_message_begin(self) -> None:
        """Called by the parser."""
        self._begun = self._in_head = True
        self._head_bytes = self._body_bytes = 0
        self._url = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._upgrade = False
        self._body: list[bytes] = []
        self._allow(self._shared.limits.request_seconds)

    def on_url(self, part: bytes) -> None:
        """Called by the parser."""
        self._url += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Called by the parser; after a body in chunks as well, which says nothing here."""
        if self._in_head:
            self._fields.append((name, value.rstrip()))

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self._in_head = False
        if self._parser.should_upgrade() and self._parser.get_method() != b"CONNECT":
            self._upgrade = True
            return
        self._headers: dict[bytes, bytes] = {}
        for name, value in self._fields:
            self._headers.setdefault(name.lower(), value)
        if int(self._headers.get(b"content-length", b"0")) > self._shared.limits.body_bytes:
            self._refuse_body()
        elif b"expect" in self._headers and not (self._task or self._ended):
            self._transport.write(_CONTINUE)

    def on_body(self, part: bytes) -> None:
        """Called by the parser."""
        if self._ended:
            return
        self._body.append(part)
        self._body_bytes += len(part)
        if self._body_bytes > self._shared.limits.body_bytes:
            self._refuse_body()
            return
        try:
            self._held.add(len(part))
        except ServingError as error:
            self._refuse(error.http_status, error.message)

    def on_message_complete(self) -> None:
        """Called by the parser."""
        if self._ended or self._upgrade:
            return
        parser, path, query = self._parser, *_split(self._url)
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        held, self._held = self._held, _Held(self._shared)
        request = Request(parser.get_method().decode(), path, query, self._headers, body, held.add)
        keep_alive = parser.should_keep_alive()
        announce = (
            keep_alive and b"connection" in self._headers and parser.get_http_version() == "1.0"
        )
        self._body = []
        self._begun = False
        self._deadline = float("inf")
        self._waiting.append(_PendingRequest(request, held, keep_alive, announce))
        if len(self._waiting) >= _MOST_PIPELINED:
            self._transport.pause_reading()
        self._next()

    def _next(self) -> None:
        """Begins the next answer, if the last has been given and read."""
        if self._task or self._unread:
            return
        if self._waiting:
            asked = self._waiting.popleft()
            if len(self._waiting) == _MOST_PIPELINED - 1:
                self._transport.resume_reading()
            self._task = self._loop.create_task(self._answer(asked))
        elif self._refusal:
            self._write(self._refusal, [(b"connection", b"close")])
            # Closed at once, the client's system could throw the answer away.
            if self._transport.can_write_eof():
                self._transport.write_eof()
            self._allow(self._shared.limits.linger_seconds)

    async def _answer(self, asked: _PendingRequest) -> None:
        try:
            response = await self._shared.application(asked.request)
        except BaseException:
            self._transport.abort()
            raise
        finally:
            self._task = None
            asked.held.release()
        if self._transport.is_closing():
            return
        last = not self._waiting and (self._half_closed or self._shared.stopping)
        fields = list(response.headers)
        if last or not asked.keep_alive:
            fields.append((b"connection", b"close"))
        elif asked.announce:
            fields.append((b"connection", b"keep-alive"))
        self._write(response, fields, with_body=asked.request.method != "HEAD")
        if last or not asked.keep_alive:
            self._end()
            return
        self._allow_for_the_next()
        self._next()

    def _write(
        self, response: Response, fields: list[tuple[bytes, bytes]], with_body: bool = True
    ) -> None:
        head = b"".join([b"%b: %b\r\n" % field for field in fields])
        self._transport.write(
            b"%bdate: %b\r\n%bcontent-length: %d\r\n\r\n%b"
            % (
                _status_line(response.status),
                _date(int(time.time())),
                head,
                len(response.body),
                response.body if with_body else b"",
            )
        )

    def _refuse_body(self) -> None:
        self._refuse(413, f"The body is longer than {self._shared.limits.body_bytes} bytes")

    def _refuse(self, status: int, message: str) -> None:
        if not self._ended:
            self._ended = True
            self._refusal = refusal(status, message)
            self._next()

    def _end(self) -> None:
        """Closes the connection when what was written has been read."""
        self._ended = True
        self._release_all()
        self._allow(self._shared.limits.unread_seconds)
        self._transport.close()

    def _release_all(self) -> None:
        """Gives up what has come and is not being answered."""
        self._held.release()
        for asked in self._waiting:
            asked.held.release()
        self._waiting.clear()

    def _allow(self, seconds: float) -> None:
        self._deadline = self._loop.time() + seconds

    def _allow_for_the_next(self) -> None:
        if not (self._begun or self._unread or self._task or self._waiting):
            self._allow(self._shared.limits.idle_seconds)


def _split(url: bytes) -> tuple[str, bytes]:
    """The path and the query of a request's target."""
    if not url.startswith((b"/", b"*")):
        # A proxy's form, with the host.
        with contextlib.suppress(httptools.HttpParserInvalidURLError):
            parsed = httptools.parse_url(url)
            return (parsed.path or b"/").decode("latin-1"), parsed.query or b""
    path, _, query = url.partition(b"?")
    return path.decode("latin-1"), query


@lru_cache(maxsize=1024)
def _status_line(status: int) -> bytes:
    # Not every status has a phrase: TensorFlow Serving's 499, or what another server makes up.
    return f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n".encode()


@lru_cache(maxsize=1)
def _date(second: int) -> bytes:
    return formatdate(second, usegmt=True).encode()
