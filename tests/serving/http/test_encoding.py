"""Bodies are decompressed, and never beyond the limit."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.core.errors import ServingError
from serving.http import encoding

LIMIT = 1000


def decoded(body: bytes, name: bytes = b"") -> bytes:
    return encoding.decoded({b"content-encoding": name} if name else {}, body, LIMIT)


@given(body=st.binary(max_size=500))
def test_a_compressed_body_is_decompressed(body: bytes) -> None:
    assert decoded(gzip.compress(body, mtime=0), b"gzip") == body
    assert decoded(body) == decoded(body, b"identity") == body


@pytest.mark.parametrize(
    ("body", "name", "status"),
    [
        (gzip.compress(b"a" * (LIMIT + 1), mtime=0), b"gzip", 413),
        (gzip.compress(b"a" * 10**7, mtime=0), b"gzip", 413),
        (b"no gzip", b"gzip", 400),
        (gzip.compress(b"abc", mtime=0)[:-1], b"gzip", 400),
        (b"a", b"br", 415),
    ],
)
def test_a_body_that_cannot_be_used_is_refused(body: bytes, name: bytes, status: int) -> None:
    with pytest.raises(ServingError) as refusal:
        decoded(body, name)
    assert refusal.value.http_status == status


def test_an_answer_is_compressed_if_the_client_takes_it_and_it_is_long() -> None:
    takes: dict[bytes, bytes] = {b"accept-encoding": b"br, gzip"}
    body = b"long" * 1000
    assert encoding.wants_gzip(takes, body)
    assert not encoding.wants_gzip(takes, b"short")
    assert not encoding.wants_gzip({}, body)
    assert gzip.decompress(encoding.gzipped(body)) == body
