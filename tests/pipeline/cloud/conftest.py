"""Servers on this machine that stand where the cloud's are, and compiled specifications."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from gcp_storage_emulator.server import Server as StorageEmulator
from gcp_storage_emulator.server import create_server
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from pipeline.cloud.kubeflow import endpoint
from pipeline.cloud.platforms.vertex import VertexAI
from tests.helpers.cloud_server import Server
from tests.pipeline.cloud.kubeflow.kubeflow_server import KubeflowServer
from tests.pipeline.cloud.specifications import TARGETS, compiled
from tests.pipeline.cloud.vertex_server import VertexServer


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
def as_google(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Takes the server at an address for Vertex AI."""

    def take(address: str) -> None:
        def client(self: VertexAI, service: Any) -> Any:
            return service(
                transport="rest",
                credentials=AnonymousCredentials(),
                client_options={"api_endpoint": address},
            )

        monkeypatch.setattr(VertexAI, "_client", client)

    return take


@pytest.fixture
def google(as_google: Callable[[str], None]) -> Iterator[VertexServer]:
    """A server that is taken for Vertex AI."""
    running = VertexServer()
    as_google(running.url)
    yield running
    running.close()


@pytest.fixture
def kubeflow(monkeypatch: pytest.MonkeyPatch) -> Iterator[KubeflowServer]:
    """A server that is taken for a Kubeflow cluster."""
    running = KubeflowServer()
    monkeypatch.setenv(endpoint.ENDPOINT, running.url)
    monkeypatch.setenv(endpoint.TOKEN, "secret-token")
    yield running
    running.close()


@pytest.fixture(scope="session")
def specifications(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    return {target: compiled(tmp_path_factory.mktemp(target), target) for target in TARGETS}


@pytest.fixture(params=TARGETS)
def specification(
    request: pytest.FixtureRequest, specifications: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    return specifications[request.param]
