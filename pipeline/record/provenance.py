"""What a run was made of: the code, the packages, the machine, and the command to repeat it."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path

from components.model_code import packages as installed
from pipeline.config import project
from pipeline.record import run_folder
from pipeline.record.atomic_file import write_whole
from pipeline.record.redaction import Redactor
from pipeline.record.run_record import Code

COMMIT = "PIPELINE_COMMIT"
"""The environment variable with the commit, for where there is no git repository to ask."""
_NAMED = ("tfx", "tensorflow", "keras", "apache-beam", "neptune-client")
_TOO_LARGE = 1_000_000
"""Bytes above which a file in a model's folder is data, whose hash is enough."""


def code(model: str, root: Path = project.ROOT) -> Code:
    """The commit, and a hash of each file of the model's folder and of models/common."""
    commit = _git(root, "rev-parse", "HEAD")
    changes = _git(root, "status", "--porcelain", "--", ".") if commit else None
    files = [*_files(model, root), *_files("common", root)]
    return Code(
        commit=commit,
        dirty=bool(changes),
        files={_relative(path, root): _sha256(path) for path in files},
    )


def keep(model: str, folder: Path, redactor: Redactor, root: Path = project.ROOT) -> None:
    """Copies the model's files and the list of packages into a run folder.

    Args:
        model: The model's name.
        folder: The run folder.
        redactor: Hides secrets that a file may contain.
        root: The project's root.

    Raises:
        RunError: The run folder cannot be written.
    """
    for path, content in kept(model, redactor, root).items():
        write_whole(folder / run_folder.CODE / path, content, private=True)
    write_whole(folder / run_folder.PACKAGES, redactor.text(packages()), private=True)


def kept(model: str, redactor: Redactor, root: Path = project.ROOT) -> dict[str, bytes]:
    """The model's files that a run keeps, without secrets, by their paths from the root.

    Args:
        model: The model's name.
        redactor: Hides secrets that a file may contain.
        root: The project's root.
    """
    found = {}
    for path in _files(model, root):
        content = path.read_bytes()
        if len(content) <= _TOO_LARGE:
            text = redactor.text(content.decode("utf-8", errors="surrogateescape"))
            found[_relative(path, root)] = text.encode(errors="surrogateescape")
    return found


def environment() -> dict[str, str]:
    """Versions of the packages that results depend on most, and the machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in _NAMED},
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory / 2**30:.1f} GiB",
    }


def command(model: str, overrides: Sequence[str], to: str | None = None) -> str:
    """The command line that makes such a run."""
    settings = [part for override in overrides for part in ("--set", override)]
    end = ["--to", to] if to else []
    return shlex.join(["python", "-m", "pipeline", "run", model, *settings, *end])


def packages() -> str:
    """Every installed package with its version, a line for each, as `pip` writes requirements."""
    named = map(installed.name_and_version, importlib.metadata.distributions())
    found = {f"{name}=={version}" for name, version in named}
    return "".join(f"{line}\n" for line in sorted(found, key=str.lower))


def _files(model: str, root: Path) -> list[Path]:
    folder = project.model_folder(model, root)
    paths = (path for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in paths if not _is_left_over(path.relative_to(folder)))


def _is_left_over(path: Path) -> bool:
    return any(part.startswith(".") or part == "__pycache__" for part in path.parts)


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix()


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _git(root: Path, *arguments: str) -> str | None:
    """What git prints; None where there is no git, or no repository."""
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
