"""What `up` refuses before it starts a server, and what it starts one with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from serving.commands.main import command_line
from serving.core.errors import ServingError
from serving.core.hooks import Hooks
from serving.core.settings import Limits, Settings


def up(*words: object) -> None:
    CliRunner().invoke(command_line(), ["up", *map(str, words)], catch_exceptions=False)


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read"), (b"\xff", "cannot be read"), (b" \n", "is empty")],
)
def test_a_token_file_that_has_no_token(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ServingError, match=message):
        up("--models", tmp_path, "--token-file", path)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match="There is no folder"):
        up("--models", tmp_path / "nothing")


def test_options_become_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from serving.upstream import server

    started: list[Any] = []

    def run(settings: Settings, hooks: Hooks, url: str) -> None:
        started.extend([settings, url])
        hooks.close()

    monkeypatch.setattr(server, "run", run)
    token = tmp_path / "token"
    token.write_text("secret\n")
    up("--models", tmp_path, "--upstream", "http://other", "--token-file", token, "--max-body", 2,
       "--max-rows", 3, "--max-queue", 4, "--rest-port", 0)  # fmt: skip
    settings, url = started
    assert (url, settings.token, settings.body_bytes) == ("http://other", "secret", 2 * 2**20)
    assert (settings.limits, settings.rest_port) == (Limits(queue=4, rows=3), 0)
