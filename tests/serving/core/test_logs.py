"""The server's log: one JSON object a line."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from serving.core import logs
from serving.core.errors import Code


def test_an_event_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    logs.event("version available", model="taxi", path=Path("a\nb"))
    (line,) = capsys.readouterr().err.splitlines()
    content = json.loads(line)
    assert content.pop("time").endswith("+00:00")
    assert content == {
        "level": "info", "event": "version available", "model": "taxi", "path": "a\nb",
    }  # fmt: skip


def test_a_failure_is_written_whole_and_its_client_hears_none_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = logs.failure(KeyError("secret"), id="7")
    written = json.loads(capsys.readouterr().err)
    assert (written["level"], written["id"], written["error"]) == (
        "error",
        "7",
        "KeyError: 'secret'",
    )
    assert (error.code, "secret" in str(error)) == (Code.INTERNAL, False)


def test_what_libraries_log_comes_as_json_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        logs.capture()
        logging.getLogger("a.library").warning("beware of %s", "it")
        logging.getLogger("a.library").info("chatter")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    (line,) = capsys.readouterr().err.splitlines()
    content = json.loads(line)
    assert (content["event"], content["level"]) == ("library", "warning")
    assert (content["logger"], content["text"]) == ("a.library", "beware of it")
