"""Bodies and headers of HTTP: sizes, gzip."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from serving.errors import Code, ServingError

_GZIP = 16 + zlib.MAX_WBITS
_WORTH_IT = 1024


class Headers:
    """A request's headers, by lower-case name."""

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        self._pairs = list(pairs)

    def get(self, name: bytes) -> bytes:
        """A header's value, empty if it was not sent."""
        for key, value in self._pairs:
            if key == name:
                return value
        return b""


async def read(
    headers: Headers, receive: Callable[[], Awaitable[MutableMapping[str, Any]]], limit: int
) -> bytes:
    """A request's body, decompressed.

    Raises:
        ServingError: It is longer than `limit` bytes, before or after decompression, or is not
            what `Content-Encoding` says.
    """
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ServingError(Code.CANCELLED, "The client went away")
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise _too_long(limit)
        parts.append(part)
        more = message.get("more_body", False)
    body = parts[0] if len(parts) == 1 else b"".join(parts)
    encoding = headers.get(b"content-encoding").strip().lower()
    if encoding in (b"", b"identity"):
        return body
    if encoding != b"gzip":
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"Content-Encoding {encoding.decode('latin-1')} is not supported",
            http_status=415,
        )
    return _decompressed(body, limit)


def wants_gzip(headers: Headers, body: bytes) -> bool:
    """Whether an answer is to be compressed: the client takes it and it is long enough."""
    return len(body) >= _WORTH_IT and b"gzip" in headers.get(b"accept-encoding")


def gzipped(body: bytes) -> bytes:
    """A body, compressed for speed rather than size."""
    compressor = zlib.compressobj(level=1, wbits=_GZIP)
    return compressor.compress(body) + compressor.flush()


def _decompressed(body: bytes, limit: int) -> bytes:
    decompressor = zlib.decompressobj(wbits=_GZIP)
    try:
        # A few bytes can stand for many: never more of them than are allowed.
        content = decompressor.decompress(body, limit + 1)
    except zlib.error as error:
        raise ServingError(Code.INVALID_ARGUMENT, f"The body is not gzip: {error}") from None
    if len(content) > limit:
        raise _too_long(limit)
    if not decompressor.eof:
        raise ServingError(Code.INVALID_ARGUMENT, "The body is not gzip: it ends too early")
    return content


def _too_long(limit: int) -> ServingError:
    return ServingError(
        Code.INVALID_ARGUMENT, f"The body is longer than {limit} bytes", http_status=413
    )
