"""What BigQuery's REST API does for load jobs, over HTTP on this machine."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq


class BigQueryServer(ThreadingHTTPServer):
    """Takes resumable uploads; a job's id works once, as with the real one."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.jobs: dict[str, dict[str, Any]] = {}
        self.loaded: dict[str, list[pa.Table]] = {}
        self.asked: list[str] = []
        self.refuse: str | None = None
        """A message with which jobs fail."""
        self.lose_answers = 0
        """How many uploads are taken and then answered with a broken connection's status."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def running() -> Iterator[BigQueryServer]:
    server = BigQueryServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: BigQueryServer

    def do_POST(self) -> None:
        body = json.loads(self._body())
        job_id = body["jobReference"]["jobId"]
        self.server.asked.append(job_id)
        if job_id in self.server.jobs:
            self._answer(409, {"error": {"code": 409, "message": f"Already Exists: Job {job_id}"}})
            return
        location = f"{self.server.url}/upload-session/{job_id}"
        self.server.jobs[f"pending {job_id}"] = body
        self._answer(200, {}, {"Location": location})

    def do_PUT(self) -> None:
        job_id = self.path.rpartition("/")[2]
        body = self.server.jobs.pop(f"pending {job_id}")
        content = self._body()
        status: dict[str, Any] = {"state": "DONE"}
        if self.server.refuse is not None:
            status["errorResult"] = {"reason": "invalid", "message": self.server.refuse}
        else:
            table = body["configuration"]["load"]["destinationTable"]["tableId"]
            loaded = pq.read_table(io.BytesIO(content))
            self.server.loaded.setdefault(table, []).append(loaded)
        self.server.jobs[job_id] = {
            **body,
            "id": job_id,
            "status": status,
            "statistics": {"load": {"outputRows": "1"}},
        }
        if self.server.lose_answers:
            self.server.lose_answers -= 1
            self._answer(400, {"error": {"code": 400, "message": "the connection broke"}})
            return
        self._answer(200, self.server.jobs[job_id])

    def do_GET(self) -> None:
        job_id = self.path.partition("?")[0].rpartition("/")[2]
        self._answer(200, self.server.jobs[job_id])

    def log_message(self, *_: Any) -> None:
        pass

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _answer(
        self, status: int, content: dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
