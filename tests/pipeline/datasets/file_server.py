"""A server of one folder's files on this machine, that can break off, refuse, and go on."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class FileServer:
    """Serves files, and notes what it was asked.

    Args:
        files: Content by name.
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.breaks_after: int | None = None
        """So many bytes of an answer are sent, once; then the connection ends."""
        self.status: int | None = None
        """What every request is answered with, where it is set."""
        self.goes_on = True
        """Whether it answers a request for the rest of a file with the rest."""
        self.asked: list[tuple[str, str | None]] = []
        """Name and `Range` of each request."""
        self.url = ""


@contextlib.contextmanager
def serving(files: dict[str, bytes]) -> Iterator[FileServer]:
    """Starts it on a free port of the loopback, and stops it."""
    state = FileServer(files)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name, wanted = self.path.lstrip("/"), self.headers.get("Range")
            state.asked.append((name, wanted))
            content = state.files.get(name)
            if content is None or state.status:
                self.send_error(state.status or 404)
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            if not state.goes_on:
                start = 0
            if start >= len(content) > 0:
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            end = None if state.breaks_after is None else start + state.breaks_after
            state.breaks_after = None
            self.wfile.write(content[start:end])

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
