"""A connection, without a network: bytes in, bytes out."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import pytest

from serving.core.errors import Code
from serving.http.connection import Connection, Limits, Shared
from serving.http.messages import Request, Response

STATUSES = sorted({*(code.http for code in Code), *map(int, HTTPStatus), 299, 418, 520, 599, 999})


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: Any) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def can_write_eof(self) -> bool:
        return False


def exchange(response: Response, *packets: bytes) -> Transport:
    """What a connection writes when packets come in."""
    transport = Transport()

    async def application(request: Request) -> Response:
        return response

    async def run() -> None:
        connection = Connection(Shared(application, Limits(body_bytes=100)))
        connection.connection_made(transport)
        for packet in packets:
            connection.data_received(packet)
        await asyncio.sleep(0.01)

    asyncio.run(run())
    return transport


@pytest.mark.parametrize("status", STATUSES)
def test_every_status_can_be_answered(status: int) -> None:
    written = exchange(Response(status, [], b"{}"), b"GET / HTTP/1.1\r\n\r\n").written
    head, _, body = written.partition(b"\r\n\r\n")
    version, code, _ = head.split(b"\r\n")[0].split(b" ", 2)
    assert (version, int(code), body) == (b"HTTP/1.1", status, b"{}")
    assert b"content-length: 2" in head


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_a_request_is_the_same_however_it_is_cut(size: int) -> None:
    sent = b"POST /p?q=1 HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc" * 2
    packets = [sent[start : start + size] for start in range(0, len(sent), size)]
    transport = exchange(Response(200, [(b"a", b"b")], b"{}"), *packets)
    assert transport.written.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert not transport.closed


def test_a_client_that_wants_no_more_is_closed() -> None:
    transport = exchange(Response(200, [], b"{}"), b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert b"connection: close" in transport.written and transport.closed


def test_a_head_request_gets_no_body() -> None:
    written = exchange(Response(200, [], b"{}"), b"HEAD / HTTP/1.1\r\n\r\n").written
    assert written.endswith(b"content-length: 2\r\n\r\n")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n", b" 413 "),
        (b"nonsense\r\n\r\n", b" 400 "),
    ],
)
def test_what_breaks_http_or_a_limit_is_refused(sent: bytes, status: bytes) -> None:
    first = exchange(Response(200, [], b"{}"), sent).written.split(b"\r\n")[0]
    assert status in first
