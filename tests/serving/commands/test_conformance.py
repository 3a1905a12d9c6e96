"""`conformance`: what it prints and exits with."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from serving.commands.main import command_line
from serving.conformance import runner
from serving.conformance.runner import Case, Outcome


@pytest.mark.parametrize(
    ("problem", "words", "status", "lines"),
    [
        ("", [], 0, ["1 of 1 cases hold."]),
        ("", ["--verbose"], 0, ["ok      a case  (the docs)", "1 of 1 cases hold."]),
        ("no", [], 1, ["FAILED  a case  (the docs)", "        no", "0 of 1 cases hold."]),
    ],
)
def test_what_it_says(
    problem: str, words: list[str], status: int, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    case = Case("a case", "the docs", "/")
    monkeypatch.setattr(runner, "run", lambda url, token: [Outcome(case, problem)])
    monkeypatch.setattr(runner, "cases", lambda: (case,))
    result = CliRunner().invoke(command_line(), ["conformance", "http://x", *words])
    assert (result.exit_code, result.output.splitlines()) == (status, lines)
