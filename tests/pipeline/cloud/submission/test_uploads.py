"""Uploads through the real clients: to an emulator of Cloud Storage, and to a server like S3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from google.cloud import storage

from models.common.errors import ConfigError, RunError
from pipeline.cloud.submission import uploads
from tests.helpers.cloud_server import Request, Server


def contents(bucket: storage.Bucket) -> dict[str, bytes]:
    return {blob.name: blob.download_as_bytes() for blob in bucket.list_blobs()}


def test_files_are_uploaded_once(bucket: storage.Bucket) -> None:
    folder = "gs://b/deep/modules"
    assert uploads.put(folder, {"1.zip": b"one"}) == [f"{folder}/1.zip"]
    assert uploads.put(folder, {"1.zip": b"eno", "2.zip": b"two"}) == [f"{folder}/2.zip"]
    # A name says its content, so what is there is never written over.
    assert contents(bucket) == {"deep/modules/1.zip": b"one", "deep/modules/2.zip": b"two"}


def test_the_bucket_itself_is_a_folder_too(bucket: storage.Bucket) -> None:
    assert uploads.put("gs://b", {"data/a.csv": b"x"}) == ["gs://b/data/a.csv"]
    assert contents(bucket) == {"data/a.csv": b"x"}


def test_a_bucket_that_does_not_exist_is_told(bucket: storage.Bucket) -> None:
    with pytest.raises(RunError, match="gs://nowhere/modules cannot be written to") as error:
        uploads.put("gs://nowhere/modules", {"1.zip": b"one"})
    assert "bucket exists" in error.value.remedy


def test_an_unknown_kind_of_bucket_is_refused() -> None:
    with pytest.raises(ConfigError, match="Nothing can be uploaded to abfs://b/modules"):
        uploads.put("abfs://b/modules", {})


def test_what_is_there_in_part_alone_is_told(bucket: storage.Bucket) -> None:
    bucket.blob("modules/1.zip").upload_from_string(b"on")
    with pytest.raises(RunError, match="gs://b/modules cannot be written to") as error:
        uploads.put("gs://b/modules", {"1.zip": b"one"})
    assert "write modules/1.zip, of 3 bytes" in error.value.detail
    assert "it holds 2 bytes there" in error.value.detail


class S3(Server):
    """A server that keeps objects as one does that speaks S3."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, bytes] = {}
        self.headers = {"ETag": '"0"'}

    def otherwise(self, request: Request) -> tuple[int, Any]:
        if request.method == "PUT":
            chunked = "x-amz-decoded-content-length" in request.headers
            self.objects[request.path] = request.body.split(b"\r\n")[1] if chunked else request.body
            return 200, b""
        return (200, self.objects[request.path]) if request.path in self.objects else (404, b"")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3]:
    server = S3()
    for name, value in {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "eu",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    yield server
    server.close()


def test_a_bucket_that_speaks_s3(s3: S3) -> None:
    s3.objects["/b/modules/old.zip"] = b"old"
    written = uploads.put("s3://b/modules", {"old.zip": b"old", "new.zip": b"new"})
    assert written == ["s3://b/modules/new.zip"]
    assert s3.objects["/b/modules/new.zip"] == b"new"
    assert [(r.method, r.path) for r in s3.requests] == [
        ("HEAD", "/b/modules/old.zip"),
        ("HEAD", "/b/modules/new.zip"),
        ("PUT", "/b/modules/new.zip"),
        ("HEAD", "/b/modules/new.zip"),
    ]


def test_s3_that_refuses_is_told(s3: S3) -> None:
    s3.answers = {("HEAD", ""): [(403, "")]}
    with pytest.raises(RunError, match=r"(?s)s3://b/modules cannot be written to.*403"):
        uploads.put("s3://b/modules", {"1.zip": b"one"})


def test_s3_that_forgets_is_told(s3: S3) -> None:
    s3.answers = {("PUT", ""): [(200, b"")]}
    with pytest.raises(RunError, match="it holds nothing that it knows there"):
        uploads.put("s3://b/modules", {"1.zip": b"one"})
