"""A command that is also a module has one command line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import Any

import pytest
import typer.main

from pipeline.cli import main
from pipeline.delivery import changes, image_tag
from tests.helpers.paths import ROOT

TWINS = {"changes": changes, "image-tag": image_tag}
"""The commands of the program that exist as `python -m pipeline.<room>.<module>` too."""


def test_these_are_all_that_exist_twice() -> None:
    program: Any = typer.main.get_command(main.app)
    modules = {
        path.stem.replace("_", "-")
        for path in (ROOT / "pipeline").rglob("*.py")
        if 'if __name__ == "__main__":' in path.read_text(encoding="utf-8")
    }
    assert modules & set(program.commands) == set(TWINS)


def output(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--no-such-option"]])
def test_both_say_the_same(name: str, arguments: list[str]) -> None:
    module = output(TWINS[name].__name__, *arguments)
    assert output("pipeline", name, *arguments) == module
    assert module[0] == (main.MISTAKE if arguments == ["--no-such-option"] else 0)


def test_the_help_has_every_option() -> None:
    _, text = output("pipeline", "changes", "--help")
    assert set(re.findall(r"^  (?:-\w, )?(--[\w-]+)", text, re.MULTILINE)) == {
        "--help",
        "--base",
        "--retrain",
        "--json",
    }


def test_a_module_needs_nothing_installed() -> None:
    for name, module in TWINS.items():
        command = [sys.executable, "-S", "-E", "-s", "-m", module.__name__, "--help"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 0, (name, done.stderr)
