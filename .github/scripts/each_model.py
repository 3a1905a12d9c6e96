"""Compiles each model's pipeline, and then submits each.

One that does not compile stops all; one that is not accepted is told at the end.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import commands


def main() -> None:
    """Reads the command line; workflows call it. Outputs `submitted`, a list, and `failed`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("steps", choices=("compile", "submit"), nargs="+")
    parser.add_argument("--models", required=True, help="names, with blanks between")
    parser.add_argument("--image", required=True, help="the pipeline's image")
    parser.add_argument("--run", required=True, help="the end of the jobs' names")
    parser.add_argument("--cached", choices=("true", "false"), default="true")
    options = parser.parse_args()
    pipeline = (sys.executable, "-m", "pipeline")
    target = ("--target", "vertex", "--image", options.image)
    cache = () if options.cached == "true" else ("--no-cache",)
    models = options.models.split()
    if "compile" in options.steps:
        with tempfile.TemporaryDirectory() as folder:
            for model in models:
                output = str(Path(folder, f"{model}.json"))
                commands.run(*pipeline, "compile", model, *target, "--output", output)
    if "submit" in options.steps:
        line = (*target, "--run", options.run, *cache)
        failed = [
            model
            for model in models
            if commands.attempt(*pipeline, "submit", model, *line).returncode
        ]
        submitted = [model for model in models if model not in failed]
        commands.output("submitted", json.dumps(submitted) if submitted else "")
        commands.output("failed", " ".join(failed))
        if failed and not submitted:
            commands.fail(f"Not submitted: {', '.join(failed)}.")


if __name__ == "__main__":
    main()
