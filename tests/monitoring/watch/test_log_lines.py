"""The watcher's log."""

from __future__ import annotations

import json

import pytest

from monitoring.watch import log_lines


def test_a_line_is_json_without_secrets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "correct-horse-battery")
    log_lines.redactor.cache_clear()
    try:
        log_lines.log("look", "warning", headline="correct-horse-battery\nand more", number=3)
    finally:
        log_lines.redactor.cache_clear()
    (line,) = capsys.readouterr().err.splitlines()
    found = json.loads(line)
    assert found.pop("time").endswith("+00:00")
    assert found == {
        "level": "warning", "event": "look", "headline": "[hidden]\nand more", "number": 3,
    }  # fmt: skip
