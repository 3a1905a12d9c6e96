"""The command line as a whole."""

from __future__ import annotations

import sys

import pytest
import typer.main

from serving.commands import main


def test_it_has_every_command() -> None:
    group = typer.main.get_command(main.command_line())
    assert set(group.commands) == {  # type: ignore[attr-defined]
        "up", "batch", "conformance", "conformance-models", "versions", "canary", "promote", "repair",
        "rollback", "route", "compare", "smoke", "log",
    }  # fmt: skip


def test_a_mistake_is_told_in_words_with_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["serving", "up", "--models", "nowhere"])
    with pytest.raises(SystemExit) as ended:
        main.main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("error: There is no folder nowhere")
