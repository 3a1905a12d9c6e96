"""What commands print, and who they say was asking."""

from __future__ import annotations

import getpass
import sys

import pytest

from serving.commands import terminal


def test_a_tables_columns_are_as_wide_as_their_widest_cell(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal.print_table(("model", "n"), [("a", "100"), ("longer", "1")])
    assert capsys.readouterr().out == "model   n\na       100\nlonger  1\n"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [(80, "model  n\na      100\n"), (9, "model  a\nn      100\n\n")],
)
def test_on_a_terminal_too_narrow_for_a_table_each_row_is_a_block(
    columns: int,
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    terminal.print_table(("model", "n"), [("a", "100")])
    assert capsys.readouterr().out == expected


def test_a_container_may_run_as_a_number_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "ann")
    assert terminal.user() == "ann"

    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert terminal.user() == "unknown"
