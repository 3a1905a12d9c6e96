"""Runs the program of the interpreter that has Evidently and NannyML."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


def run(python: str, *arguments: str | Path, program: str = "peers.py") -> str:
    """What a program of this folder prints, run by another interpreter.

    Raises:
        subprocess.CalledProcessError: It fails.
    """
    # Both report to their makers that they are used, unless they are told not to.
    quiet = {"NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1"}
    called = [python, str(Path(__file__).parent / program), *map(str, arguments)]
    ended = subprocess.run(
        called, check=True, env={**os.environ, **quiet}, stdout=subprocess.PIPE, text=True
    )
    return ended.stdout
