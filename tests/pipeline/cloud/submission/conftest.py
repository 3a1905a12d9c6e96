"""Servers on this machine that stand where the cloud's are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gcp_storage_emulator.server import Server as StorageEmulator
from gcp_storage_emulator.server import create_server
from google.cloud import storage

from tests.helpers.cloud_server import Server


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
