"""Refuses, while a model's code runs, what it opens or imports and no hash covers.

What a source file names is checked before any node runs (`outside`); what it only finds when it
runs, such as a path that it puts together, is seen here: Python tells an audit hook of each file
that it opens and of each module that it loads (PEP 578), and TensorFlow's functions for files are
made to tell it too. Whose doing it is, the stack says: the nearest function of the project. Code of
`pipeline/` and `components/` is in no model's hand and may open what it likes.
"""

from __future__ import annotations

import functools
import importlib.util
import linecache
import os
import sys
import tempfile
import tokenize
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from components.model_code import outside

_EVENTS = frozenset({"open", "import", "ctypes.dlopen"})
_SYSTEM = ("/dev/", "/etc/", "/proc/", "/sys/", "/usr/")
_SHOW_SOURCE = (tokenize.__file__, linecache.__file__)
"""What reads source files for the lines of a traceback or a warning."""
_READERS = ("models", "common", "files")
"""The package whose functions read a file for whoever calls them."""


@dataclass(frozen=True)
class _Guard:
    root: Path
    files: frozenset[str]
    """Real paths of what is hashed."""
    artifacts: tuple[str, ...]
    """Beginnings of real paths in the project that may be read, hashed or not."""
    elsewhere: tuple[str, ...]
    """The same outside of the project."""


_guard: _Guard | None = None


def start(files: Collection[Path], artifacts: Collection[Path], root: Path) -> None:
    """Guards this process from now on.

    Args:
        files: What the model's code may open and import of the project, because it is hashed.
        artifacts: Folders of what runs make, which the model's code may read.
        root: The project's root.
    """
    global _guard
    # Packages keep downloads and settings in hidden folders of the user's.
    hidden = f"{os.path.realpath(Path.home())}{os.sep}."
    _guard = _Guard(
        root,
        frozenset(os.path.realpath(path) for path in files),
        _beginnings(*artifacts, sys.prefix),
        (*_beginnings(tempfile.gettempdir(), sys.prefix, sys.base_prefix), hidden, *_SYSTEM),
    )
    _install_hook()
    _have_tensorflow_tell()


def stop() -> None:
    """Guards no longer."""
    global _guard
    _guard = None


def _beginnings(*folders: Path | str) -> tuple[str, ...]:
    return tuple(f"{os.path.realpath(folder)}{os.sep}" for folder in folders)


@functools.cache
def _install_hook() -> None:
    """Adds the hook, which Python never removes."""
    sys.addaudithook(_hook)


@functools.cache
def _have_tensorflow_tell() -> None:
    """Has TensorFlow's functions, which read files in C++, raise Python's event for them."""
    import tensorflow as tf

    for owner, name in (
        (tf.io.gfile.GFile, "__init__"),
        (tf.lookup.TextFileInitializer, "__init__"),
        (tf.io, "read_file"),
    ):
        setattr(owner, name, _telling(getattr(owner, name)))


def _telling(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def telling(*arguments: Any, **named: Any) -> Any:
        values = [*arguments, *named.values()]
        paths = [value for value in values if isinstance(value, str | os.PathLike)]
        modes = [value for value in paths[1:] if value in ("w", "wb", "a", "ab")]
        if paths and not modes:
            sys.audit("open", paths[0], "r", os.O_RDONLY)
        return function(*arguments, **named)

    return telling


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    guard = _guard
    if guard is None or event not in _EVENTS:
        return
    path = arguments[1] if event == "import" else arguments[0]
    if not path or not isinstance(path, str | bytes | os.PathLike):
        return  # A file that is open already, or a module whose file is not known yet.
    if event == "open" and _writes(*arguments[1:3]):
        return
    caller = sys._getframe(1)
    if caller.f_code.co_filename in _SHOW_SOURCE:
        return
    frame = _model_frame(caller, guard.root)
    if frame is None:
        return
    real = _source(os.path.realpath(os.fsdecode(path)))
    if not _is_allowed(real, guard):
        file = Path(frame.f_code.co_filename)
        place = f"{outside.shown(file, guard.root)}:{frame.f_lineno}"
        raise outside.file_error(place, Path(real), file, guard.root)


def _writes(mode: Any, flags: Any) -> bool:
    if isinstance(mode, str):
        return not ("r" in mode or "+" in mode)
    return isinstance(flags, int) and flags & os.O_ACCMODE == os.O_WRONLY


def _model_frame(frame: FrameType | None, root: Path) -> FrameType | None:
    """The call of a model's code that led here; None where the pipeline's own did."""
    while frame is not None:
        place = _place(frame.f_code.co_filename, root)
        if place is not None and place[:3] != _READERS:
            return frame if place[0] == "models" else None
        frame = frame.f_back
    return None


@functools.lru_cache(maxsize=4096)
def _place(filename: str, root: Path) -> tuple[str, ...] | None:
    """Where in the project a source file is; None for one of Python or a package."""
    path = Path(filename)
    if outside.is_installed(filename) or not path.is_relative_to(root):
        return None
    return path.relative_to(root).parts


def _source(path: str) -> str:
    """The source of a compiled file, which is opened in its stead; any other path as it is."""
    if "__pycache__" not in path:
        return path
    try:
        return importlib.util.source_from_cache(path)
    except ValueError:
        return path


def _is_allowed(real: str, guard: _Guard) -> bool:
    if real in guard.files or outside.is_installed(real) or not Path(real).is_file():
        return True
    inside = real.startswith(f"{guard.root}{os.sep}")
    return real.startswith(guard.artifacts if inside else guard.elsewhere)
