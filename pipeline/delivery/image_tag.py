"""The pipeline image's tag: a hash over what the Dockerfile is, copies and installs.

Of the files that name packages counts what they have uv install, not their text. Same inputs, same
tag, on every machine: a revert finds its old image, and nothing is built twice. It needs the
standard library alone, so that a workflow can run it before anything is installed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import posixpath
import re
import shlex
import sys
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from pipeline.delivery import locked_packages

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = "Dockerfile"
"""The pipeline's image."""
SERVING_DOCKERFILE = "deploy/serving.Dockerfile"
"""The model server's image."""
IGNORE = ".dockerignore"
LEFT_OUT = ("__pycache__", ".pyc")
"""What Python leaves beside its sources; `.dockerignore` keeps it out of the image too."""

_FLAGS = re.compile(r"(?:--\S+\s+)*")
_BIND = re.compile(r"--mount=(\S*type=bind\S*)")


def sources(root: Path = ROOT, dockerfile: str = DOCKERFILE) -> list[str]:
    """The files and folders that a Dockerfile takes from the project, as paths from the root.

    Args:
        root: The project's root.
        dockerfile: The Dockerfile's path from the root.

    Returns:
        Paths or patterns such as `*.toml`; `.` is all of the project.
    """
    text = (root / dockerfile).read_text(encoding="utf-8").replace("\\\n", " ")
    found: list[str] = []
    for line in text.splitlines():
        instruction, _, rest = line.strip().partition(" ")
        if instruction.upper() in ("COPY", "ADD"):
            found += _copied(rest.strip())
        elif instruction.upper() == "RUN":
            found += _mounted(rest)
    return [posixpath.normpath(source.lstrip("/") or ".") for source in found]


def inputs(root: Path = ROOT) -> list[str]:
    """The files that the pipeline's image is made of, as paths from the root, sorted."""
    files = {
        file
        for name in (DOCKERFILE, IGNORE, *sources(root))
        for path in _matching(name, root)
        for file in _files(path)
    }
    return sorted(file.relative_to(root).as_posix() for file in files)


def is_input(path: str, root: Path = ROOT, dockerfile: str = DOCKERFILE) -> bool:
    """Whether an image is made of this file, which need not exist any more.

    Args:
        path: The file's path from the root.
        root: The project's root.
        dockerfile: The Dockerfile's path from the root.
    """
    folders = [parent.as_posix() for parent in PurePosixPath(path).parents]
    # BuildKit prefers the ignore file that has the Dockerfile's own name.
    named = (dockerfile, IGNORE, f"{dockerfile}{IGNORE}", *sources(root, dockerfile))
    return any(fnmatchcase(one, name) for one in (path, *folders) for name in named)


def tag(root: Path = ROOT) -> str:
    """The tag: 32 hexadecimal digits of a SHA-256 over paths, permissions and contents.

    Args:
        root: The project's root.

    Raises:
        OSError: A file that the Dockerfile copies does not exist.
    """
    digest = hashlib.sha256()
    dockerfile = (root / DOCKERFILE).read_text(encoding="utf-8")
    installed = locked_packages.digest(dockerfile, reader(root))
    for name in inputs(root):
        path = root / name
        if installed is not None and name in locked_packages.FILES:
            entry = [name, False, installed if name == locked_packages.LOCK else ""]
        elif path.is_symlink():  # A Dockerfile copies the link, not what it leads to.
            entry = [name, False, f"-> {path.readlink()}"]
        else:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            entry = [name, bool(path.stat().st_mode & 0o100), content]
        digest.update(json.dumps(entry).encode())
    return digest.hexdigest()[:32]


def reader(root: Path) -> locked_packages.Reader:
    """Reads files of the project as they are on the disk."""

    def read(name: str) -> str | None:
        path = root / name
        return path.read_text(encoding="utf-8") if path.is_file() else None

    return read


def parser() -> argparse.ArgumentParser:
    """The command line of `python -m pipeline image-tag`: no options but `--help`."""
    return argparse.ArgumentParser(
        prog="python -m pipeline image-tag",
        description="Print the pipeline image's tag: a hash over what the Dockerfile copies and "
        "installs.",
    )


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Prints the tag; see `--help`."""
    parser().parse_args(arguments)
    try:
        print(tag(root))
    except OSError as error:
        print(f"error: the image has no tag: {error.filename}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


def _copied(arguments: str) -> list[str]:
    """The sources of a COPY or ADD that are the project's."""
    flags = _FLAGS.match(arguments)
    options, rest = (flags[0], arguments[flags.end() :]) if flags else ("", arguments)
    if "--from=" in options:
        return []  # What comes from another stage or image is named by the Dockerfile itself.
    words = json.loads(rest) if rest.startswith("[") else shlex.split(rest)
    return [word for word in words[:-1] if "://" not in word and not word.startswith("<<")]


def _mounted(arguments: str) -> list[str]:
    """The files and folders that a RUN sees of the project without copying them."""
    found = []
    for mount in _BIND.findall(arguments):
        options = dict(option.partition("=")[::2] for option in mount.split(","))
        if "from" not in options:
            found.append(options.get("source") or options.get("src") or ".")
    return found


def _matching(name: str, root: Path) -> list[Path]:
    """The files and folders of a name or pattern; itself where there are none, to be missed."""
    if name == ".":
        return [root]
    return list(root.glob(name)) or [root / name]


def _files(path: Path) -> Iterator[Path]:
    if path.is_symlink() or not path.is_dir():
        yield path
        return
    for below in path.iterdir():
        if not below.name.endswith(LEFT_OUT):
            yield from _files(below)


if __name__ == "__main__":
    sys.exit(main())
