"""Which version of another server a request is sent to, and what becomes of its answer."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from serving.routing import changes

pytestmark = pytest.mark.tfx


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A serving folder with a stable version 1 and a canary, version 2, that gets no share."""
    for version in ("1", "2"):
        (tmp_path / "taxi" / version).mkdir(parents=True)
        (tmp_path / "taxi" / version / "saved_model.pb").touch()
    changes.canary(tmp_path, "taxi", 2, 0.0, 0.0, "ann", "")
    return tmp_path


def forward(
    models: Path, path: str, loaded: set[str], status: bytes = b"{}"
) -> tuple[Any, list[str]]:
    """The answer to a request, and the paths that the other server was asked.

    Args:
        models: The serving folder.
        path: The request's.
        loaded: The versions that the other server has.
        status: What it says of the model.
    """
    from serving.commands import wiring
    from serving.core.metrics import Metrics
    from serving.core.settings import Settings
    from serving.rest.paths import route
    from serving.upstream.client import Client
    from serving.upstream.forward import Forwarder

    asked: list[str] = []

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(head.split()[1])
        body = status if head.startswith("GET") else b"{}"
        known = "/versions/" not in asked[-1] or asked[-1].split("/")[5][0] in loaded
        code = 200 if known else 404
        writer.write(b"HTTP/1.1 %d X\r\nConnection: close\r\n\r\n%b" % (code, body))
        writer.close()

    async def run() -> Any:
        server = await asyncio.start_server(upstream, "127.0.0.1", 0)
        client = Client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", 5, 1000)
        hooks = wiring.hooks(models)
        found = route("POST", path)
        forwarder = Forwarder(hooks, Metrics(), Settings(models), client)
        answer = await forwarder._infer(found.target, found.method, path, b"{}", b"id")
        hooks.close()
        server.close()
        return answer

    return asyncio.run(run()), asked


@pytest.mark.parametrize(
    ("path", "loaded", "asked", "version", "label"),
    [
        ("/v1/models/taxi:predict", {"1"}, ["/v1/models/taxi/versions/1:predict"], 1, "stable"),
        # What is not loaded there must not fail a request that did not name it.
        (
            "/v1/models/taxi:predict",
            {"2"},
            ["/v1/models/taxi/versions/1:predict", "/v1/models/taxi:predict"],
            None,
            None,
        ),
        (
            "/v1/models/taxi/versions/2:predict",
            {"2"},
            ["/v1/models/taxi/versions/2:predict"],
            2,
            None,
        ),
    ],
)
def test_who_is_asked(
    models: Path, path: str, loaded: set[str], asked: list[str], version: Any, label: Any
) -> None:
    answer, paths = forward(models, path, loaded)
    assert (answer.status, answer.body, paths) == (200, b"{}", asked)
    assert (answer.version, answer.label) == (version, label)


@pytest.mark.parametrize(
    ("status", "version"),
    [
        (
            b'{"model_version_status": [{"version": "3", "state": "AVAILABLE"}, '
            b'{"version": "2", "state": "AVAILABLE"}, {"version": "4", "state": "END"}]}',
            3,
        ),
        (b"{}", None),
        (b"[]", None),
        (b"no JSON", None),
        (b'{"model_version_status": 1}', None),
        (b'{"model_version_status": [1]}', None),
        (b'{"model_version_status": [{"version": "x", "state": "AVAILABLE"}]}', None),
        (b'{"model_version_status": [{"state": "AVAILABLE"}]}', None),
    ],
)
def test_the_version_behind_a_label_is_asked_for(
    models: Path, status: bytes, version: int | None
) -> None:
    path = "/v1/models/taxi/labels/stable:predict"
    answer, asked = forward(models, path, set(), status)
    assert (answer.status, answer.version, answer.label) == (200, version, "stable")
    assert asked == [path, "/v1/models/taxi/labels/stable"]
