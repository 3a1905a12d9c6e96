"""Where output goes, and what it looks like there."""

from __future__ import annotations

import io
import os
import subprocess
import sys

import pytest
from rich.console import Console
from rich.text import Text

from pipeline.show import terminal


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("name", ["xterm", "screen-256color"])
def test_a_terminal_is_interactive(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", name)
    assert terminal.is_interactive(Screen())
    assert not terminal.is_interactive(io.StringIO())


@pytest.mark.parametrize("name", ["", "dumb", "unknown"])
def test_a_terminal_that_cannot_move_its_cursor_is_a_file(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", name)
    assert not terminal.is_interactive(Screen())


@pytest.mark.parametrize("stderr", [True, False])
def test_a_file_is_neither_coloured_nor_wrapped(
    stderr: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    console = terminal.console(stderr=stderr)
    terminal.show(console, Text("[bold] " + "word " * 300, style="red"), Text("end   "))
    out, err = capsys.readouterr()
    assert (err if stderr else out) == "[bold] " + ("word " * 300).rstrip() + "\nend\n"
    assert (out if stderr else err) == ""


@pytest.mark.parametrize(("encoding", "ascii"), [("utf-8", False), ("latin-1", True)])
def test_the_signs_are_those_that_the_encoding_has(encoding: str, ascii: bool) -> None:
    console = Console(file=io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    marks = terminal.marks(console)
    assert "".join(marks).isascii() is ascii
    assert len({marks.done, marks.failed, marks.queued, marks.worst, marks.worse}) == 5


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ
    )


def test_quiet_keeps_what_libraries_print_from_the_screen() -> None:
    done = python(
        "import os; from pipeline.show import terminal; print('before');\n"
        "with terminal.quiet(): print('python'); os.system('echo shell; echo error >&2')\n"
        "print('after')"
    )
    assert (done.stdout, done.stderr) == ("before\nafter\n", "")


def test_output_that_nobody_reads_goes_nowhere() -> None:
    done = python("from pipeline.show import terminal; terminal.discard_output(); print('x')")
    assert done.stdout == ""
