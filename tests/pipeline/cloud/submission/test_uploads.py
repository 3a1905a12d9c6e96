"""Uploads through the real clients: to an emulator of Cloud Storage, and to a server like S3."""

from __future__ import annotations

import pytest
from google.cloud import storage

from models.common.errors import ConfigError, RunError
from pipeline.cloud.submission import uploads
from tests.helpers.cloud_server import Server


def contents(bucket: storage.Bucket) -> dict[str, bytes]:
    return {blob.name: blob.download_as_bytes() for blob in bucket.list_blobs()}


def test_files_are_uploaded_once(bucket: storage.Bucket) -> None:
    folder = "gs://b/deep/modules"
    assert uploads.put(folder, {"1.zip": b"one"}) == [f"{folder}/1.zip"]
    assert uploads.put(folder, {"1.zip": b"other", "2.zip": b"two"}) == [f"{folder}/2.zip"]
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


@pytest.fixture
def s3(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    for name, value in {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "eu",
        "AWS_MAX_ATTEMPTS": "1",
    }.items():
        monkeypatch.setenv(name, value)
    return server


def test_a_bucket_that_speaks_s3(s3: Server) -> None:
    s3.answers = {("HEAD", "/old.zip"): [(200, "")], ("PUT", "/new.zip"): [(200, "")]}
    written = uploads.put("s3://b/modules", {"old.zip": b"old", "new.zip": b"new"})
    assert written == ["s3://b/modules/new.zip"]
    assert [(r.method, r.path) for r in s3.requests] == [
        ("HEAD", "/b/modules/old.zip"),
        ("HEAD", "/b/modules/new.zip"),
        ("PUT", "/b/modules/new.zip"),
    ]
    assert b"new" in s3.requests[-1].body


def test_s3_that_refuses_is_told(s3: Server) -> None:
    s3.answers = {("HEAD", ""): [(403, "")]}
    with pytest.raises(RunError, match=r"(?s)s3://b/modules cannot be written to.*403"):
        uploads.put("s3://b/modules", {"1.zip": b"one"})
