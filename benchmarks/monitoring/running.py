"""Runs the program of the interpreter that has Evidently and NannyML."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

PROGRAM = Path(__file__).parent / "peers.py"


def run(python: str, *arguments: str | Path) -> str:
    """What it prints.

    Raises:
        subprocess.CalledProcessError: It fails.
    """
    # Both report to their makers that they are used, unless they are told not to.
    quiet = {"NML_DISABLE_USAGE_LOGGING": "1", "DO_NOT_TRACK": "1"}
    program = [python, str(PROGRAM), *map(str, arguments)]
    ended = subprocess.run(
        program, check=True, env={**os.environ, **quiet}, stdout=subprocess.PIPE, text=True
    )
    return ended.stdout
