"""What commands print, and who they say was asking."""

from __future__ import annotations

import getpass

import pytest

from serving.commands import terminal


def test_a_tables_columns_are_as_wide_as_their_widest_cell(
    capsys: pytest.CaptureFixture[str],
) -> None:
    terminal.print_table(("model", "n"), [("a", "100"), ("longer", "1")])
    assert capsys.readouterr().out == "model   n\na       100\nlonger  1\n"


def test_a_container_may_run_as_a_number_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "ann")
    assert terminal.user() == "ann"

    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 1234")

    monkeypatch.setattr(getpass, "getuser", nobody)
    assert terminal.user() == "unknown"
