"""Servers on this machine that stand where the cloud's are, and compiled specifications."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from gcp_storage_emulator.server import Server as StorageEmulator
from gcp_storage_emulator.server import create_server
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from pipeline.cloud.platforms import kfp
from pipeline.cloud.platforms.vertex import VertexAI
from tests.helpers.cloud_server import Server
from tests.pipeline.cloud.specifications import TARGETS, compiled


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture(scope="session")
def emulator() -> Iterator[StorageEmulator]:
    running = create_server("127.0.0.1", 0, in_memory=True)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def bucket(emulator: StorageEmulator, monkeypatch: pytest.MonkeyPatch) -> storage.Bucket:
    """An empty bucket `b` in a storage emulator."""
    host, port = emulator._api._httpd.server_address
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{host}:{port}")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "p")
    emulator.wipe()
    return storage.Client().create_bucket("b")


@pytest.fixture
def google(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that is taken for Vertex AI."""

    def client(self: VertexAI, service: Any) -> Any:
        return service(
            transport="rest",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": server.url},
        )

    monkeypatch.setattr(VertexAI, "_client", client)
    return server


@pytest.fixture
def kubeflow(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that is taken for a Kubeflow cluster."""
    monkeypatch.setenv(kfp.ENDPOINT, server.url)
    monkeypatch.setenv(kfp.TOKEN, "secret-token")
    experiment = {"experiment_id": "e1", "display_name": "taxi"}
    server.answers = {
        ("GET", "/healthz"): [(200, {"multi_user": False})],
        ("GET", "/experiments"): [(200, {"experiments": [experiment]})],
        ("POST", "/runs"): [(200, {"run_id": "r1"})],
        ("POST", "/recurringruns"): [(200, {"recurring_run_id": "rr1"})],
    }
    return server


@pytest.fixture(scope="session")
def specifications(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return {target: compiled(tmp_path_factory.mktemp(target), target) for target in TARGETS}


@pytest.fixture(params=TARGETS)
def specification(
    request: pytest.FixtureRequest, specifications: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    return specifications[request.param]
