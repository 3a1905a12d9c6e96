"""The command line, and its mistakes in words."""

from __future__ import annotations

import subprocess
import sys

import pytest

from monitoring.commands.main import MISTAKE, main
from tests.helpers.paths import ROOT


def test_a_mistake_has_words_and_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["monitoring", "labels", "nothing", "--models", "nowhere"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == MISTAKE
    assert capsys.readouterr().err.startswith("error: nowhere: there is no model 'nothing'\n")


def test_help_needs_nothing_that_is_slow() -> None:
    code = "import sys, monitoring.commands.main as m; m.command_line(); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    slow = {"numpy", "pyarrow", "scipy", "sklearn", "tensorflow", "pandas", "matplotlib"}
    assert not slow & set(done.stdout.split())
