"""docs/serving.md and docs/operating.md: their commands parse, and what they name is there."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import typer.main

from serving.cli import with_all_commands

ROOT = Path(__file__).resolve().parents[2]
PAGES = {name: (ROOT / "docs" / name).read_text() for name in ("serving.md", "operating.md")}
SCRIPTS = [
    script
    for page in PAGES.values()
    for script in re.findall(r"^```sh\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
]
COMMANDS = sorted(
    {
        command.strip()
        for page in PAGES.values()
        # With words of their own: a name alone, as in prose, says nothing that could be wrong.
        for command in re.findall(r"python -m serving ([a-z][^`#|\n]+ [^`#|\n]+)", page)
    }
)
SERVING = typer.main.get_command(with_all_commands())


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_shell_reads_each_script(script: str) -> None:
    done = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_is_one_of_the_servers(command: str) -> None:
    words = shlex.split(command)
    if "URL" in words:
        words[words.index("URL")] = "http://127.0.0.1:8501"
    found = SERVING
    while hasattr(found, "commands"):
        found = found.commands[words.pop(0)]
    found.make_context(command, words)


def test_each_file_of_a_deployment_is_there() -> None:
    named = set(re.findall(r"\bdeploy/[\w./-]+", "".join(PAGES.values())))
    assert len(named) >= 5
    assert {path for path in named if not (ROOT / path).exists()} == set()
