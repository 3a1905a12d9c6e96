"""What the workflows' scripts share: settings, other programs, and what GitHub reads of a step."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

# What the scripts import of `pipeline` needs nothing installed.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from pipeline.record import redaction

HIDE = redaction.redactor()
"""What keeps secrets out of the log and the summary: GitHub hides those alone that it knows."""


def setting(name: str) -> str:
    """An environment variable that the workflow sets; without it the step fails."""
    value = os.environ.get(name, "")
    if not value:
        fail(f"{name} is not set; docs/ship.md lists the variables of the repository.")
    return value


def run(*command: str) -> str:
    """Runs a program, shows what it says, and returns its output; its failure ends the step."""
    done = attempt(*command)
    if done.returncode:
        fail(f"{command[0]} failed with exit status {done.returncode}: {shlex.join(command)}")
    return done.stdout.strip()


def attempt(*command: str) -> subprocess.CompletedProcess[str]:
    """Runs a program that may fail, and shows what it says."""
    print(HIDE.text(f"$ {shlex.join(command)}"), flush=True)
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        fail(f"{command[0]} cannot be run: {error.strerror}")
    print(HIDE.text(done.stdout), end="", flush=True)
    print(HIDE.text(done.stderr), end="", file=sys.stderr, flush=True)
    return done


def output(name: str, value: str) -> None:
    """Sets an output of the step; the value is one line."""
    if "\n" in value:
        fail(f"The output {name} has more than one line: {json.dumps(value)}")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a", encoding="utf-8") as file:
        file.write(f"{name}={value}\n")


def summary(markdown: str) -> None:
    """Adds to the page that GitHub shows of the workflow's run."""
    with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as file:
        file.write(f"{HIDE.text(markdown)}\n")


def warn(message: str) -> None:
    """Says something that GitHub shows beside the step."""
    print(f"::warning::{HIDE.text(message)}", flush=True)


def fail(message: str) -> NoReturn:
    """Ends the step with an error that GitHub shows beside it."""
    print(f"::error::{HIDE.text(message)}", flush=True)
    sys.exit(1)
