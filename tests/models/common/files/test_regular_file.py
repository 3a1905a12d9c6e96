"""What is no file is not waited for."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from models.common.files import regular_file


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


STRANGE: dict[str, tuple[Callable[[Path], object], str]] = {
    # what: (what makes it, what is said of it)
    "a named pipe": (os.mkfifo, "it is a named pipe, not a file"),
    "a socket": (_socket, "it is a socket, not a file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "it is a device, not a file"),
    "a folder": (Path.mkdir, "it is a folder, not a file"),
    "a link to itself": (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
    "a link to nowhere": (lambda path: path.symlink_to("gone"), "No such file or directory"),
    "a large file": (lambda path: path.write_bytes(bytes(11)), "it has 11 bytes, and at most 10"),
}
"""Shared with those who read a file of some name."""


@pytest.mark.timeout(10)
@pytest.mark.parametrize("what", STRANGE)
def test_what_is_strange_is_told(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, told = STRANGE[what]
    monkeypatch.chdir(tmp_path)  # A socket's path has to be short.
    make(Path("f"))
    with pytest.raises(OSError, match=told):
        regular_file.read("f", most=10)


def test_a_file_is_read_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"content")
    (tmp_path / "link").symlink_to("f")
    assert regular_file.read(tmp_path / "link") == b"content"
