"""What a shell completes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.cli import completion, main
from pipeline.config import platform_names, project
from pipeline.record import run_record
from tests.helpers.paths import ROOT
from tests.pipeline.fake_run import finished


def typed(
    words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """What the program offers for the last word, as the script of bash asks it."""
    monkeypatch.setenv("COMP_WORDS", f"pipeline {words}")
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" "))))
    monkeypatch.setenv(completion.VARIABLE, "complete_bash")
    with pytest.raises(SystemExit):
        main.main([])
    return capsys.readouterr().out.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("ru", {"run", "runs"}),
        ("run ta", {"taxi"}),
        ("run taxi --t", {"--to"}),
        ("run --to Tr", {"Transform", "Trainer"}),
        ("run --no-cache Eval", {"Evaluator"}),
        ("compile --target ", set(platform_names.names())),
        ("runs --model t", {"taxi"}),
        ("show taxi-2026", {"taxi-20260102-030405-4f2a"}),
        ("show t", {"taxi", "taxi-20260102-030405-4f2a"}),
    ],
)
def test_names_complete(
    words: str,
    offered: set[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(project, "RUNS", tmp_path)
    record = finished()
    record.number = 1
    run_record.write(record, tmp_path)
    assert set(typed(words, capsys, monkeypatch)) == offered


def bash(script: str, home: Path, *words: str) -> str:
    """What bash offers for the last of the words, once it has read the script."""
    command = f"""
        {script}
        COMP_WORDS=({" ".join(f"'{word}'" for word in words)}); COMP_CWORD={len(words) - 1}
        _python_module_completion
        echo "${{COMPREPLY[@]}}"
    """
    environment = {**os.environ, "HOME": str(home)}
    done = subprocess.run(
        ["bash", "--norc", "-c", command],
        capture_output=True, text=True, check=True, cwd=ROOT, env=environment, timeout=120,
    )  # fmt: skip
    return done.stdout.strip()


def test_bash_completes_the_module_and_leaves_other_programs_of_python_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(completion, "_shell", lambda: "bash")
    starts = tmp_path / ".bashrc"
    starts.write_text("alias ll='ls -l'")
    for _ in range(2):  # A second time nothing is added.
        with pytest.raises(SystemExit):
            main.main(["--install-completion"])
    kept = starts.read_text().splitlines()
    assert kept == [
        "alias ll='ls -l'",
        f"source '{tmp_path}/.bash_completions/python-m-pipeline.sh'",
    ]
    assert "new shells" in capsys.readouterr().out
    assert bash(kept[1], tmp_path, sys.executable, "-m", "pipeline", "run", "ta") == "taxi"
    assert bash(kept[1], tmp_path, sys.executable, "-m", "serving", "prom") == "promote"
    assert bash(kept[1], tmp_path, sys.executable, "-m", "http.server", "8") == ""
    assert bash(kept[1], tmp_path, sys.executable, "script.py", "run") == ""


@pytest.mark.parametrize(("shell", "wanted"), [("bash", "complete -o"), ("zsh", "compdef ")])
def test_the_script_can_be_looked_at(
    shell: str, wanted: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(completion, "_shell", lambda: shell)
    with pytest.raises(SystemExit):
        main.main(["--show-completion"])
    assert wanted in capsys.readouterr().out


def test_for_another_shell_it_says_which_there_are(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import shellingham

    monkeypatch.setattr(shellingham, "detect_shell", lambda: ("tcsh", "/bin/tcsh"))
    with pytest.raises(SystemExit) as end:
        main.main(["--install-completion"])
    assert end.value.code == 2
    assert "no completion for the shell 'tcsh'" in capsys.readouterr().err
