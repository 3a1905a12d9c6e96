"""`smoke`: what it prints and exits with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from serving.commands.main import command_line
from serving.conformance import smoke
from serving.conformance.smoke import Check, Expectations


@pytest.mark.parametrize(("ok", "status", "word"), [(True, 0, "ok    "), (False, 1, "FAILED")])
def test_a_check_that_fails_is_the_exit_status(
    ok: bool, status: int, word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def run(
        url: str, model: str, expected: Expectations, token: str, version: int | None
    ) -> list[Check]:
        asked.extend([url, model, expected, token, version])
        return [Check("latency", ok, "95 of 100 within 3 ms")]

    monkeypatch.setattr(smoke, "run", run)
    answers = tmp_path / "answers.json"
    answers.write_text(json.dumps({"rows": [{"x": 1}], "outputs": {"y": [2]}}))
    words = ["smoke", "http://x", "--model", "taxi", "--answers", str(answers), "--smallest", "0"]
    result = CliRunner().invoke(command_line(), words, env={"SERVING_TOKEN": "secret"})
    assert (result.exit_code, result.output) == (
        status,
        f"{word}  latency: 95 of 100 within 3 ms\n",
    )
    url, model, expected, token, version = asked
    assert (url, model, token, version) == ("http://x", "taxi", "secret", None)
    assert (expected.rows, expected.outputs, expected.smallest) == ([{"x": 1}], {"y": [2]}, 0)
