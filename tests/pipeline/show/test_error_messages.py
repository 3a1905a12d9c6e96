"""How errors look, on a terminal and in a file."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from models.common.errors import DataError
from pipeline.show import error_messages

ERROR = DataError("data/[x].csv is empty", "Received: 0 rows.", "Add rows.")


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def test_a_file_gets_headline_detail_and_remedy_as_they_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error_messages.tell(ERROR)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "Error: data/[x].csv is empty\nReceived: 0 rows.\nAdd rows.\n"


def test_a_terminal_gets_the_headline_in_bold_red(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    error_messages.tell(ERROR)
    text = terminal.getvalue()
    assert text.startswith("\x1b[1;31mError: ")
    assert "\x1b" not in text.partition("\n")[2]


def test_where_the_traceback_cannot_be_kept_it_goes_to_the_temporary_files(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    error_messages.tell_bug(ValueError("odd"), tmp_path / "file" / "runs")
    kept = Path(capsys.readouterr().err.strip().rstrip(")").rpartition(" in ")[2])
    assert kept.exists() and "ValueError: odd" in kept.read_text()
    kept.unlink()
