"""TFX's file functions on a store that speaks S3, and on stores that refuse or die."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest
from tfx.dsl.io import fileio
from tfx.utils import io_utils

from components import example_gen, object_store, tables
from components.object_store import StoreError
from tests.helpers.s3 import S3, refusing

pytestmark = [pytest.mark.tfx, pytest.mark.slow]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Clients are kept for as long as a process lives; its variables change here."""
    impatience = {"connect_timeout": 2, "read_timeout": 5, "retries": {"max_attempts": 0}}
    monkeypatch.setattr(object_store, "_PATIENCE", impatience)
    fsspec.get_filesystem_class("s3").clear_instance_cache()
    yield
    fsspec.get_filesystem_class("s3").clear_instance_cache()


@pytest.fixture(params=["s3", "minio"])
def folder(request: pytest.FixtureRequest, s3: S3) -> str:
    """An address below which there is nothing."""
    return f"{request.param}://{s3.bucket}/a folder/ä"


def write(address: str, text: str) -> None:
    with fileio.open(address, "w") as file:
        file.write(text)


def read(address: str) -> str:
    with fileio.open(address) as file:
        return file.read()


def test_what_is_written_is_read(folder: str) -> None:
    write(f"{folder}/x.txt", "größe")
    assert read(f"{folder}/x.txt") == "größe"
    with fileio.open(f"{folder}/x.txt", "rb") as file:
        file.seek(2)
        assert file.read() == "größe".encode()[2:]
    assert fileio.exists(folder) and fileio.isdir(folder)
    assert fileio.exists(f"{folder}/x.txt") and not fileio.isdir(f"{folder}/x.txt")
    assert not fileio.exists(f"{folder}/x") and not fileio.exists(f"{folder}/nothing")


def test_folders_are_listed_found_and_walked(folder: str) -> None:
    for name in ("1/a.csv", "1/b.csv", "2/deep/c.csv"):
        write(f"{folder}/{name}", name)
    assert sorted(fileio.listdir(folder)) == ["1", "2"]
    assert fileio.glob(f"{folder}/*/*.csv") == [f"{folder}/1/a.csv", f"{folder}/1/b.csv"]
    assert fileio.glob(f"{folder}/none*") == []
    walked = {top: (folders, files) for top, folders, files in fileio.walk(folder)}
    assert walked == {
        folder: (["1", "2"], []),
        f"{folder}/1": ([], ["a.csv", "b.csv"]),
        f"{folder}/2": (["deep"], []),
        f"{folder}/2/deep": ([], ["c.csv"]),
    }


def test_what_another_process_writes_is_seen_at_once(folder: str, s3: S3) -> None:
    assert not fileio.exists(f"{folder}/new")
    s3.put("a folder/ä/new", b"x")
    assert fileio.listdir(folder) == ["new"]


def test_objects_are_copied_renamed_and_removed(folder: str) -> None:
    write(f"{folder}/x", "1")
    fileio.copy(f"{folder}/x", f"{folder}/y")
    with pytest.raises(OSError, match="already"):
        fileio.copy(f"{folder}/x", f"{folder}/y")
    fileio.copy(f"{folder}/x", f"{folder}/y", overwrite=True)
    fileio.rename(f"{folder}/y", f"{folder}/z")
    assert sorted(fileio.listdir(folder)) == ["x", "z"]
    fileio.remove(f"{folder}/z")
    fileio.rmtree(folder)
    assert not fileio.exists(folder)


def test_a_folder_is_copied_there_and_back(folder: str, tmp_path: Path) -> None:
    model = tmp_path / "model"
    for name in ("saved_model.pb", "variables/variables.index", "assets/words"):
        (model / name).parent.mkdir(parents=True, exist_ok=True)
        (model / name).write_bytes(name.encode() * 1000)
    io_utils.copy_dir(str(model), f"{folder}/1")
    io_utils.copy_dir(f"{folder}/1", str(tmp_path / "back"))
    for path in model.rglob("*"):
        if path.is_file():
            back = tmp_path / "back" / path.relative_to(model)
            assert back.read_bytes() == path.read_bytes()


def test_the_checksum_changes_with_the_content(folder: str) -> None:
    seen = set()
    for text in ("a", "b", "a"):
        write(f"{folder}/x", text)
        seen.add(object_store.checksum(f"{folder}/x"))
    assert len(seen) == 2


ASKING = {
    "open": lambda address: read(f"{address}/x"),
    "write": lambda address: write(f"{address}/x", "1"),
    "exists": fileio.exists,
    "glob": lambda address: fileio.glob(f"{address}/*"),
    "listdir": fileio.listdir,
    "copy": lambda address: fileio.copy(f"{address}/x", f"{address}/y", overwrite=True),
    "walk": lambda address: list(fileio.walk(address)),
    "checksum": lambda address: object_store.checksum(f"{address}/x"),
}


@pytest.mark.parametrize("how", ASKING)
def test_a_store_that_refuses_is_told(how: str, s3: S3, monkeypatch: pytest.MonkeyPatch) -> None:
    server = refusing(403, "AccessDenied")
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    with pytest.raises(StoreError, match="s3://b/folder") as error:
        ASKING[how]("s3://b/folder")
    server.shutdown()
    assert "s3://b exists" in error.value.remedy and "AWS_ACCESS_KEY_ID" in error.value.remedy


@pytest.mark.parametrize("how", ["open", "write", "exists", "listdir"])
def test_a_store_that_is_not_there_is_told(
    how: str, s3: S3, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    with pytest.raises(StoreError, match="s3://b/folder"):
        ASKING[how]("s3://b/folder")


def test_a_bucket_that_is_missing_is_told(s3: S3) -> None:
    with pytest.raises(StoreError, match="cannot be used"):
        write("s3://no-such-bucket/x", "1")


def test_a_missing_object_is_missing_as_tfx_has_it(folder: str) -> None:
    with pytest.raises(fileio.NotFoundError):
        read(f"{folder}/x")


def test_a_table_in_a_store_is_found_hashed_and_read(folder: str) -> None:
    write(f"{folder}/a.csv", "x,y\n1,2\n3,4\n")
    source = tables.TableSource(f"{folder}/*.csv")
    files = example_gen._files(source.location)
    [path] = tables.find(source, files).paths
    before = example_gen.fingerprint(source)
    summary = tables.scan_file(source, path, files)
    assert (path, summary.names, summary.rows) == (f"{folder}/a.csv", ("x", "y"), 2)
    write(f"{folder}/a.csv", "x,y\n1,2\n3,5\n")
    assert example_gen.fingerprint(source) != before
