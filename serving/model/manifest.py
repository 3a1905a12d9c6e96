"""Whether a version holds what was exported: by the manifest that its folder may have.

The pipeline's exports have `assets.extra/manifest.json`: `{"version": 1, "files": {path: {"size":
bytes, "sha256": hexadecimal}}}`, every file of the model but itself. What else is in
`assets.extra/` is TensorFlow Serving's or its user's.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from stat import S_ISREG
from typing import Any

from serving.core.errors import Code, ServingError

EXTRA = "assets.extra/"
PATH = f"{EXTRA}manifest.json"
"""In a version's folder."""
_BLOCK = 1 << 20


def check(folder: Path) -> None:
    """Reads all of a version and compares; one without a manifest is taken as it is.

    Raises:
        ServingError: The version is damaged: a file is missing, was added or has other content.
    """
    if found := damage(folder):
        raise ServingError(
            Code.DATA_LOSS,
            f"version {folder.name} of {folder.parent.name} is damaged: {found}",
            f"It is compared with {folder / PATH}.",
            "Push it again: python -m pipeline run, which pushes what is damaged as a new version.",
        )


def damage(folder: Path, *, read: bool = True) -> str | None:
    """What of a version is not as it was pushed; None where all is, or where nothing tells.

    Args:
        folder: The version's folder.
        read: Whether to compare contents too, and not sizes alone.

    Returns:
        A clause that begins with the file, such as `saved_model.pb is missing`.
    """
    try:
        content = (folder / PATH).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"{PATH} cannot be read: {error.strerror}"
    try:
        expected = {
            str(path): (int(one["size"]), str(one["sha256"]))
            for path, one in json.loads(content)["files"].items()
        }
    except (AttributeError, KeyError, TypeError, ValueError):
        return f"{PATH} is not readable JSON of a manifest"
    return _added(folder, expected) or _changed(folder, expected, read)


def write(folder: Path) -> None:
    """Writes the manifest of a version that has none.

    Raises:
        OSError: A file cannot be read, or the manifest not written.
    """
    files = {
        path.relative_to(folder).as_posix(): {"size": path.stat().st_size, "sha256": sha256(path)}
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not path.relative_to(folder).as_posix().startswith(EXTRA)
    }
    target = folder / PATH
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps({"version": 1, "files": files}, indent=2) + "\n")


def _added(folder: Path, expected: Mapping[str, Any]) -> str | None:
    for place, _, names in os.walk(folder, followlinks=False):
        for name in names:
            path = Path(place, name).relative_to(folder).as_posix()
            if path not in expected and not path.startswith(EXTRA):
                return f"{path} was added"
    return None


def _changed(folder: Path, expected: Mapping[str, tuple[int, str]], read: bool) -> str | None:
    # All sizes first: they cost nothing.
    for path, (size, _) in sorted(expected.items()):
        try:
            status = (folder / path).stat()
        except (FileNotFoundError, NotADirectoryError):
            return f"{path} is missing"
        except OSError as error:
            return f"{path} cannot be read: {error.strerror}"
        if not S_ISREG(status.st_mode) or status.st_size != size:
            return f"{path} has another size than was pushed"
    for path, (_, content) in sorted(expected.items()) if read else ():
        try:
            same = sha256(folder / path) == content
        except OSError as error:
            return f"{path} cannot be read: {error.strerror}"
        if not same:
            return f"{path} has other content than was pushed"
    return None


def sha256(path: Path) -> str:
    """A file's SHA-256 in hexadecimal.

    Raises:
        OSError: It cannot be read.
    """
    digest = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
