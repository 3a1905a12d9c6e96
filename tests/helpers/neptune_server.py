"""A Neptune server for tests: so much of its API that the client's `async` mode works against it.

The client asks the server for descriptions of the API (Swagger) and derives its calls from them, so
this one describes the operations that it has.
"""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

API_KEY = "0123456789"
_TEXT = {"type": "string"}
_OBJECTS: dict[str, Any] = {"type": "array", "items": {"type": "object"}}


@dataclass
class Received:
    """What a server was sent."""

    runs: list[dict[str, Any]] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)
    series: dict[str, list[float]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass
class NeptuneServer:
    """A server that runs."""

    address: str
    received: Received

    @property
    def token(self) -> str:
        """An API token, which names the server."""
        content = {"api_address": self.address, "api_url": self.address, "api_key": API_KEY}
        return base64.b64encode(json.dumps(content).encode()).decode()


@contextlib.contextmanager
def running() -> Iterator[NeptuneServer]:
    """A server on a free port of this machine."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads = True
        address = f"http://127.0.0.1:{server.server_address[1]}"
        server.neptune = NeptuneServer(address, Received())  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.neptune  # type: ignore[attr-defined]
        server.shutdown()


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _operation(
    name: str, answer: dict[str, Any], *parameters: tuple[str, str], tag: str = "api"
) -> dict[str, Any]:
    listed = []
    for parameter, place in parameters:
        kind: dict[str, Any] = _TEXT
        if place == "body":  # Of lists the client has one only.
            kind = {"schema": _OBJECTS if parameter == "operations" else {"type": "object"}}
        listed.append({"name": parameter, "in": place, "required": False, **kind})
    return {
        "operationId": name,
        "tags": [tag],
        "parameters": listed,
        "responses": {"200": {"description": "", "schema": answer}},
    }


_REFERENCE = "#/definitions/"
_DEFINITIONS = {
    "Versions": _object(minRecommendedVersion=_TEXT, minCompatibleVersion=_TEXT),
    "Multipart": _object(
        enabled={"type": "boolean"},
        minChunkSize={"type": "integer"},
        maxChunkSize={"type": "integer"},
        maxChunkCount={"type": "integer"},
        maxSinglePartSize={"type": "integer"},
    ),
    "Config": _object(
        apiUrl=_TEXT,
        applicationUrl=_TEXT,
        pyLibVersions={"$ref": f"{_REFERENCE}Versions"},
        multiPartUpload={"$ref": f"{_REFERENCE}Multipart"},
    ),
    "Tokens": _object(accessToken=_TEXT, refreshToken=_TEXT),
    "Project": _object(
        id=_TEXT,
        name=_TEXT,
        organizationName=_TEXT,
        projectKey=_TEXT,
        version={"type": "integer"},
    ),
    "Attribute": _object(name=_TEXT, type=_TEXT),
    "Attributes": _object(
        attributes={"type": "array", "items": {"$ref": f"{_REFERENCE}Attribute"}}
    ),
    "Experiment": _object(
        id=_TEXT,
        type=_TEXT,
        shortId=_TEXT,
        organizationName=_TEXT,
        projectName=_TEXT,
        trashed={"type": "boolean"},
    ),
}
_ID = ("experimentId", "query")


def _returns(name: str) -> dict[str, Any]:
    return {"$ref": f"{_REFERENCE}{name}"}


_TOKEN = ("X-Neptune-Api-Token", "header")
_PATHS = {
    "backend": {
        "/config": {
            "get": _operation("getClientConfig", _returns("Config"), _TOKEN, ("alpha", "query"))
        },
        "/token": {"get": _operation("exchangeApiToken", _returns("Tokens"), _TOKEN)},
        "/project": {
            "get": _operation("getProject", _returns("Project"), ("projectIdentifier", "query"))
        },
    },
    "leaderboard": {
        "/create": {
            "post": _operation(
                "createExperiment",
                _returns("Experiment"),
                ("experimentCreationParams", "body"),
                ("X-Neptune-CliVersion", "header"),
            )
        },
        "/execute": {
            "post": _operation("executeOperations", _OBJECTS, _ID, ("operations", "body"))
        },
        "/attributes": {"get": _operation("getExperimentAttributes", _returns("Attributes"), _ID)},
        "/ping": {"post": _operation("ping", _OBJECTS, _ID)},
        "/upload": {"post": _operation("fileAtomUpload", _OBJECTS)},
        "/part": {"post": _operation("fileAtomMultipartUploadPart", _OBJECTS)},
        "/start": {"post": _operation("fileAtomMultipartUploadStart", _OBJECTS)},
        "/finish": {"post": _operation("fileAtomMultipartUploadFinish", _OBJECTS)},
        "/fileset": {"post": _operation("uploadFileSetAttributeTar", _OBJECTS)},
    },
    "artifacts": {},
}


def _jwt(address: str) -> str:
    def part(content: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    claims = {"exp": time.time() + 3600, "azp": "client", "iss": address}
    return f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}."


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def log_message(self, *_: object) -> None:
        pass

    def _handle(self) -> None:
        neptune: NeptuneServer = self.server.neptune  # type: ignore[attr-defined]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        answer = self._answer(neptune, url.path, query, body)
        content = json.dumps(answer).encode()
        self.send_response(404 if answer is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _answer(self, neptune: NeptuneServer, path: str, query: dict[str, str], body: bytes) -> Any:
        received = neptune.received
        match path.strip("/").split("/"):
            case ["api", part, "swagger.json"]:
                host = urlsplit(neptune.address).netloc
                return {
                    **{"swagger": "2.0", "host": host, "schemes": ["http"], "basePath": "/"},
                    **{"info": {"title": part, "version": "1"}, "produces": ["application/json"]},
                    "consumes": ["application/json"],
                    "paths": _PATHS[part],
                    "definitions": _DEFINITIONS,
                }
            case ["config"]:
                return {
                    "apiUrl": neptune.address,
                    "applicationUrl": neptune.address,
                    "pyLibVersions": {},
                    "multiPartUpload": {
                        "enabled": True,
                        "minChunkSize": 5_000_000,
                        "maxChunkSize": 100_000_000,
                        "maxChunkCount": 1000,
                        "maxSinglePartSize": 10_000_000,
                    },
                }
            case ["token"]:
                return {"accessToken": _jwt(neptune.address), "refreshToken": "refresh"}
            case ["protocol", "openid-connect", "token"]:
                return {"access_token": _jwt(neptune.address), "token_type": "Bearer"}
            case ["project"]:
                workspace, _, name = query["projectIdentifier"].partition("/")
                return {
                    **{"id": "1", "name": name, "organizationName": workspace},
                    **{"projectKey": "KEY", "version": 2},
                }
            case ["create"]:
                received.runs.append(json.loads(body))
                return {
                    **{"id": "run-1", "type": "run", "shortId": "KEY-1", "trashed": False},
                    **{"organizationName": "team", "projectName": "taxi"},
                }
            case ["execute"]:
                for operation in json.loads(body):
                    self._take(received, operation)
                return []
            case ["upload"]:
                received.files[query["attribute"]] = body
                return {"errors": []}
            case ["attributes"]:
                kinds = dict.fromkeys(received.fields, "string")
                kinds |= dict.fromkeys(received.series, "floatSeries")
                return {"attributes": [{"name": n, "type": k} for n, k in kinds.items()]}
            case ["ping"]:
                return []
        return None

    @staticmethod
    def _take(received: Received, operation: dict[str, Any]) -> None:
        path = operation.pop("path")
        [(kind, content)] = operation.items()
        if kind == "logFloats":
            values = [entry["value"] for entry in content["entries"]]
            received.series.setdefault(path, []).extend(values)
        elif kind.startswith("assign"):
            received.fields[path] = content["value"]
