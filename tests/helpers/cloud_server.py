"""A server on this machine that stands where one in the cloud is."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit


class Request(NamedTuple):
    """What a client sent."""

    method: str
    path: str
    query: dict[str, str]
    body: Any
    headers: dict[str, str]


class Server:
    """Answers each request as it was told, and keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.answers: dict[tuple[str, str], list[tuple[int, Any]]] = {}
        """By method and end of the path: statuses and bodies; the last one is repeated."""
        self.headers: dict[str, str] = {}
        """Sent with each answer."""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                split = urlsplit(self.path)
                body = json.loads(raw) if raw[:1] == b"{" else raw
                headers = {key.lower(): value for key, value in self.headers.items()}
                query = dict(parse_qsl(split.query))
                outer.requests.append(Request(self.command, split.path, query, body, headers))
                status, answer = outer.answer(outer.requests[-1])
                content = answer if isinstance(answer, bytes) else _encoded(answer)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                for header in outer.headers.items():
                    self.send_header(*header)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_HEAD = do_PATCH = do_DELETE = _answer  # noqa: N815

            def log_message(self, *arguments: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, request: Request) -> tuple[int, Any]:
        """The status and the body for a request."""
        for (wanted, end), answers in self.answers.items():
            if request.method == wanted and request.path.endswith(end):
                return answers.pop(0) if len(answers) > 1 else answers[0]
        return self.otherwise(request)

    def otherwise(self, request: Request) -> tuple[int, Any]:
        """The same, where nothing was told."""
        return 404, {"error": {"code": 404, "message": f"nothing at {request.path}"}}

    def bodies(self, method: str, end: str) -> list[Any]:
        return [r.body for r in self.requests if r.method == method and r.path.endswith(end)]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


def _encoded(answer: Any) -> bytes:
    return answer.encode() if isinstance(answer, str) else json.dumps(answer).encode()
