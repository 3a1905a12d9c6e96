"""What is no file is not waited for."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from serving.core.files import regular_file


@pytest.mark.timeout(10)
def test_what_is_no_file_or_too_large_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "zero").symlink_to("/dev/zero")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "large").write_bytes(bytes(11))
    for name, told in {
        "pipe": "not a file",
        "zero": "not a file",
        "loop": "symbolic links",
        "large": "11 bytes",
        "gone": "No such file",
    }.items():
        with pytest.raises(OSError, match=told):
            regular_file.read(tmp_path / name, most=10)


def test_a_file_is_read_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"content")
    (tmp_path / "link").symlink_to("f")
    assert regular_file.read(tmp_path / "link") == b"content"
