"""An HTTP server that answers as a test says, and keeps what it was sent."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Received(NamedTuple):
    """A request."""

    path: str
    headers: dict[str, str]
    body: Any


class Answer(NamedTuple):
    """What is answered."""

    status: int
    body: object = None
    headers: tuple[tuple[str, str], ...] = ()


@contextmanager
def answering(
    *answers: Answer | Callable[[Any], None],
) -> Iterator[tuple[str, list[Received]]]:
    """A server that answers with these, the last one again and again; and what it was sent."""
    received: list[Received] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(Received(self.path, dict(self.headers), json.loads(body)))
            answer = answers[min(len(received), len(answers)) - 1]
            if not isinstance(answer, Answer):
                answer(self)
                return
            content = b"" if answer.body is None else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", received
        server.shutdown()
