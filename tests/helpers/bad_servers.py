"""Servers that are not what they are taken for: one table of them, for everything that asks one."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Who are you?</body></html>"


def answer(status: str, body: bytes, kind: str = "application/json", more: str = "") -> bytes:
    """An HTTP answer, after which the connection is closed."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n{more}\r\n".encode() + body


def _sends(content: bytes) -> Callable[[socket.socket], None]:
    def serve(connection: socket.socket) -> None:
        connection.settimeout(0.3)
        received = b""
        # All of a request is read, as what is left unread resets the connection.
        with contextlib.suppress(OSError):
            while part := connection.recv(1 << 16):
                received += part
                head, end, body = received.partition(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: *(\d+)", head)
                if end and len(body) >= (int(length[1]) if length else 0):
                    break
        if b"/login" in received.split(b"\r\n")[0] and b" 302 " in content[:20]:
            connection.sendall(answer("200 OK", PAGE, "text/html"))
        else:
            connection.sendall(content)

    return serve


def _resets(connection: socket.socket) -> None:
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _says_nothing(connection: socket.socket) -> None:
    time.sleep(30)


def _drips(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
    for _ in range(300):
        connection.sendall(b"X: 1\r\n")
        time.sleep(0.1)


@contextlib.contextmanager
def _serving(serve: Callable[[socket.socket], None], scheme: str = "http") -> Iterator[str]:
    """The address of a server that does the same with each connection."""
    listening = socket.create_server(("127.0.0.1", 0))

    def one(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            serve(connection)

    def accept() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threading.Thread(target=one, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield f"{scheme}://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        listening.close()


@contextlib.contextmanager
def _nobody() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


def _answering(content: bytes) -> Callable[[], AbstractContextManager[str]]:
    return lambda: _serving(_sends(content))


SERVERS: dict[str, Callable[[], AbstractContextManager[str]]] = {
    "a web page": _answering(answer("200 OK", PAGE, "text/html")),
    "an empty answer": _answering(answer("200 OK", b"")),
    "JSON that ends early": _answering(answer("200 OK", b'{"run_id": "r1", "disp')),
    "a body that ends early": _answering(answer("200 OK", b'{"run_id": "r1"}')[:-4]),
    "a list": _answering(answer("200 OK", b"[]")),
    "a number": _answering(answer("200 OK", b"1")),
    "JSON of another service": _answering(answer("200 OK", b'{"status": "ok"}')),
    "an empty object": _answering(answer("200 OK", b"{}")),
    "a redirection to a login page": _answering(
        answer("302 Found", b"", more="Location: /login?token=t0ps3cret\r\n")
    ),
    "401": _answering(answer("401 Unauthorized", b"Unauthorized", "text/plain")),
    "403": _answering(answer("403 Forbidden", b'{"error": "not yours"}')),
    "404": _answering(answer("404 Not Found", b"404 page not found", "text/plain")),
    "429": _answering(answer("429 Too Many Requests", b"slow down", "text/plain")),
    "500": _answering(answer("500 Internal Server Error", b'{"error": "boom"}')),
    "a proxy's 502": _answering(answer("502 Bad Gateway", PAGE, "text/html")),
    "503": _answering(answer("503 Service Unavailable", b"upstream connect error", "text/plain")),
    "no HTTP": _answering(b"SSH-2.0-OpenSSH_9.6\r\n"),
    "HTTP where TLS is spoken": lambda: _serving(_sends(answer("200 OK", b"{}")), "https"),
    "nobody": _nobody,
    "a connection that is reset": lambda: _serving(_resets),
    "a connection that is closed": lambda: _serving(lambda connection: None),
    "silence": lambda: _serving(_says_nothing),
    "an answer that never ends": lambda: _serving(_drips),
}
"""By what they answer: addresses of servers that are not the one that is meant."""
SLOW = frozenset({"silence", "an answer that never ends"})
"""Those that keep whoever asks until it gives up."""
