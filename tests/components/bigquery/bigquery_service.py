"""BigQuery on this machine: its REST API over HTTP, and its Storage Read API over gRPC."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

import grpc
import pyarrow as pa
from google.cloud.bigquery_storage_v1 import types

REST_TYPES = {
    "int64": "INTEGER",
    "double": "FLOAT",
    "bool": "BOOLEAN",
    "string": "STRING",
    "binary": "BYTES",
    "date32[day]": "DATE",
    "time64[us]": "TIME",
    "timestamp[us]": "DATETIME",
    "timestamp[us, tz=UTC]": "TIMESTAMP",
    "decimal128(38, 9)": "NUMERIC",
    "decimal256(76, 38)": "BIGNUMERIC",
}


@dataclass
class Refusal:
    """What a request is answered with in the place of what it asks for."""

    status: int
    reason: str
    message: str


@dataclass
class Held:
    """A table, with all that it ever held."""

    history: list[tuple[int, pa.Table]]
    """Each content with the time, in milliseconds, from which it was there; the last is now's."""
    kind: str = "TABLE"
    streaming: bool = False
    query: str | None = None
    """A view's."""

    def at(self, moment: int | None) -> pa.Table | None:
        """The content at a moment; None: there was none."""
        held = [table for since, table in self.history if moment is None or since <= moment]
        return held[-1] if held else None


@dataclass
class BigQueryService:
    """What a test may set and look at."""

    tables: dict[str, Held] = field(default_factory=dict)
    """By `project.dataset.table`."""
    queries: dict[str, tuple[list[str], pa.Table]] = field(default_factory=dict)
    """By their text: the tables that they read, and their result."""
    statements: dict[str, str] = field(default_factory=dict)
    """What queries are that are no SELECT."""
    routines: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    """Functions that queries call."""
    refuse: Refusal | None = None
    """Of every request of the REST API."""
    refuse_reading: tuple[grpc.StatusCode, str] | None = None
    break_after: int | None = None
    """After so many messages of a stream, its connection breaks, once."""
    streams: int = 1
    """So many there are of a table, if more are allowed."""
    rows_in_a_message: int = 1000
    asked: list[str] = field(default_factory=list)
    """Methods and paths of the REST API."""
    sessions: list[Any] = field(default_factory=list)
    """Requests for sessions."""
    read: list[tuple[str, int]] = field(default_factory=list)
    """Streams and offsets."""
    ran: list[str] = field(default_factory=list)
    """Queries that were run in earnest."""
    variables: dict[str, str] = field(default_factory=dict)
    """The environment in which clients ask this service."""
    _streams: dict[str, pa.Table] = field(default_factory=dict)

    def put(self, name: str, table: pa.Table, since: int = 1_764_000_000_000, **more: Any) -> None:
        """Has a table hold other content from some time on."""
        held = self.tables.setdefault(name, Held([], **more))
        held.history.append((since, table))


@contextmanager
def running() -> Iterator[BigQueryService]:
    """Both APIs, at free ports."""
    service = BigQueryService()
    http = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Rest,), {"service": service}))
    threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
    rpc = grpc.server(futures.ThreadPoolExecutor(4))
    rpc.add_generic_rpc_handlers((_storage(service),))
    port = rpc.add_insecure_port("127.0.0.1:0")
    rpc.start()
    service.variables = {
        "BIGQUERY_EMULATOR_HOST": f"http://127.0.0.1:{http.server_port}",
        "BIGQUERY_STORAGE_EMULATOR_HOST": f"127.0.0.1:{port}",
        "GOOGLE_CLOUD_PROJECT": "payer",
    }
    try:
        yield service
    finally:
        rpc.stop(None)
        http.shutdown()
        http.server_close()


class _Rest(BaseHTTPRequestHandler):
    service: BigQueryService

    def do_GET(self) -> None:
        if self._is_refused():
            return
        path = unquote(urlsplit(self.path).path)
        if found := re.search(r"/projects/(.+)/datasets/(.+)/tables/(.+)$", path):
            self._table(*found.groups())
        elif found := re.search(r"/projects/payer/(?:jobs|queries)/(\d+)$", path):
            self._answer(200, self._job(int(found[1]), done=True))
        else:
            self._refuse(Refusal(404, "notFound", f"Not found: {path}"))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self._is_refused():
            return
        settings = body["configuration"]
        query = settings["query"]["query"]
        if query not in self.service.queries:
            message = "Syntax error: Unexpected identifier at [1:1]"
            self._refuse(Refusal(400, "invalidQuery", message))
            return
        read, result = self.service.queries[query]
        if settings.get("dryRun"):
            statistics = {
                "totalBytesProcessed": "1000",
                "query": {
                    "statementType": self.service.statements.get(query, "SELECT"),
                    "referencedRoutines": self.service.routines.get(query, []),
                    "referencedTables": [_reference(name) for name in read],
                    "schema": {"fields": _fields(result.schema)},
                },
            }
            self._answer(
                200,
                {
                    "jobReference": {"projectId": "payer", "location": "EU"},
                    "configuration": settings,
                    "status": {"state": "DONE"},
                    "statistics": statistics,
                },
            )
            return
        self.service.ran.append(query)
        number = len(self.service.ran) - 1
        self.service.tables[f"payer._anonymous.result{number}"] = Held([(0, result)])
        self._answer(200, self._job(number, done=False))

    def log_message(self, *_: Any) -> None:
        pass

    def _job(self, number: int, done: bool) -> dict[str, Any]:
        query = self.service.ran[number]
        result = self.service.queries[query][1]
        return {
            "jobReference": {"projectId": "payer", "jobId": str(number), "location": "EU"},
            "configuration": {
                "jobType": "QUERY",
                "query": {
                    "query": query,
                    "destinationTable": _reference(f"payer._anonymous.result{number}"),
                },
            },
            "status": {"state": "DONE" if done else "RUNNING"},
            "statistics": {"query": {"statementType": "SELECT"}},
            "jobComplete": True,
            "totalRows": str(result.num_rows),
            "schema": {"fields": _fields(result.schema)},
            "rows": [],
        }

    def _table(self, *names: str) -> None:
        name = ".".join(names)
        held = self.service.tables.get(name)
        if held is None:
            self._refuse(Refusal(404, "notFound", f"Not found: Table {name}"))
            return
        latest = held.history[-1][1]
        answer = {
            "tableReference": _reference(name),
            "type": held.kind,
            "schema": {"fields": _fields(latest.schema)},
            "numRows": str(0 if held.streaming else latest.num_rows),
            "creationTime": str(held.history[0][0]),
            "lastModifiedTime": str(held.history[-1][0]),
            "location": "EU",
        }
        if held.streaming:
            answer["streamingBuffer"] = {"estimatedRows": "3"}
        if held.query is not None:
            answer["view"] = {"query": held.query, "useLegacySql": False}
        self._answer(200, answer)

    def _is_refused(self) -> bool:
        self.service.asked.append(f"{self.command} {self.path}")
        if self.service.refuse is not None:
            self._refuse(self.service.refuse)
        return self.service.refuse is not None

    def _refuse(self, refusal: Refusal) -> None:
        error = {"reason": refusal.reason, "message": refusal.message, "domain": "global"}
        content = {"code": refusal.status, "message": refusal.message, "errors": [error]}
        self._answer(refusal.status, {"error": content})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _storage(service: BigQueryService) -> Any:
    """The Storage Read API by its own messages."""

    def create(request: types.CreateReadSessionRequest, context: grpc.ServicerContext) -> Any:
        service.sessions.append(request)
        if service.refuse_reading:
            context.abort(*service.refuse_reading)
        wanted = request.read_session
        name = ".".join(re.split("/?(?:projects|datasets|tables)/", wanted.table)[1:])
        held = service.tables.get(name, Held([]))
        if not held.history:
            context.abort(grpc.StatusCode.NOT_FOUND, f"Not found: Table {name}")
        at = wanted.table_modifiers.snapshot_time
        table = held.at(round(at.timestamp() * 1000) if at else None)
        if table is None:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Invalid snapshot time")
            raise AssertionError  # `abort` has raised.
        count = min(service.streams, request.max_stream_count or 1000) if table.num_rows else 0
        number, streams = len(service.sessions), []
        for index in range(count):
            stream = f"projects/payer/locations/eu/sessions/s{number}/streams/{index}"
            size = -(-table.num_rows // count)
            service._streams[stream] = table.slice(index * size, size)
            streams.append(types.ReadStream(name=stream))
        schema = types.ArrowSchema(serialized_schema=table.schema.serialize().to_pybytes())
        return types.ReadSession(
            name=f"projects/payer/locations/eu/sessions/s{number}",
            table=wanted.table,
            data_format=types.DataFormat.ARROW,
            arrow_schema=schema,
            streams=streams,
        )

    def read(request: types.ReadRowsRequest, context: grpc.ServicerContext) -> Iterator[Any]:
        service.read.append((request.read_stream, request.offset))
        table = service._streams[request.read_stream].slice(request.offset)
        batches = table.to_batches(service.rows_in_a_message)
        for number, batch in enumerate(batches):
            if number == service.break_after:
                service.break_after = None
                context.abort(grpc.StatusCode.UNAVAILABLE, "the connection broke")
            yield types.ReadRowsResponse(
                arrow_record_batch=types.ArrowRecordBatch(
                    serialized_record_batch=batch.serialize().to_pybytes()
                ),
                row_count=batch.num_rows,
            )

    return grpc.method_handlers_generic_handler(
        "google.cloud.bigquery.storage.v1.BigQueryRead",
        {
            "CreateReadSession": grpc.unary_unary_rpc_method_handler(
                create,
                types.CreateReadSessionRequest.deserialize,
                types.ReadSession.serialize,
            ),
            "ReadRows": grpc.unary_stream_rpc_method_handler(
                read, types.ReadRowsRequest.deserialize, types.ReadRowsResponse.serialize
            ),
        },
    )


def _reference(name: str) -> dict[str, str]:
    project, dataset, table = name.split(".", 2)
    return {"projectId": project, "datasetId": dataset, "tableId": table}


def _fields(schema: pa.Schema) -> list[dict[str, Any]]:
    found = []
    for one in schema:
        repeated = pa.types.is_list(one.type)
        kind = one.type.value_type if repeated else one.type
        mode = {"mode": "REPEATED" if repeated else "NULLABLE"}
        if pa.types.is_struct(kind):
            described = {"type": "RECORD", "fields": _fields(pa.schema(list(kind)))}
        else:
            described = {"type": REST_TYPES[str(kind)]}
        found.append({"name": one.name, **described, **mode})
    return found
