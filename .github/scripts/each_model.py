"""Compiles each model's pipeline, and then submits each: one that does not compile stops all."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import commands


def main() -> None:
    """Reads the command line; cloudbuild.yaml and a workflow call it."""
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
        for model in models:
            commands.run(*pipeline, "submit", model, *target, "--run", options.run, *cache)


if __name__ == "__main__":
    main()
