"""A process finds the folder of the one that it descends from, and no one else's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models.common.tracking import leaving
from tests.helpers.paths import ROOT

_FIND = "from models.common.tracking import leaving; print(leaving.find_folder())"
_GRANDCHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {_FIND!r}])"


@pytest.mark.parametrize("code", [_FIND, _GRANDCHILD])
def test_descendants_find_it(code: str) -> None:
    with leaving.open_folder() as folder:
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdout=-1, text=True)
    assert done.stdout.strip() == str(folder)
    assert leaving.find_folder() is None


FORK_SERVER = """
import multiprocessing, sys
from pathlib import Path
from models.common.tracking import leaving

def note(path):
    Path(path).write_text(str(leaving.find_folder()))

if __name__ == "__main__":
    with leaving.open_folder() as folder:
        process = multiprocessing.get_context("forkserver").Process(target=note, args=sys.argv[1:])
        process.start()
        process.join()
        print(folder)
"""


def test_a_child_of_a_fork_server_finds_it(tmp_path: Path) -> None:
    script, found = tmp_path / "script.py", tmp_path / "found"
    script.write_text(FORK_SERVER)
    done = subprocess.run(
        [sys.executable, str(script), str(found)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert found.read_text() == done.stdout.strip()


def test_what_a_killed_process_left_is_gone_and_what_is_no_folder_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    old = leaving._folder(os.getpid())
    old.mkdir()
    (old / "1.jsonl").write_text("old")
    with leaving.open_folder() as folder:
        assert folder == old and list(old.iterdir()) == []
        assert old.stat().st_mode & 0o077 == 0
    (tmp_path / "elsewhere").mkdir()
    old.symlink_to(tmp_path / "elsewhere")
    with leaving.open_folder() as folder:
        assert folder is None
    assert old.is_symlink() and (tmp_path / "elsewhere").is_dir()
