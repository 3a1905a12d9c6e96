"""Buckets on this machine, asked by the real clients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest
from gcp_storage_emulator.server import Server as StorageEmulator
from gcp_storage_emulator.server import create_server
from google.cloud import storage

from tests.helpers import s3


class Bucket(Protocol):
    """A bucket that a test writes into."""

    address: str

    def put(self, name: str, content: bytes) -> None: ...

    def get(self, name: str) -> bytes: ...

    def remove(self, name: str) -> None: ...


class Google:
    """A bucket of the emulator of Google Cloud Storage."""

    def __init__(self) -> None:
        self._bucket = storage.Client(project="p").create_bucket("b")
        self.address = "gs://b/some/runs"

    def put(self, name: str, content: bytes) -> None:
        self._bucket.blob(f"some/runs/{name}").upload_from_string(content)

    def get(self, name: str) -> bytes:
        return self._bucket.blob(f"some/runs/{name}").download_as_bytes()

    def remove(self, name: str) -> None:
        self._bucket.blob(f"some/runs/{name}").delete()


class S3:
    """A bucket of moto."""

    def __init__(self, endpoint: str) -> None:
        self._bucket = s3.S3(endpoint)
        self.address = f"s3://{self._bucket.bucket}/some/runs"
        self.variables = self._bucket.variables

    def put(self, name: str, content: bytes) -> None:
        self._bucket.put(f"some/runs/{name}", content)

    def get(self, name: str) -> bytes:
        return self._bucket.get(f"some/runs/{name}")

    def remove(self, name: str) -> None:
        self._bucket._client.delete_object(Bucket=self._bucket.bucket, Key=f"some/runs/{name}")


class Servers(NamedTuple):
    """The servers that a session starts once."""

    google: StorageEmulator
    s3: str


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    google = create_server("127.0.0.1", 0, in_memory=True)
    google.start()
    with s3.running() as address:
        yield Servers(google, address)
    google.stop()


@pytest.fixture(params=["gs", "s3"])
def bucket(
    request: pytest.FixtureRequest, servers: Servers, monkeypatch: pytest.MonkeyPatch
) -> Bucket:
    """An empty bucket."""
    if request.param == "gs":
        host, port = servers.google._api._httpd.server_address
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{host}:{port}")
        servers.google.wipe()
        return Google()
    made = S3(servers.s3)
    for name, value in made.variables.items():
        monkeypatch.setenv(name, value)
    return made


def put_run(bucket: Bucket, folder: Path) -> None:
    """Copies a run folder into a bucket."""
    for path in folder.rglob("*"):
        if path.is_file():
            bucket.put(f"{folder.name}/{path.relative_to(folder).as_posix()}", path.read_bytes())


def changed(bucket: Bucket, run: str, **values: Any) -> None:
    """Writes other values into a run's record."""
    record = json.loads(bucket.get(f"{run}/run.json"))
    bucket.put(f"{run}/run.json", json.dumps({**record, **values}).encode())
