"""docs/operating.md: a shell reads what it says of deployments, and the files are there."""

from __future__ import annotations

import re
import subprocess

import pytest
import typer.main

from serving.commands.main import command_line
from tests.helpers.paths import ROOT

PAGE = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
SCRIPTS = re.findall(r"^```bash\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_shell_reads_each_script(script: str) -> None:
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_runs_in_the_image_is_a_command_of_the_server() -> None:
    commands = re.findall(r"python -m serving (.+)$", "".join(SCRIPTS), re.MULTILINE)
    assert len(commands) >= 2
    group = typer.main.get_command(command_line())
    for name, *arguments in map(str.split, commands):
        group.commands[name].make_context(name, arguments)  # type: ignore[attr-defined]


def test_each_file_of_a_deployment_is_there() -> None:
    named = set(re.findall(r"\bdeploy/[\w./-]+", PAGE))
    assert len(named) >= 5
    assert {path for path in named if not (ROOT / path).exists()} == set()
