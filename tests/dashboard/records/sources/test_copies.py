"""A copy's file is whole, its owner's alone, and left alone where it is the same already."""

from __future__ import annotations

import os
from pathlib import Path

from dashboard.records.sources.copies import write_whole


def test_it_is_written_whole_and_once(tmp_path: Path) -> None:
    path = tmp_path / "run" / "run.json"
    for content in (b"{}", b"\xff" * 100_000):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700
    os.utime(path, ns=(1, 1))
    write_whole(path, content)
    assert path.stat().st_mtime_ns == 1
    assert list(path.parent.iterdir()) == [path]
