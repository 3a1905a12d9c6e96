"""gzip, in both directions."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from serving.core import background
from serving.core.errors import Code, ServingError

_GZIP = 16 + zlib.MAX_WBITS
_WORTH_IT = 1024


def decoded(headers: Mapping[bytes, bytes], body: bytes, limit: int) -> bytes:
    """A request's body, decompressed.

    Raises:
        ServingError: It is longer than `limit` bytes, or is not what `Content-Encoding` says.
    """
    encoding = headers.get(b"content-encoding", b"").strip().lower()
    if encoding in (b"", b"identity"):
        return body
    if encoding != b"gzip":
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"Content-Encoding {encoding.decode('latin-1')} is not supported",
            http_status=415,
        )
    return _decompressed(body, limit)


def decoded_if_short(headers: Mapping[bytes, bytes], body: bytes, limit: int) -> bytes | None:
    """A request's body, decompressed; None if that takes long, so `decoded` must do it elsewhere.

    Raises:
        ServingError: It is not what `Content-Encoding` says.
    """
    if not headers.get(b"content-encoding"):
        return body
    if len(body) > background.LONG:
        return None
    try:
        return decoded(headers, body, min(limit, background.LONG))
    except ServingError as error:
        if error.http_status == 413:
            return None
        raise


def wants_gzip(headers: Mapping[bytes, bytes], body: bytes) -> bool:
    """Whether an answer is to be compressed: the client takes it and it is long enough."""
    return len(body) >= _WORTH_IT and b"gzip" in headers.get(b"accept-encoding", b"")


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
        raise ServingError(
            Code.INVALID_ARGUMENT, f"The body is longer than {limit} bytes", http_status=413
        )
    if not decompressor.eof:
        raise ServingError(Code.INVALID_ARGUMENT, "The body is not gzip: it ends too early")
    return content
