"""Files in a bucket, by what may be done there, and on a disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from serving.core.errors import Code, ServingError
from serving.release.store import Store
from tests.delivery.storage_server import Store as Bucket
from tests.helpers import s3


@pytest.fixture(scope="module")
def s3_server() -> Iterator[str]:
    with s3.running() as address:
        yield address


@pytest.fixture(params=["bucket", "disk", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    if request.param == "s3":
        made = s3.S3(request.getfixturevalue("s3_server"))
        for name, value in made.variables.items():
            monkeypatch.setenv(name, value)
        return Store(f"s3://{made.bucket}/folder")
    if request.param == "disk":
        return Store(str(tmp_path / "folder"))
    request.getfixturevalue("bucket")
    return Store("gs://serving/folder")


def test_what_is_written_is_read_listed_and_written_over(store: Store) -> None:
    assert store.names() == [] and store.read("a/b.json") is None
    store.write("a/b.json", b"1")
    store.write("a/b.json", b"2")
    store.write("c", b"")
    assert (store.read("a/b.json"), store.read("c")) == (b"2", b"")
    assert store.names() == ["a/b.json", "c"] and store.names("a") == ["a/b.json"]
    assert store.names("no") == []


def test_a_version_comes_whole_and_its_model_goes_last(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = tmp_path / "1"
    for name in ("a", "saved_model.pb", "variables/v"):
        (version / name).parent.mkdir(parents=True, exist_ok=True)
        (version / name).write_bytes(name.encode())
    written: list[str] = []
    write = store.write

    def note(name: str, content: bytes) -> None:
        written.append(name)
        write(name, content)

    monkeypatch.setattr(store, "write", note)
    store.put(version, "taxi/1")
    assert written[-1] == "taxi/1/saved_model.pb" and len(written) == 3
    store.put(version, "taxi/1")
    assert len(written) == 3, "what is there is not written again"
    store.fetch("taxi/1", tmp_path / "copy")
    copied = {p.relative_to(tmp_path / "copy").as_posix() for p in (tmp_path / "copy").rglob("?*")}
    assert copied == {"a", "saved_model.pb", "variables", "variables/v"}
    with pytest.raises(ServingError, match="There is nothing in"):
        store.fetch("taxi/2", tmp_path / "other")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("where", ["read", "add"])
def test_what_is_not_allowed_is_told_with_what_to_do(bucket: Bucket, where: str) -> None:
    bucket.objects[where, "folder/a"] = b"there"
    store = Store(f"gs://{where}/folder")
    assert store.read("a") == b"there"
    with pytest.raises(ServingError) as told:
        store.write("a", b"other")
    assert told.value.code == Code.PERMISSION_DENIED and "docs/ship.md" in told.value.remedy
    assert store.read("a") == b"there"
    if where == "add":
        store.write("b", b"new")
        assert store.read("b") == b"new"


def test_a_bucket_that_is_not_there_is_told(bucket: Bucket) -> None:
    with pytest.raises(ServingError, match="gs://nowhere/folder/a cannot be written") as told:
        Store("gs://nowhere/folder").write("a", b"")
    assert told.value.remedy == "Check that there is such a bucket."


@pytest.mark.parametrize(
    "address",
    ["gs://", "gs://b", "gs:///folder", "http://host/x", "gs://bucket/a?b", "gs://Bucket"],
)
def test_an_address_that_is_none_is_told(address: str) -> None:
    with pytest.raises(ServingError, match="is no address of a serving folder"):
        Store(address)
