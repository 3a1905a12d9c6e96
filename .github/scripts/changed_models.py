"""Says which models a pull request changes: those to train, to judge and to rehearse."""

from __future__ import annotations

import json
import sys

import commands


def main() -> None:
    """Sets the output `models`, a JSON list."""
    classify = (sys.executable, "-m", "pipeline.delivery.changes", "--base")
    done = commands.attempt(*classify, commands.setting("BASE"), "--json")
    if done.returncode:
        commands.fail(done.stderr.strip().splitlines()[-1])
    commands.output("models", json.dumps(json.loads(done.stdout)["models"]))


if __name__ == "__main__":
    main()
