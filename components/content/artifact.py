"""What an artifact holds: noted when its files were written, and compared when they are used again.

A hash of all of it is in ML Metadata, as a property of the artifact, which is published with it or
not at all. Which file holds what is in a file beside the artifact's folder; without that file the
artifact is compared as a whole.

A file that looks untouched is not read again: see `files.State`. Whoever needs to know asks for
all to be read.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from components.content import files
from components.content.files import State

HASH = "content_hash"
"""The property of an artifact that has the hash of its content."""
FOLDER = ".system/contents"
"""Where the files are that say which file holds what, below the folder of the node."""


@dataclass(frozen=True)
class _File:
    state: State
    sha256: str


def seal(uri: str) -> str:
    """Notes what an artifact's files hold, when all of them are written; returns the hash of it.

    Args:
        uri: The artifact's folder, or its only file.

    Raises:
        OSError: A file cannot be read.
    """
    content = {path: _read(uri, path) for path in _paths(uri)}
    _note(uri, content)
    return _hash_of(content)


def damage(uri: str, expected: str, *, thorough: bool = False) -> str | None:
    """What of an artifact is not as it was written; None where all is.

    Args:
        uri: The artifact's folder, or its only file.
        expected: The hash that `seal` returned.
        thorough: Whether to read files too that look untouched.

    Returns:
        A clause that begins with a file, such as `Split-eval/data.gz is missing`.
    """
    try:
        noted = _noted(uri)
        if noted is None or _hash_of(noted) != expected:
            return _damage_as_a_whole(uri, expected)
        found = set(_paths(uri))
        for path in sorted(noted.keys() - found):
            return f"{_name(uri, path)} is missing"
        for path in sorted(found - noted.keys()):
            return f"{_name(uri, path)} was added"
        return _damaged_file(uri, noted, thorough)
    except OSError as error:
        return f"{_name(uri, os.path.relpath(error.filename or uri, uri))} cannot be read: " + str(
            error.strerror
        )


def described(folder: str) -> dict[str, Any]:
    """What a folder's files hold, to be compared later: values of JSON by the files' paths.

    Args:
        folder: Any folder, whether it is an artifact or not; nothing is written beside it.

    Raises:
        OSError: A file cannot be read.
    """
    return {path: _to_json(_read(folder, path)) for path in _paths(folder)}


def is_as_described(folder: str, description: Mapping[str, Any]) -> bool:
    """Whether a folder holds what it did when `described` was called; touched files are read."""
    try:
        found = _paths(folder)
        return sorted(found) == sorted(description) and all(
            _is(folder, path, _from_json(description[path])) for path in found
        )
    except OSError:
        return False


def _is(folder: str, path: str, file: _File) -> bool:
    return files.state(_join(folder, path)) == file.state or (
        _read(folder, path).sha256 == file.sha256
    )


def _damaged_file(uri: str, noted: Mapping[str, _File], thorough: bool) -> str | None:
    content = dict(noted)
    for path, file in sorted(noted.items()):
        if thorough or files.state(_join(uri, path)) != file.state:
            content[path] = _read(uri, path, again=thorough)
            if content[path].sha256 != file.sha256:
                return f"{_name(uri, path)} has other content than was written"
    if content != noted:  # Touched or copied: the next look need not read them.
        _note(uri, content)
    return None


def _damage_as_a_whole(uri: str, expected: str) -> str | None:
    content = {path: _read(uri, path) for path in _paths(uri)}
    if _hash_of(content) != expected:
        return f"{_name(uri, '.')} has other content than was written"
    _note(uri, content)
    return None


def _paths(uri: str) -> list[str]:
    """The files of an artifact, relative to it, through links too; `.` is the artifact itself."""
    if os.path.isfile(uri):  # noqa: PTH113
        return ["."]
    found, seen = [], set()
    for parent, folders, names in os.walk(uri, followlinks=True):
        real = os.path.realpath(parent)
        if real in seen:  # A link to a folder that it is in.
            folders.clear()
            continue
        seen.add(real)
        found += [os.path.relpath(f"{parent}/{name}", uri) for name in names]
    return found


def _join(uri: str, path: str) -> str:
    return uri if path == "." else f"{uri}/{path}"


def _name(uri: str, path: str) -> str:
    """The file as a person knows it: the artifact's last folders, and the path below them."""
    short = "/".join(Path(uri).parts[-3:])
    return _join(short, path)


def _read(uri: str, path: str, *, again: bool = False) -> _File:
    return _File(*files.sha256(_join(uri, path), again=again))


def _hash_of(content: Mapping[str, _File]) -> str:
    lines = [f"{path}\0{file.sha256}\n" for path, file in sorted(content.items())]
    return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()


def _beside(uri: str) -> Path:
    """`<node>/.system/contents/<output>-<execution>.json`."""
    node, output, execution = Path(uri).parents[1], Path(uri).parent.name, Path(uri).name
    return node / FOLDER / f"{output}-{execution}.json"


def _note(uri: str, content: Mapping[str, _File]) -> None:
    """Writes which file holds what; where that fails, the hash is what there is."""
    beside = _beside(uri)
    partial = beside.with_name(f".{beside.name}.{os.getpid()}")
    text = json.dumps({path: _to_json(file) for path, file in content.items()})
    try:
        beside.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text)
        partial.replace(beside)
    except OSError:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def _noted(uri: str) -> dict[str, _File] | None:
    try:
        content = json.loads(_beside(uri).read_bytes())
        return {path: _from_json(file) for path, file in content.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return None


def _to_json(file: _File) -> list[Any]:
    return [list(file.state), file.sha256]


def _from_json(file: Sequence[Any]) -> _File:
    state, sha256 = file
    return _File(tuple(state), sha256)
