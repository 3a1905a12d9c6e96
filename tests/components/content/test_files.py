"""What a file holds is known without reading it again, and never after it has been touched."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from components.content import files


def test_a_file_that_was_not_touched_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "rows"
    path.write_text("a")
    first = files.sha256(str(path))
    assert first[1] == hashlib.sha256(b"a").hexdigest()
    monkeypatch.setattr(hashlib, "sha256", lambda: pytest.fail("it was read again"))
    assert files.sha256(str(path)) == first


@pytest.mark.parametrize("keep_time", [False, True])
def test_a_byte_that_changed_is_seen_whatever_the_times_say(
    tmp_path: Path, keep_time: bool
) -> None:
    path = tmp_path / "rows"
    path.write_text("a")
    before, status = files.sha256(str(path)), path.stat()
    path.write_text("b")
    if keep_time:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    after = files.sha256(str(path))
    assert after[0] != before[0] and after[1] == hashlib.sha256(b"b").hexdigest()


def test_it_can_be_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows"
    path.write_text("a")
    state, _ = files.sha256(str(path))
    path.write_text("b")
    # As if a disk had changed a byte by itself.
    monkeypatch.setattr(files, "state", lambda _: state)
    assert files.sha256(str(path))[1] == hashlib.sha256(b"a").hexdigest()
    assert files.sha256(str(path), again=True)[1] == hashlib.sha256(b"b").hexdigest()


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "nothing", "."):
        with pytest.raises(OSError):
            files.sha256(str(tmp_path / name))
