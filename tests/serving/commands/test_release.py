"""`release` and `log fetch` as commands: statuses and words, on a folder of this machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from serving.commands import release
from serving.commands.main import command_line
from serving.core.errors import ServingError
from tests.serving.release.conftest import pusher

pytestmark = pytest.mark.tfx


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    monkeypatch.setenv("SERVING_FOLDER", str(tmp_path / "serving"))
    monkeypatch.setenv("GITHUB_RUN_ID", "7")
    monkeypatch.setenv("GITHUB_ACTOR", "ann")

    def invoke(*words: str) -> tuple[int, str]:
        done = CliRunner().invoke(command_line(), [*words])
        if isinstance(done.exception, ServingError):
            return release.MISTAKE, str(done.exception)  # As `main` says it.
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, done.output

    return invoke


def test_a_release_from_the_command_line(
    run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    push = pusher(tmp_path)
    stage = ("release", "stage", "taxi")
    assert run(*stage, push(1), "--no-check") == (0, "Version 1 is promoted.\n")
    assert run("release", "canary", "taxi", "1")[0] == release.PROMOTED
    status, said = run("release", "watch", "taxi", "2")
    assert status == release.MISTAKE and "Version 2 of 'taxi' is no canary" in said
    assert run(*stage, push(2), "--commit", "c0ffee", "--no-check") == (0, "Version 2 is staged.\n")
    status, said = run("release", "canary", "taxi", "2")
    assert (status, said) == (release.CANARY, "Version 2 is a canary.\n")
    status, said = run("release", "watch", "taxi", "2")
    assert status == release.CANARY and "Too early to say" in said
    status, said = run("release", "roll-back", "taxi", "2", "--why", "slow")
    assert status == 0 and "rolled back by run 7 of ann at" in said and "slow" in said
    assert run("release", "watch", "taxi", "2")[0] == release.ROLLED_BACK
    assert '"stable": {"version": 1' in run("release", "status", "taxi")[1]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("status", "../x"), "is no model's name"),
        (("status", "taxi", "--bucket", "gs://x"), "is no address of a serving folder"),
        (("stage", "taxi", "elsewhere"), "is no version's folder"),
    ],
)
def test_a_mistake_is_told(
    run: Callable[..., tuple[int, str]], words: tuple[str, ...], told: str
) -> None:
    status, said = run("release", *words)
    assert status == release.MISTAKE and told in said


def test_a_mistake_in_the_settings_is_told(
    run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    (tmp_path / "r.yaml").write_text("canary: {share: 2}")
    status, said = run("release", "canary", "taxi", "1", "--settings", str(tmp_path / "r.yaml"))
    assert status == release.MISTAKE and "canary.share" in said


def test_a_log_is_fetched(run: Callable[..., tuple[int, str]], tmp_path: Path) -> None:
    (tmp_path / "from" / ".request_log").mkdir(parents=True)
    (tmp_path / "from" / ".request_log" / "requests-1.sqlite").write_bytes(b"x")
    line = ("log", "fetch", str(tmp_path / "from"), "--models", str(tmp_path / "to"))
    assert run(*line) == (0, "1 files of the log that were not here\n")
    assert run(*line) == (0, "0 files of the log that were not here\n")
