"""The client of another server, against servers that answer by script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from serving.core.errors import ServingError
from serving.upstream.client import Client, Reply

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi"
CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nhi\r\n3;ignored=1\r\nyou\r\n0\r\nTrailer: x\r\n\r\n"
)
CLOSES = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi"


class Upstream:
    """Answers each request with the same bytes; notes what it was sent."""

    def __init__(self, answer: bytes, hang_up: bool = False) -> None:
        self.answer, self.hang_up = answer, hang_up
        self.connections = 0
        self.received: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                size = int((head.lower().partition(b"content-length:")[2].split() or [b"0"])[0])
                self.received.append(head + await reader.readexactly(size))
                writer.write(self.answer)
                if self.hang_up:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()


def ask(
    upstream: Upstream, times: int = 1, act: Callable[[Client], Any] | None = None, **options: Any
) -> list[Reply]:
    async def run() -> list[Reply]:
        server = await asyncio.start_server(upstream, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        client = Client(url, options.get("timeout", 5), options.get("most_bytes", 1000))
        try:
            replies = []
            for _ in range(times):
                replies.append(await (act(client) if act else client.ask("POST", "/v1", b"{}")))
                await asyncio.sleep(0.01)
            return replies
        finally:
            while client._idle:
                client._idle.pop()[1].close()
            server.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("answer", "hang_up", "body", "connections"),
    [
        (OK, False, b"hi", 1),
        (CHUNKED, False, b"hiyou", 1),
        (CLOSES, False, b"hi", 3),
        # Without a length, the answer ends with the connection.
        (b"HTTP/1.1 200 OK\r\n\r\nhi", True, b"hi", 3),
        (b"HTTP/1.1 200 OK\r\n\r\n", True, b"", 3),
        # It hangs up without having said so: the request is sent again, to a new connection.
        (OK, True, b"hi", 3),
    ],
)
def test_answers_of_every_form_are_read(
    answer: bytes, hang_up: bool, body: bytes, connections: int
) -> None:
    upstream = Upstream(answer, hang_up)
    replies = ask(upstream, times=3)
    assert [(reply.status, reply.body) for reply in replies] == [(200, body)] * 3
    assert (upstream.connections, len(upstream.received)) == (connections, 3)


@pytest.mark.parametrize(
    ("method", "answer"),
    [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
    ],
)
def test_answers_without_a_body_are_not_waited_for(method: str, answer: bytes) -> None:
    (reply,) = ask(Upstream(answer), act=lambda client: client.ask(method, "/"))
    assert reply.body == b""


def test_what_is_sent() -> None:
    upstream = Upstream(OK)
    ask(upstream, act=lambda client: client.ask("POST", "/v1/x", b"{}", b"Bearer t"))
    (head, body) = upstream.received[0].split(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    assert (first, body) == (b"POST /v1/x HTTP/1.1", b"{}")
    assert b"Content-Length: 2" in fields and b"Authorization: Bearer t" in fields
    assert any(field.startswith(b"Host: 127.0.0.1:") for field in fields)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n", "1001 bytes is too long"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "too long"),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"200\r\n" + b"x" * 512 + b"\r\n200\r\n" + b"x" * 512 + b"\r\n0\r\n\r\n",
            "1024 bytes is too long",
        ),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 12_000, "headers are too long"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 2**17, "cannot be asked"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "cannot be asked"),
        (b"nonsense\r\n\r\n", "is not HTTP"),
        (b"SSH-2.0 server\r\n\r\n", "is not HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001, "1001 bytes is too long"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhi", "cannot be asked"),
        (b"", "closed the connection"),
    ],
)
def test_an_answer_that_is_none_is_told(answer: bytes, told: str) -> None:
    with pytest.raises(ServingError, match=told) as refusal:
        ask(Upstream(answer, hang_up=True))
    assert refusal.value.code.name == "UNAVAILABLE"


def test_a_server_that_does_not_answer_in_time() -> None:
    with pytest.raises(ServingError, match="in time") as refusal:
        ask(Upstream(b"HTTP/1.1 200 OK\r\n"), timeout=0.05)
    assert refusal.value.code.name == "DEADLINE_EXCEEDED"


@pytest.mark.parametrize("url", ["127.0.0.1:8501", "ftp://a", "http://", "http://a/v1"])
def test_what_is_no_url_of_a_server(url: str) -> None:
    with pytest.raises(ServingError, match="is no URL"):
        Client(url, 1, 1)
