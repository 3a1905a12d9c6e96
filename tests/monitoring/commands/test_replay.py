"""`replay` on the command line: its mistakes in words, before anything dear is imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.paths import ROOT


def monitoring(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "monitoring", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tax"], "There is no model 'tax'"),
        (["taxi", "--policy", "{}/none.yaml"], "none.yaml cannot be read"),
        (["taxi", "--policy", "{0}/bad.yaml,{0}/bad.yaml"], "`windows` cannot be used"),
        (["taxi", "--truth", "{}/bad.yaml"], "has no column `time`"),
    ],
)
def test_a_mistake_is_told_with_status_2(tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "models" / "taxi" / "3").mkdir(parents=True)
    (tmp_path / "bad.yaml").write_text("windows: 3\n")
    given = [argument.format(tmp_path) for argument in arguments]
    done = monitoring("replay", *given, "--models", str(tmp_path / "models"))
    assert done.returncode == 2 and said in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and done.stdout == ""
