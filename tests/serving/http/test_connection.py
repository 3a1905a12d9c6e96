"""A connection, without a network: bytes in, bytes out."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import pytest

from serving.core.errors import Code, ServingError
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


UPGRADES = [
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n",
    b"Upgrade: websocket\r\nConnection: keep-alive, upgrade\r\n",
    b"Connection: Upgrade\r\nUpgrade: TLS/1.0, HTTP/2.0\r\n",
]


@pytest.mark.parametrize("fields", UPGRADES)
@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_an_upgrade_is_not_made_and_the_body_is_read(
    fields: bytes, chunked: bool, size: int
) -> None:
    """As RFC 9110, section 7.8, lets a server do; also of requests one after the other."""
    body = (
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
        if chunked
        else b"Content-Length: 3\r\n\r\nabc"
    )
    sent = (b"POST /p HTTP/1.1\r\nHost: a\r\n" + fields + body) * 2 + b"GET /q HTTP/1.1\r\n\r\n"
    transport, requests = Transport(), []

    async def application(request: Request) -> Response:
        requests.append((request.method, request.path, request.body))
        return Response(200, [], b"{}")

    async def run() -> None:
        shared = Shared(application, Limits(body_bytes=100))
        connection = Connection(shared)
        connection.connection_made(transport)
        for start in range(0, len(sent), size):
            connection.data_received(sent[start : start + size])
        await asyncio.sleep(0.05)
        assert shared.held_bytes == 0

    asyncio.run(run())
    assert requests == [("POST", "/p", b"abc"), ("POST", "/p", b"abc"), ("GET", "/q", b"")]
    assert not transport.closed


def test_what_a_request_takes_in_memory_counts_until_it_is_answered() -> None:
    held: list[int] = []

    async def run() -> int:
        async def application(request: Request) -> Response:
            request.hold(500)
            held.append(shared.held_bytes)
            with pytest.raises(ServingError, match="as many bytes"):
                request.hold(10_000)
            return Response(200, [], b"{}")

        shared = Shared(application, Limits(body_bytes=100, held_bytes=5000))
        connection = Connection(shared)
        connection.connection_made(Transport())
        connection.data_received(b"POST /p HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
        await asyncio.sleep(0.01)
        return shared.held_bytes

    assert (asyncio.run(run()), held) == (0, [503])
