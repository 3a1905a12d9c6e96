"""Versions of the packages that results depend on: an upgrade is a change like any other."""

from __future__ import annotations

import functools
import importlib.metadata
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path, PurePath

from components.model_code import source

ALWAYS = (
    "apache-beam",
    "keras",
    "tensorflow",
    "tensorflow-data-validation",
    "tensorflow-model-analysis",
    "tensorflow-transform",
    "tfx",
)
"""What makes and judges every model."""

_NAME, _VERSION = (re.compile(rf"^{key}: *(\S+) *$", re.MULTILINE) for key in ("Name", "Version"))


def versions(files: Iterable[Path] = (), root: Path = Path()) -> dict[str, str]:
    """The versions of ALWAYS and of the installed packages that source files import.

    Args:
        files: The source files, below the root.
        root: The project's root.

    Returns:
        Each version by its package's name, sorted.
    """
    names = set(ALWAYS)
    for path in files:
        if path.suffix == ".py":
            mentions = source.imports(path, path.relative_to(root).parts[:-1])
            names |= _packages({mention.what.partition(".")[0] for mention in mentions})
    return {name: importlib.metadata.version(name) for name in sorted(names)}


def name_and_version(package: importlib.metadata.Distribution) -> tuple[str, str]:
    """What an installed package is called, as it spells it, and its version.

    Read from the first lines: to parse all that hundreds of packages say takes 0.3 s.
    """
    head = (package.read_text("METADATA") or "").partition("\n\n")[0]
    name, version = _NAME.search(head), _VERSION.search(head)
    if name and version:
        return name[1], version[1]
    return package.metadata["Name"], package.version


def _packages(modules: Collection[str]) -> set[str]:
    """The packages that top-level modules belong to."""
    installed = _installed()
    return {name for module in modules for name in installed.get(module, ())}


@functools.cache
def _installed() -> Mapping[str, set[str]]:
    """The packages that each top-level module is in."""
    found: dict[str, set[str]] = {}
    for package in importlib.metadata.distributions():
        name, _ = name_and_version(package)
        # What `packages_distributions` of Python 3.10 knows; packages may leave it out.
        listed = (package.read_text("top_level.txt") or "").split()
        for module in listed or {_module(file) for file in package.files or ()}:
            found.setdefault(module, set()).add(name)
    return found


def _module(file: PurePath) -> str:
    """The top-level module that an installed file is or is in."""
    return file.parts[0] if len(file.parts) > 1 else file.name.partition(".")[0]
