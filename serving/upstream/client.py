"""A client of HTTP/1.1 with connections that stay open: as little as a forwarded request needs."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass
from urllib.parse import urlsplit

from serving.core.errors import Code, ServingError

_MOST_IDLE = 256
_MOST_AT_ONCE = 1024
_HEADER_BYTES = 64 * 1024


@dataclass(frozen=True)
class Reply:
    """What the other server answered."""

    status: int
    content_type: bytes
    body: bytes


class _Stale(Exception):  # noqa: N818  # not an error: a connection that the server had closed
    pass


_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Client:
    """Asks one server.

    Args:
        url: Its `http://host:port` or `https://host:port`.
        timeout: Seconds until a request is given up.
        most_bytes: The longest body that is read.

    Raises:
        ServingError: It is no such URL.
    """

    def __init__(self, url: str, timeout: float, most_bytes: int) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
            raise ServingError(
                Code.INVALID_ARGUMENT, f"'{url}' is no URL of a server",
                remedy="Write it as http://host:8501.",
            )  # fmt: skip
        self.url = url.rstrip("/")
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._address = (parts.hostname, parts.port or (443 if self._tls else 80))
        self._host = parts.netloc.rpartition("@")[2].encode()
        self._timeout = timeout
        self._most_bytes = most_bytes
        self._idle: deque[_Connection] = deque()
        self._places = asyncio.Semaphore(_MOST_AT_ONCE)

    async def ask(
        self, method: str, path: str, body: bytes = b"", authorization: bytes = b""
    ) -> Reply:
        """Sends a request.

        Args:
            method: HTTP's.
            path: Percent-encoded, with the query.
            body: JSON, if any.
            authorization: The header's value, if any.

        Raises:
            ServingError: The server cannot be reached, does not answer in time, or breaks off.
        """
        try:
            return await asyncio.wait_for(
                self._ask(method, path, body, authorization), self._timeout
            )
        except asyncio.TimeoutError:
            raise ServingError(
                Code.DEADLINE_EXCEEDED, "The upstream server did not answer in time"
            ) from None
        except (OSError, EOFError, ValueError, asyncio.LimitOverrunError) as error:
            raise ServingError(
                Code.UNAVAILABLE, f"The upstream server {self.url} cannot be asked: "
                f"{error or type(error).__name__}",
            ) from error  # fmt: skip

    async def _ask(self, method: str, path: str, body: bytes, authorization: bytes) -> Reply:
        async with self._places:
            while self._idle:
                try:
                    return await self._exchange(self._idle.pop(), method, path, body, authorization)
                except _Stale:
                    continue
            opened = await asyncio.open_connection(
                *self._address, ssl=self._tls, limit=_HEADER_BYTES
            )
            try:
                return await self._exchange(opened, method, path, body, authorization)
            except _Stale as error:
                raise EOFError("it closed the connection") from error

    async def _exchange(
        self, connection: _Connection, method: str, path: str, body: bytes, authorization: bytes
    ) -> Reply:
        reader, writer = connection
        keep = False
        try:
            head = b"%s %s HTTP/1.1\r\nHost: %s\r\n" % (method.encode(), path.encode(), self._host)
            if method == "POST":
                head += b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
            if authorization:
                head += b"Authorization: %s\r\n" % authorization
            try:
                writer.write(head + b"\r\n" + body)
                first = await reader.readline()
            except ConnectionError:
                raise _Stale from None
            if not first:
                raise _Stale
            status = _status(first)
            headers = await _headers(reader)
            content = await self._body(reader, method, status, headers)
            keep = not reader.at_eof() and b"close" not in headers.get(b"connection", b"").lower()
            return Reply(status, headers.get(b"content-type", b"application/json"), content)
        finally:
            if keep and len(self._idle) < _MOST_IDLE:
                self._idle.append(connection)
            else:
                writer.close()

    async def _body(
        self, reader: asyncio.StreamReader, method: str, status: int, headers: dict[bytes, bytes]
    ) -> bytes:
        if method == "HEAD" or status in (204, 304):
            return b""
        parts, total = [], 0
        if headers.get(b"transfer-encoding", b"").lower() != b"chunked":
            if b"content-length" in headers:
                size = int(headers[b"content-length"])
                self._check(size)
                return await reader.readexactly(size)
            # Without a length, the answer ends with the connection.
            while part := await reader.read(_HEADER_BYTES):
                total += len(part)
                self._check(total)
                parts.append(part)
            return b"".join(parts)
        while size := int((await reader.readline()).split(b";")[0], 16):
            total += size
            self._check(total)
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await _headers(reader)
        return b"".join(parts)

    def _check(self, size: int) -> None:
        if not 0 <= size <= self._most_bytes:
            raise ValueError(f"its answer of {size} bytes is too long")


def _status(line: bytes) -> int:
    words = line.split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/"):
        raise ValueError("its answer is not HTTP")
    return int(words[1])


async def _headers(reader: asyncio.StreamReader) -> dict[bytes, bytes]:
    found = {}
    total = 0
    while (line := await reader.readline()).strip():
        total += len(line)
        if total > _HEADER_BYTES:
            raise ValueError("its headers are too long")
        name, _, value = line.partition(b":")
        found[name.strip().lower()] = value.strip()
    return found
