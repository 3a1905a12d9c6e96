"""A file is fetched whole and with the right checksum, or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.common.datasets.dataset import RemoteFile
from models.common.errors import RunError
from pipeline.datasets import download
from tests.pipeline.datasets.file_server import FileServer, serving

CONTENT = bytes(range(256)) * 1000


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving({"a.bin": CONTENT, "empty": b""}) as started:
        yield started


def remote(server: FileServer, content: bytes = CONTENT, name: str = "a.bin") -> RemoteFile:
    return RemoteFile(f"{server.url}/{name}", sha256=hashlib.sha256(content).hexdigest())


def fetch(file: RemoteFile, target: Path, *, verified: bool = True) -> bool:
    return download.fetch(file, file.url, target, lambda there, whole: None, verified=verified)


@pytest.mark.parametrize("name", ["sha256", "md5"])
def test_a_file_comes_whole_and_is_not_fetched_twice(
    server: FileServer, tmp_path: Path, name: str
) -> None:
    checksum = hashlib.new(name, CONTENT).hexdigest()
    file = RemoteFile(f"{server.url}/a.bin", **{name: checksum})
    target = tmp_path / "deep" / "a.bin"
    assert fetch(file, target)
    assert target.read_bytes() == CONTENT
    assert not fetch(file, target)
    assert [one.name for one in target.parent.iterdir()] == ["a.bin"]
    assert len(server.asked) == 1


def test_one_that_is_damaged_is_fetched_again(server: FileServer, tmp_path: Path) -> None:
    target = tmp_path / "a.bin"
    target.write_bytes(CONTENT[:-1] + b"x")
    assert fetch(remote(server), target)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize("sent", [1, 70_000, len(CONTENT) - 1])
def test_a_download_that_broke_off_is_gone_on_with(
    server: FileServer, tmp_path: Path, sent: int, goes_on: bool
) -> None:
    server.breaks_after, server.goes_on = sent, goes_on
    target = tmp_path / "a.bin"
    with pytest.raises(RunError) as failed:
        fetch(remote(server), target)
    assert f"{server.url}/a.bin could not be fetched" in failed.value.headline
    assert f"{sent:,} bytes of it are in {target}.part" in failed.value.detail
    assert not target.exists()
    assert fetch(remote(server), target)
    assert target.read_bytes() == CONTENT
    assert server.asked[-1] == ("a.bin", f"bytes={sent}-")
    assert not target.with_name("a.bin.part").exists()


@pytest.mark.parametrize("left", [b"x", CONTENT, CONTENT + b"more", b"x" * len(CONTENT)])
def test_what_was_left_of_another_download_is_no_part_of_this_one(
    server: FileServer, tmp_path: Path, left: bytes
) -> None:
    (tmp_path / "a.bin.part").write_bytes(left)
    assert fetch(remote(server), tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_another_file_is_refused_and_not_kept(server: FileServer, tmp_path: Path) -> None:
    file = remote(server, b"another")
    with pytest.raises(RunError, match="is not the file that was expected") as refused:
        fetch(file, tmp_path / "a.bin")
    assert file.sha256 in refused.value.detail
    assert hashlib.sha256(CONTENT).hexdigest() in refused.value.detail
    assert list(tmp_path.iterdir()) == []
    assert fetch(file, tmp_path / "a.bin", verified=False)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_a_refusal_of_the_server_is_told(server: FileServer, tmp_path: Path, status: int) -> None:
    server.status = status
    with pytest.raises(RunError) as failed:
        fetch(remote(server), tmp_path / "a.bin")
    assert f"The server answered {status}" in failed.value.detail
    assert "--from" in failed.value.remedy
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:9/a.bin", "https://nowhere.invalid/a.bin", "nonsense", "http://[x/a"]
)
def test_without_network_it_is_told_what_to_do(tmp_path: Path, url: str) -> None:
    with pytest.raises(RunError, match="could not be fetched") as failed:
        fetch(RemoteFile(url, md5="0"), tmp_path / "a.bin")
    assert str(tmp_path / "a.bin") in failed.value.remedy
    assert ".part" not in failed.value.remedy


def test_an_empty_file_is_a_file(server: FileServer, tmp_path: Path) -> None:
    assert fetch(remote(server, b"", "empty"), tmp_path / "empty")
    assert (tmp_path / "empty").read_bytes() == b""


def test_progress_says_how_much_is_there(server: FileServer, tmp_path: Path) -> None:
    told: list[tuple[int, int | None]] = []
    file = remote(server)
    download.fetch(file, file.url, tmp_path / "a.bin", lambda *given: told.append(given))
    assert told[-1] == (len(CONTENT), len(CONTENT))
    assert [there for there, _ in told] == sorted(there for there, _ in told)


def test_a_folder_that_cannot_be_written_is_told(server: FileServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot be written"):
        fetch(remote(server), tmp_path / "file" / "a.bin")
