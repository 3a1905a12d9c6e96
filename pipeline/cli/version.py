"""`--version`: of the project, and of what its results depend on."""

from __future__ import annotations

import importlib.metadata
import platform
import re

import typer

from pipeline.config import project

_NAMED = {"TFX": "tfx", "TensorFlow": "tensorflow", "Keras": "keras"}


def show(wanted: bool) -> None:
    """Prints the versions in a line, and ends the program."""
    if wanted:
        print(text())
        raise typer.Exit


def text() -> str:
    """Such as `tfx-production-pipeline 0.1.0 (Python 3.10.13, TFX 1.16.0, ...)`."""
    found = [f"Python {platform.python_version()}"]
    for name, package in _NAMED.items():
        try:
            found.append(f"{name} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            found.append(f"no {name}")
    return f"{_project()} ({', '.join(found)})"


def _project() -> str:
    """The project's name and version, by pyproject.toml; it is never installed."""
    [head, *_] = (project.ROOT / "pyproject.toml").read_text(encoding="utf-8").split("\n[")
    values = dict(re.findall(r'^(name|version) = "(.*)"$', head, re.MULTILINE))
    return f"{values.get('name', 'pipeline')} {values.get('version', 'of no version')}"
