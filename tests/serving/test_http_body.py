"""Bodies are read whole, decompressed, and never beyond the limit."""

import asyncio
import gzip
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving import http_body
from serving.errors import ServingError
from serving.http_body import Headers

LIMIT = 1000


def read(parts: Iterable[bytes], encoding: bytes = b"") -> bytes:
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    messages.append({"type": "http.request"})

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    headers = Headers([(b"content-encoding", encoding)] if encoding else [])
    return asyncio.run(http_body.read(headers, receive, LIMIT))


@given(parts=st.lists(st.binary(max_size=100), max_size=5), compressed=st.booleans())
def test_a_body_is_read_whole(parts: list[bytes], compressed: bool) -> None:
    body = b"".join(parts)
    if compressed:
        parts = [gzip.compress(body, mtime=0)[:10], gzip.compress(body, mtime=0)[10:]]
    assert read(parts, b"gzip" if compressed else b"") == body


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        (b"a" * (LIMIT + 1), b"", 413),
        (gzip.compress(b"a" * (LIMIT + 1), mtime=0), b"gzip", 413),
        (gzip.compress(b"a" * 10**7, mtime=0), b"gzip", 413),
        (b"no gzip", b"gzip", 400),
        (gzip.compress(b"abc", mtime=0)[:-1], b"gzip", 400),
        (b"a", b"br", 415),
    ],
)
def test_a_body_that_cannot_be_used_is_refused(body: bytes, encoding: bytes, status: int) -> None:
    with pytest.raises(ServingError) as refusal:
        read([body], encoding)
    assert refusal.value.http_status == status


def test_an_answer_is_compressed_if_the_client_takes_it_and_it_is_long() -> None:
    takes, not_taking = Headers([(b"accept-encoding", b"br, gzip")]), Headers([])
    body = b"long" * 1000
    assert http_body.wants_gzip(takes, body)
    assert not http_body.wants_gzip(takes, b"short")
    assert not http_body.wants_gzip(not_taking, body)
    assert gzip.decompress(http_body.gzipped(body)) == body
