"""Which processes have a file open."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from pipeline.local.holders import holders


def test_another_process_is_named_by_number_and_command(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("")
    code = "import sys; file = open(sys.argv[1]); print(flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout and process.stdin
        process.stdout.readline()
        [found] = holders(path)
        process.stdin.close()
    assert found.startswith(f"process {process.pid} (")
    assert "import sys" in found


def test_this_process_and_a_file_that_is_not_there_have_none(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w"):
        assert holders(tmp_path / "file") == []
    assert holders(tmp_path / "gone") == []
