"""The folders of models and versions on disk, and whether a copy into one has ended."""

from __future__ import annotations

import os
from pathlib import Path

from serving.model import manifest

KNOWN_ANSWERS = "assets.extra/known_answers.json"
"""In a version's folder: rows with the answers that training computed."""
WARM_UP_REQUESTS = "assets.extra/tf_serving_warmup_requests"
"""In a version's folder: TensorFlow Serving's own recorded requests."""

ONNX_FILE = "model.onnx"
"""In a version's folder: a model in ONNX's format."""

_MODEL_FILES = ("saved_model.pb", "saved_model.pbtxt", ONNX_FILE)
_LARGEST = 2**63 - 1


def models(root: Path) -> list[Path]:
    """The folders under `root` that hold version folders, and can be read."""
    if not root.is_dir():
        return []
    return sorted(path for path in root.iterdir() if _is_model(path))


def _is_model(path: Path) -> bool:
    try:
        return path.is_dir() and bool(_numbered(path))
    except OSError:  # Such as `lost+found`, which nobody but root may read.
        return False


def versions(folder: Path) -> dict[int, Path]:
    """The version folders that hold a model, by number.

    A folder without `saved_model.pb`, or `model.onnx`, is being copied: TFX's Pusher, for one,
    copies that last.
    """
    return {
        number: path
        for number, path in _numbered(folder).items()
        if any((path / name).is_file() for name in _MODEL_FILES)
    }


def free_number(folder: Path) -> int:
    """The next version's number: one more than the highest that has a folder."""
    return max(_numbered(folder), default=0) + 1


def without_model(folder: Path) -> dict[int, Path]:
    """The version folders with a manifest and no model: these are being copied, or have lost it."""
    whole = versions(folder)
    return {
        number: path
        for number, path in _numbered(folder).items()
        if number not in whole and (path / manifest.PATH).is_file()
    }


def fingerprint(folder: Path) -> tuple[tuple[str, int, int], ...]:
    """Names, sizes and times of a folder's files."""
    files = []
    for place, _, names in os.walk(folder):
        for name in names:
            path = Path(place, name)
            try:
                stat = path.stat()
            except FileNotFoundError:
                continue
            files.append((str(path.relative_to(folder)), stat.st_size, stat.st_mtime_ns))
    return tuple(sorted(files))


class Settled:
    """Knows which folders were the same when last looked at.

    Whatever copies in another order than the Pusher does is waited for that way.
    """

    def __init__(self) -> None:
        self._seen: dict[Path, object] = {}

    def check(self, folder: Path, fingerprint: object) -> bool:
        """Whether the folder is as it was at the look before."""
        before = self._seen.pop(folder, None)
        if before != fingerprint:
            self._seen[folder] = fingerprint
        return before == fingerprint


def _numbered(folder: Path) -> dict[int, Path]:
    try:
        paths = list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    found = {}
    for path in paths:
        is_number = path.name.isascii() and path.name.isdigit() and len(path.name) < 20
        if is_number and int(path.name) <= _LARGEST and path.is_dir():
            found[int(path.name)] = path
    return found
