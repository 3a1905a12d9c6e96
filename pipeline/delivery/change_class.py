"""What a changed file needs to reach production, and the models that it may be part of.

Where a file is decides its class, and what holds it or uses it decides where that is: what the
pipeline's image holds, what a model's bundle or data can hold, what the model server's image holds.
How models ship (workflows, their scripts, cloudbuild.yaml) changes no model, and so trains none.
All else in the repository, such as documentation and tests, reaches nobody.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from pipeline.delivery import image_tag, locked_packages

IMAGE = "image"
MODULES = "modules"
SERVING = "serving"
NONE = "none"
CLASSES = (NONE, SERVING, MODULES, IMAGE)
"""From the least to the most that a change can need: nothing; another image of the model server,
which is built by hand; changed models' code or data in the bucket; the pipeline's image."""

TARGETS = "targets.yaml"
"""No image holds it, but it says where every model's pipeline runs: all models are submitted."""

_DATA_PATH = re.compile(r"\bpath['\"]?\s*:\s*(?:'([^'\n]*)'|\"([^\"\n]*)\"|([^\n]*))")


def class_of(path: str, root: Path, same_packages: Collection[str] = ()) -> str:
    """The class of a file that was added, changed or removed: one of CLASSES.

    Args:
        path: The file's path from the project's root.
        root: The project's root, as it is after the change.
        same_packages: The Dockerfiles that install the same as before: of the files that name
            packages nothing else gets into an image.
    """

    def is_in(dockerfile: str) -> bool:
        installed = path in locked_packages.FILES and dockerfile in same_packages
        return not installed and image_tag.is_input(path, root, dockerfile)

    if path == TARGETS or is_in(image_tag.DOCKERFILE):
        return IMAGE
    if _readers(path, root):
        return MODULES
    if path.startswith(("models/", "data/")):
        return NONE if path.endswith(".md") else MODULES
    server = image_tag.SERVING_DOCKERFILE
    if (root / server).is_file() and is_in(server):
        return SERVING
    return NONE


def affected_models(path: str, root: Path, removed: bool = False) -> set[str]:
    """The models that a file of the class MODULES may be part of.

    Args:
        path: The file's path from the project's root.
        root: The project's root, as it is after the change.
        removed: Whether it is not there any more: what names it nowhere is then without it.
    """
    known = set(models(root))
    users = _readers(path, root)
    room, _, below = path.partition("/")
    if room not in ("models", "data"):
        return users
    folder, _, inside = below.partition("/")
    name = folder if inside else folder.removesuffix(".py")
    users |= {model for model in known if _mentions(root / "models" / model, room, name)}
    if room == "models" and inside and folder in known:
        return {folder, *users}
    if inside and room == "data" and users:
        return users
    gone = removed if room == "data" or not inside else not (root / room / folder).exists()
    # Code and data that several models may share are part of each.
    return users if gone and folder != "common" else known


def models(root: Path) -> list[str]:
    """The models: the folders under `models/` that have a configuration.

    Args:
        root: The project's root.
    """
    paths = (root / "models").glob("*/config.yaml")
    return sorted(path.parent.name for path in paths if path.exists())  # Not a link to nowhere.


def _readers(path: str, root: Path) -> set[str]:
    """The models whose configuration names a file as their data, wherever it is."""
    found = set()
    for model in models(root):
        text = _text(root / "models" / model / "config.yaml")
        if any(_covers(pattern, path) for pattern in _data_paths(text)):
            found.add(model)
    return found


def _data_paths(config: str) -> set[str]:
    """What a configuration may mean by `path`; read without a parser, so sometimes too much."""
    found = set()
    for single, double, plain in _DATA_PATH.findall(config):
        value = re.sub(r"(^|\s)#.*", "", plain).strip()
        # Within braces a comma or a brace ends it; elsewhere they belong to it.
        found |= {single, double, value, re.split(r"[,}]", value)[0].strip()}
    return {posixpath.normpath(path) for path in found if path}


def _covers(pattern: str, path: str) -> bool:
    """Whether a file, a folder or a glob covers a file; placeholders of spans are any text."""
    pattern = re.sub(r"\{\w+(:\d+)?\}", "*", pattern)
    folders = (parent.as_posix() for parent in PurePosixPath(path).parents)
    return any(one == pattern or fnmatchcase(one, pattern) for one in (path, *folders))


def _mentions(model: Path, room: str, folder: str) -> bool:
    """Whether a model's code or configuration names a folder of models or data."""
    name = re.compile(
        rf"\b{room}[./]{re.escape(folder)}\b|from {room} import .*\b{re.escape(folder)}\b"
    )
    files = (path for path in sorted(model.rglob("*")) if path.suffix in (".py", ".yaml"))
    return any(name.search(_text(path)) for path in files)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")
