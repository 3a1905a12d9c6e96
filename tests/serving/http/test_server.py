"""What clients send, byte by byte, and what comes back: a real server on the loopback."""

from __future__ import annotations

import asyncio
import json
import random
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from itertools import pairwise

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from serving.http import server as http_server
from serving.http.connection import Limits
from serving.http.messages import Request, Response
from serving.http.server import HttpServer

GET = b"GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
LIMITS = Limits(
    body_bytes=1000, held_bytes=5000, head_bytes=2000, request_seconds=0.4, idle_seconds=1.5,
    unread_seconds=0.4, linger_seconds=0.2,
)  # fmt: skip
LARGE = b"x" * 20_000_000


class Server:
    """A server on an event loop in a thread; it answers with what it was asked."""

    def __init__(self, limits: Limits) -> None:
        self.http = HttpServer(self._answer, limits)
        self.release = threading.Event()
        self.asked: list[str] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._stop = asyncio.Event()
        self._grace = 0.0
        started = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._serve(started)))
        self._thread.start()
        assert started.wait(10)

    async def _serve(self, started: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        await self.http.start(self._listening)
        started.set()
        await self._stop.wait()
        await self.http.stop(self._grace)

    async def _answer(self, request: Request) -> Response:
        self.asked.append(request.path)
        while request.path == "/slow" and not self.release.is_set():
            await asyncio.sleep(0.01)
        if request.path == "/large":
            return Response(200, [], LARGE)
        headers = {
            name.decode(): value.decode("latin-1") for name, value in request.headers.items()
        }
        told = {
            "method": request.method, "path": request.path, "query": request.query.decode(),
            "headers": headers, "body": request.body.decode("latin-1"),
        }  # fmt: skip
        return Response(200, [(b"content-type", b"application/json")], json.dumps(told).encode())

    def stop(self, grace: float = 0.0) -> None:
        self._grace = grace
        with suppress(RuntimeError):  # It has stopped before.
            self._loop.call_soon_threadsafe(self._stop.set)

    def join(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()

    def is_clean(self) -> bool:
        shared = self.http._shared
        return not shared.connections and shared.held_bytes == 0


@contextmanager
def running(limits: Limits = LIMITS) -> Iterator[Server]:
    server = Server(limits)
    try:
        yield server
    finally:
        server.release.set()
        server.stop()
        server.join()


@pytest.fixture(scope="module", autouse=True)
def look_often() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http_server, "_SECONDS_BETWEEN_LOOKS", 0.05)
        yield


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running() as started:
        yield started


def connected(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def everything(client: socket.socket) -> bytes:
    """What comes until the server closes."""
    parts = []
    try:
        while part := client.recv(1 << 20):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def exchange(server: Server, *parts: bytes) -> bytes:
    """What comes back for all parts, each a packet, before the client is done sending."""
    with connected(server) as client:
        for part in parts:
            client.sendall(part)
            if len(parts) > 1:
                time.sleep(0.005)
        client.shutdown(socket.SHUT_WR)
        return everything(client)


def responses(data: bytes) -> list[tuple[int, dict[str, str], bytes]]:
    found = []
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        line, *fields = head.decode().split("\r\n")
        headers = dict(field.split(": ", 1) for field in fields)
        length = int(headers.get("content-length", 0))
        found.append((int(line.split()[1]), headers, data[:length]))
        data = data[length:]
    return found


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


CHUNKED = (
    b"POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n"
    b"3\r\nabc\r\n2\r\nde\r\n0\r\nAuthorization: Bearer x\r\n\r\n"
)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (GET, {"method": "GET", "path": "/a", "query": "b=c", "body": ""}),
        (POST, {"method": "POST", "path": "/p", "query": "", "body": "abc"}),
        (CHUNKED, {"body": "abcde"}),
        (b"GET http://host:8501/a%20b?c HTTP/1.1\r\n\r\n", {"path": "/a%20b", "query": "c"}),
        (b"GET http://host HTTP/1.1\r\n\r\n", {"path": "/"}),
        (b"OPTIONS * HTTP/1.1\r\n\r\n", {"method": "OPTIONS", "path": "*"}),
        (
            b"GET / HTTP/1.1\r\nX-A:  one \r\nx-a: two\r\n\r\n",
            {"headers": {"x-a": "one"}},
        ),
    ],
)
def test_a_request_reaches_the_application(
    server: Server, sent: bytes, told: dict[str, object]
) -> None:
    ((status, headers, body),) = responses(exchange(server, sent))
    assert status == 200
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", headers["date"])
    got = json.loads(body)
    assert {name: got[name] for name in told} == told
    assert "authorization" not in got["headers"]


@pytest.mark.parametrize(
    ("sent", "statuses", "told"),
    [
        (b"nonsense\r\n\r\n", [400], "not HTTP"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", [400], "not HTTP"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", [400], "not HTTP"),
        (POST + b"nonsense\r\n\r\n" + POST, [200, 400], "not HTTP"),
        (
            b"POST /p HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            [400],
            "not HTTP",
        ),
        (b"POST /p HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", [400], "HTTP"),
        (b"POST /p HTTP/1.1\r\nContent-Length: -1\r\n\r\n", [400], "not HTTP"),
        (b"POST /p HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n", [400], "not HTTP"),
        (b"GET / HTTP/1.1\r\nA: b\nc\r\n\r\n", [400], "not HTTP"),
        (b"POST /p HTTP/1.1\r\nContent-Length: 1001\r\n\r\n", [413], "longer than 1000 bytes"),
        (
            b"POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"a" * 1001,
            [413],
            "longer than 1000 bytes",
        ),
        (GET + POST, [200, 200], ""),
        (GET * 50, [200] * 50, ""),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_refused_after_what_did_not(
    server: Server, sent: bytes, statuses: list[int], told: str
) -> None:
    found = responses(exchange(server, sent))
    assert [status for status, _, _ in found] == statuses
    if statuses[-1] != 200:
        assert found[-1][1]["connection"] == "close"
        assert told in json.loads(found[-1][2])["error"]


def test_a_head_without_an_end_is_refused(server: Server) -> None:
    with connected(server) as client:
        client.sendall(b"GET / HTTP/1.1\r\n")
        for number in range(400):
            client.sendall(b"X-%d: 123\r\n" % number)
        ((status, _, body),) = responses(everything(client))
    assert status == 431
    assert "longer than 2000 bytes" in body.decode()


def test_a_client_that_does_not_stop_sending_hears_that_it_is_refused(server: Server) -> None:
    with connected(server) as client:
        client.sendall(b"POST /p HTTP/1.1\r\nContent-Length: 500000\r\n\r\n")
        client.sendall(b"a" * 500_000)
        assert responses(everything(client))[0][0] == 413


@pytest.mark.parametrize(
    ("version", "asked", "told"),
    [
        ("1.1", None, None),
        ("1.1", "close", "close"),
        ("1.0", None, "close"),
        ("1.0", "keep-alive", "keep-alive"),
    ],
)
def test_a_connection_is_kept_if_the_client_wants_it(
    server: Server, version: str, asked: str | None, told: str | None
) -> None:
    field = f"Connection: {asked}\r\n" if asked else ""
    sent = f"GET / HTTP/{version}\r\n{field}\r\n".encode()
    with connected(server) as client:
        client.sendall(sent)
        answer = client.recv(1 << 20)
        assert responses(answer)[0][1].get("connection") == told
        if told == "close":
            assert everything(client) == b""
        else:
            client.sendall(sent)
            assert responses(client.recv(1 << 20))[0][0] == 200


def test_head_has_the_length_and_no_body(server: Server) -> None:
    answer = exchange(server, b"HEAD / HTTP/1.1\r\n\r\n")
    assert answer.endswith(b"\r\n\r\n")
    assert int(re.findall(rb"content-length: (\d+)", answer)[0]) > 10


def test_a_client_that_asks_whether_to_go_on_is_told_so(server: Server) -> None:
    head = b"POST /p HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"
    with connected(server) as client:
        client.sendall(head)
        assert client.recv(1000) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"abc")
        assert responses(client.recv(1 << 20))[0][0] == 200
    refused = head.replace(b"3", b"1001")
    assert exchange(server, refused).startswith(b"HTTP/1.1 413 ")


def test_an_upgrade_is_not_made_and_the_request_answered(server: Server) -> None:
    fields = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    answer = exchange(server, b"GET /a HTTP/1.1\r\n" + fields + b"\r\n")
    assert [status for status, _, _ in responses(answer)] == [200]


def test_a_request_that_does_not_come_in_whole_is_refused(server: Server) -> None:
    with connected(server) as client:
        client.sendall(POST[:-1])
        ((status, headers, _),) = responses(everything(client))
        assert (status, headers["connection"]) == (408, "close")


def test_an_idle_connection_is_closed_without_a_word(server: Server) -> None:
    with connected(server) as client:
        client.sendall(GET)
        assert responses(client.recv(1 << 20))
        assert everything(client) == b""


def test_a_client_that_does_not_read_is_left(server: Server) -> None:
    with connected(server) as client:
        client.sendall(GET.replace(b"/a", b"/large"))
        time.sleep(1)
        assert len(everything(client)) < len(LARGE)
    with connected(server) as client:
        client.sendall(GET.replace(b"/a", b"/large") + GET)
        client.shutdown(socket.SHUT_WR)
        first, second = responses(everything(client))
        assert (first[2] == LARGE, second[0]) == (True, 200)


def test_bodies_that_wait_are_bounded() -> None:
    body = b"a" * 1000
    sent = b"POST /slow HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" + body
    with running(replace(LIMITS, request_seconds=60, unread_seconds=60)) as server:
        clients = [connected(server) for _ in range(5)]
        for client in clients:
            client.sendall(sent)
        until(lambda: server.asked.count("/slow") == 5)
        ((status, _, text),) = responses(exchange(server, sent))
        assert (status, "as many bytes" in text.decode()) == (429, True)
        server.release.set()
        for client in clients:
            assert responses(client.recv(1 << 20))[0][0] == 200
            client.close()
        until(server.is_clean)


def test_a_client_that_goes_away_leaves_nothing_behind() -> None:
    with running() as server:
        with connected(server) as client:
            client.sendall(POST.replace(b"/p", b"/slow") + POST + POST[:-1])
            until(lambda: "/slow" in server.asked)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        server.release.set()
        until(server.is_clean)
        assert server.asked == ["/slow"]


def test_a_stop_answers_what_was_accepted_and_ends_the_rest() -> None:
    with running(replace(LIMITS, idle_seconds=60)) as server:
        idle, busy, late = connected(server), connected(server), connected(server)
        busy.sendall(GET.replace(b"/a", b"/slow"))
        late.sendall(POST[:-1])
        idle.sendall(GET)
        assert idle.recv(1 << 20)
        until(lambda: "/slow" in server.asked)
        server.stop(grace=20)
        assert everything(idle) == b""
        with pytest.raises(ConnectionError):
            connected(server).recv(1)
        late.sendall(POST[-1:])
        server.release.set()
        for client in (busy, late):
            ((status, headers, _),) = responses(everything(client))
            assert (status, headers["connection"]) == (200, "close")
            client.close()
        server.join()
        idle.close()


def test_a_stop_does_not_wait_longer_than_its_grace() -> None:
    with running() as server:
        with connected(server) as client:
            client.sendall(GET.replace(b"/a", b"/slow"))
            until(lambda: "/slow" in server.asked)
            server.stop(grace=0.1)
            assert everything(client) == b""
        server.release.set()


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    requests=st.lists(
        st.sampled_from([GET, POST, CHUNKED, b"HEAD / HTTP/1.1\r\n\r\n"]), min_size=1, max_size=6
    ),
    cuts=st.lists(st.integers(0, 400), max_size=4),
)
def test_packets_may_end_anywhere(server: Server, requests: list[bytes], cuts: list[int]) -> None:
    sent = b"".join(requests)
    places = sorted({0, len(sent), *(cut % len(sent) for cut in cuts)})
    parts = [sent[start:end] for start, end in pairwise(places)]
    answer = exchange(server, *parts)
    assert answer.count(b"HTTP/1.1 200 OK") == len(requests)


def test_noise_neither_stops_the_server_nor_stays_in_it() -> None:
    source = random.Random(6)
    with running() as server:
        for _ in range(150):
            sent = bytearray(source.choice([GET, POST, CHUNKED, POST + CHUNKED + GET]))
            for _ in range(source.randint(1, 6)):
                place = source.randrange(len(sent))
                sent[place : place + source.randint(0, 3)] = source.randbytes(source.randint(0, 3))
            # Not read as answers: a changed method may be HEAD.
            statuses = re.findall(rb"HTTP/1\.1 (\d{3}) ", exchange(server, bytes(sent)))
            assert {*statuses} <= {b"100", b"200", b"400", b"408", b"413", b"431"}
        assert responses(exchange(server, POST))[0][0] == 200
        until(server.is_clean)
