"""Refuses what a model's code depends on and no hash covers.

A node's cache key has the hashes of files under `models/` and the versions of packages, and in the
cloud its bundle has the same files. So whatever else its code would use is refused before any node
runs: an edit of it would run nothing again, and elsewhere it might not be there.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import sys
import sysconfig
from importlib.machinery import ModuleSpec, PathFinder, all_suffixes
from pathlib import Path

from components.model_code.source import Mention, Source
from models.common.errors import ModelCodeError

ALLOWED = (
    "Expected: modules under models/, files in the model's own folder, and installed packages."
)
"""What a model's code may use."""
WHY = "An edit of it would run nothing again, and in the cloud it would not be there."


def check(path: Path, source: Source, root: Path) -> None:
    """Checks a source file under `models/`.

    Args:
        path: The file.
        source: What it says.
        root: The project's root.

    Raises:
        ModelCodeError: It imports a module of the project from outside of `models/`, or one that is
            neither the project's nor installed; it reads environment variables or files that no
            hash covers; or it changes what Python imports from.
    """
    file = path.relative_to(root).as_posix()
    for mention in source.search_path:
        raise ModelCodeError(
            f"{file}:{mention.line} uses {mention.what}, by which imports escape the cache",
            f"{ALLOWED} Received: code that changes where modules come from.",
            "Put the modules under models/, for example into models/common/, and import them as "
            "models.common.<name>.",
        )
    for mention in source.imports:
        if place := _outside(mention.what.partition(".")[0], root):
            raise _import_error(f"{file}:{mention.line}", mention.what, place, root)
    for mention in source.environment:
        raise ModelCodeError(
            f"{file}:{mention.line} reads {mention.what}, which no hash covers",
            "Expected: code that does the same wherever it runs. Received: an environment "
            "variable, whose change would run nothing again.",
            "Write the value into the code, for example into features.py, or make it a "
            "hyperparameter.",
        )
    for mention in source.texts:
        if found := _file_outside(mention, path, root):
            raise file_error(f"{file}:{mention.line}", found, path, root)


def file_error(place: str, found: Path, path: Path, root: Path) -> ModelCodeError:
    """The refusal of a file that no hash covers.

    Args:
        place: Which line of which file reads it.
        found: The file.
        path: The source file that reads it.
        root: The project's root.
    """
    folder = path.parent.relative_to(root).as_posix() if path.is_relative_to(root) else "models"
    what = shown(found, root)
    if found.suffix in all_suffixes():
        return _import_error(place, found.stem, str(found), root)
    return ModelCodeError(
        f"{place} reads {what}, which no hash covers",
        f"{ALLOWED} Received: {what}. {WHY}",
        f"Move it into {folder}/ and read it from there: Path(__file__).parent / '{found.name}'.",
    )


def shown(path: Path, root: Path) -> str:
    """A path as messages have it: from the root, where it is below."""
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def is_installed(path: str) -> bool:
    """Whether a file belongs to Python or to an installed package."""
    parts = Path(path).parts
    return "site-packages" in parts or "dist-packages" in parts or path.startswith(_STANDARD)


_STANDARD = tuple(
    f"{folder}{os.sep}"
    for name in ("stdlib", "platstdlib")
    for folder in {sysconfig.get_path(name), os.path.realpath(sysconfig.get_path(name))}
)


def _import_error(place: str, name: str, found: str, root: Path) -> ModelCodeError:
    path = Path(found)
    if path.is_relative_to(root / "models"):
        remedy = "Import it by a statement that names it: from models.<folder> import <module>."
    elif path.is_relative_to(root):
        remedy = (
            "Move what it needs under models/, for example into models/common/, and import it from "
            "there."
        )
    else:
        remedy = (
            "Install it as a package with a version (not as an editable one), or move what it "
            "needs under models/."
        )
    return ModelCodeError(
        f"{place} imports '{name}', which no hash covers",
        f"{ALLOWED} Received: {shown(path, root)}. {WHY}",
        remedy,
    )


@functools.lru_cache(maxsize=1024)
def _outside(name: str, root: Path) -> str | None:
    """Where a top-level module comes from that is neither under `models/` nor installed."""
    if name in ("", "models") or name in sys.stdlib_module_names:
        return None
    spec = PathFinder.find_spec(name, [str(root), *sys.path]) or _other_spec(name)
    if spec is None:  # Whoever imports it tells, unless it is optional.
        return None
    places = [spec.origin] if spec.has_location else list(spec.submodule_search_locations or ())
    return next((place for place in places if place and not is_installed(place)), None)


def _other_spec(name: str) -> ModuleSpec | None:
    """Of a module that other finders know, such as a package that is installed as editable."""
    try:
        return importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None


def _file_outside(mention: Mention, path: Path, root: Path) -> Path | None:
    """The file outside of `models/` that a literal text names, if it does."""
    text = mention.what
    if not ("/" in text or "." in text) or len(text) > 500 or "\n" in text or "\0" in text:
        return None
    candidates = (Path(os.path.normpath(folder / text)) for folder in (path.parent, root))
    found = next((candidate for candidate in candidates if _is_read(candidate)), None)
    return None if found is None or found.is_relative_to(root / "models") else found


def _is_read(path: Path) -> bool:
    """Whether it is a file that somebody may edit; not a device, nor an installed package's."""
    try:
        return (
            path.is_file()
            and not str(path).startswith(("/dev/", "/proc/", "/sys/"))
            and (not is_installed(str(path)))
        )
    except OSError:
        return False
