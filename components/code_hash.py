"""Hashes of exactly the source files that a node's user code depends on.

TFX's cache sees a node's parameters, not the files behind a dotted path. With these hashes among
the parameters an edited file runs the nodes that use it again, and no others; and as each file has
its own, a later run can tell which one it was.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from components.model_code import outside, packages, source
from models.common.errors import ModelCodeError

ROOT = Path(__file__).resolve().parent.parent

_PACKAGES = ("models", "components")
_IMPORTS_BY_NAME = "models/common/model_folder.py"
"""It imports the modules of a model's folder, which whoever asks names beside it."""
_SUFFIXES = (*EXTENSION_SUFFIXES, ".py", ".pyc")
"""What a module's file may end in, in the order in which Python looks."""
_READ_BY_THE_PIPELINE = ("config.yaml", "schema.pbtxt", "hyperparameters.json")
"""Files of a model's folder whose content reaches the nodes as parameters."""


def file_hashes(*modules: str, root: Path = ROOT) -> dict[str, str]:
    """Hashes each of the modules and everything under `models/` that they import, in any depth.

    Where one of them may import what its text does not name, all of `models/` counts.

    Args:
        modules: Dotted names such as `models.taxi.preprocessing`.
        root: The project's root.

    Returns:
        The first 32 hexadecimal digits of each file's SHA-256, by its path from the root, sorted.

    Raises:
        ModelCodeError: Code under `models/` depends on something that no hash covers.
    """
    return {
        path.relative_to(root).as_posix(): file_hash(path)
        for path in sorted(_closure(modules, root))
    }


def file_hash(path: Path) -> str:
    """The hash that a file has among `file_hashes`.

    Raises:
        OSError: It cannot be read.
    """
    return hashlib.sha256(path.read_bytes()).hexdigest()[:32]


def model_files(*modules: str, root: Path = ROOT) -> list[Path]:
    """All files under `models/` that the modules need when they run, sorted.

    Args:
        modules: Dotted names, of modules under `models/` or `components/`.
        root: The project's root.

    Raises:
        ModelCodeError: Code under `models/` depends on something that no hash covers.
    """
    return sorted(path for path in _closure(modules, root) if root / "models" in path.parents)


def package_versions(*modules: str, root: Path = ROOT) -> dict[str, str]:
    """The versions of the packages that the modules and all that they import use, by name."""
    return packages.versions(_closure(modules, root), root)


def _closure(modules: tuple[str, ...], root: Path) -> set[Path]:
    """The modules' files, those of all that they import, and the data files of their models."""
    found: set[Path] = set()
    there = [module for module in modules if _file(module, root)]
    waiting = {name for module in there for name in _with_parents(module)}
    named = set(waiting)
    while waiting:
        path = _file(waiting.pop(), root)
        if path and path not in found:
            found.add(path)
            new = set(_imports(path, root)) - named
            named |= new
            waiting |= new
    found |= _data_files(found, root)
    for path in found:
        _check_name(path, root)
    return found


def _check_name(path: Path, root: Path) -> None:
    """Refuses a name that neither a hash's key nor a container's archive could hold."""
    try:
        str(path.relative_to(root)).encode()
    except UnicodeEncodeError:
        raise ModelCodeError(
            f"{path.relative_to(root).as_posix()!a} has a name that is not UTF-8 text",
            f"Received: {os.fsencode(path.relative_to(root))!r}.",
            "Rename it, or move it out of the model's folder.",
        ) from None


def _data_files(sources: set[Path], root: Path) -> set[Path]:
    """What lies beside a model's code for it to read, such as a list of words."""
    parts = (path.relative_to(root).parts for path in sources)
    folders = {part[1] for part in parts if part[0] == "models" and len(part) > 2}
    beside = (path for folder in folders for path in _all_files(root / "models" / folder))
    return {path for path in beside if _is_data(path.relative_to(root))}


def _all_files(folder: Path) -> Iterator[Path]:
    """The files in a folder, in any depth, through links too."""
    seen = set()
    for parent, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:  # A link to a folder that it is in.
            folders.clear()
            continue
        seen.add(real)
        yield from (path for name in files if (path := Path(parent, name)).is_file())


def _is_data(path: Path) -> bool:
    hidden = any(part.startswith((".", "__")) for part in path.parts)
    return not (hidden or path.suffix in (".py", ".md") or path.name in _READ_BY_THE_PIPELINE)


def _file(module: str, root: Path) -> Path | None:
    """The source of one of the project's modules; None for a name inside of one."""
    if module.partition(".")[0] not in _PACKAGES:
        return None
    path = root.joinpath(*module.split("."))
    if not path.parent.is_dir():
        return None
    candidates = (Path(f"{path}{end}") for end in ("/__init__.py", *_SUFFIXES))
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def _imports(path: Path, root: Path) -> Iterator[str]:
    """The dotted names that a file may import, each module with its parent packages."""
    parts = path.relative_to(root).parts
    if path.suffix != ".py":
        return
    if parts[0] == "models":
        text = source.read(path, parts[:-1])
        outside.check(path, text, root)
        if text.dynamic and path != root / _IMPORTS_BY_NAME:
            yield from _modules(root)
        mentions = text.imports
    else:
        mentions = source.imports(path, parts[:-1])
    for mention in mentions:
        yield from _with_parents(mention.what)


def _modules(root: Path) -> Iterator[str]:
    """All modules under `models/`, by their dotted names."""
    for path in _all_files(root / "models"):
        if path.suffix == ".py":
            parts = path.relative_to(root).with_suffix("").parts
            yield ".".join(part for part in parts if part != "__init__")


def _with_parents(module: str) -> Iterator[str]:
    """Importing `a.b.c` runs `a` and `a.b` too."""
    parts = module.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))
