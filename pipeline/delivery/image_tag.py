"""The pipeline image's tag: a hash over exactly what the Dockerfile is and copies.

Same inputs, same tag, on every machine: a revert finds its old image, and nothing is built twice.
It needs the standard library alone, so that a workflow can run it before anything is installed.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = "Dockerfile"
IGNORE = ".dockerignore"
LEFT_OUT = ("__pycache__", ".pyc")
"""What Python leaves beside its sources; `.dockerignore` keeps it out of the image too."""


def sources(root: Path = ROOT) -> list[str]:
    """The files and folders that the Dockerfile copies from the project, as it names them.

    Args:
        root: The project's root.
    """
    text = (root / DOCKERFILE).read_text(encoding="utf-8").replace("\\\n", " ")
    found: list[str] = []
    for line in text.splitlines():
        instruction, _, rest = line.strip().partition(" ")
        if instruction.upper() in ("COPY", "ADD"):
            words = shlex.split(rest)
            # What comes from another stage or image is named by the Dockerfile itself.
            if not any(word.startswith("--from=") for word in words):
                found += [word for word in words if not word.startswith("--")][:-1]
    return [source.rstrip("/") for source in found]


def inputs(root: Path = ROOT) -> list[str]:
    """The files that the image is made of, as paths from the root, sorted."""
    named = [root / name for name in (DOCKERFILE, IGNORE, *sources(root))]
    files = {file for path in named for file in _files(path)}
    return sorted(file.relative_to(root).as_posix() for file in files)


def is_input(path: str, root: Path = ROOT) -> bool:
    """Whether the image is made of this file, which need not exist any more."""
    named = (DOCKERFILE, IGNORE, *sources(root))
    return any(path == name or path.startswith(f"{name}/") for name in named)


def tag(root: Path = ROOT) -> str:
    """The tag: 32 hexadecimal digits of a SHA-256 over paths, permissions and contents.

    Args:
        root: The project's root.

    Raises:
        OSError: A file that the Dockerfile copies does not exist.
    """
    digest = hashlib.sha256()
    for name in inputs(root):
        path = root / name
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        executable = bool(path.stat().st_mode & 0o100)
        digest.update(json.dumps([name, executable, content]).encode())
    return digest.hexdigest()[:32]


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for below in path.iterdir():
        if not below.name.endswith(LEFT_OUT):
            yield from _files(below)


if __name__ == "__main__":
    print(tag())
