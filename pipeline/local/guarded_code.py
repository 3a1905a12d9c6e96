"""Watches over a model's code in the run's process: what no hash covers is refused.

A run uses the code that was there when it started, however long it goes on: modules are imported
before any node runs. What is read later, such as a list of words beside them, must not have changed
meanwhile, as the result would be kept under the hash of what was there before.
"""

from __future__ import annotations

import importlib
import json
import linecache
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from components import code_hash
from components.model_code import guard
from models.common.errors import ModelCodeError, ProjectError
from pipeline.config import model_files, project

_imported: dict[str, str] = {}
"""Hashes of the files whose content this process has imported, by path from the root."""


def start(model: str, root: Path = project.ROOT) -> None:
    """Guards the process from now on, and imports the model's code, before any node runs.

    Raises:
        ModelCodeError: The code depends on something that no hash covers.
    """
    modules = model_files.code_modules(model)
    files = code_hash.model_files(*modules, root=root)
    common = (root / "models" / "common").rglob("*.py")
    guard.start(
        [*files, *common], [root / project.RUNS.name, root / project.SERVING_MODELS.name], root
    )
    # Before the import: should a file be edited in between, the graph's hash is another.
    hashes = code_hash.file_hashes(*modules, root=root)
    for module in modules:
        try:
            importlib.import_module(module)
        except (ProjectError, KeyboardInterrupt):
            raise
        except BaseException:  # Not every model has each; the node that needs it tells.
            continue
    _imported.clear()
    for path in _files_of_modules():
        name = path.relative_to(root).as_posix() if path.is_relative_to(root) else ""
        if name in hashes:
            _imported[name] = hashes[name]
            _keep_source(str(path))


def check(
    parameters: Mapping[str, Any], recorded: Mapping[str, str], root: Path = project.ROOT
) -> None:
    """Checks that a node's code is what the hashes in its cache key say, and the run's record.

    Args:
        parameters: The node's parameters by name.
        recorded: SHA-256 of the files that the run's record has, by path.
        root: The project's root.

    Raises:
        ModelCodeError: A file has changed since the run was started.
    """
    for path, expected in _code_of(parameters).items():
        present = _imported.get(path) or _hash(root / path)
        if present != expected or not recorded.get(path, expected).startswith(expected):
            raise _changed(path)


def check_imported(recorded: Mapping[str, str]) -> None:
    """Checks that the code that this process has imported is what the run's record says.

    Args:
        recorded: SHA-256 of the files that the run's record has, by path.

    Raises:
        ModelCodeError: A file has changed since the run was started.
    """
    for path, present in _imported.items():
        if not recorded.get(path, present).startswith(present):
            raise _changed(path)


def _changed(path: str) -> ModelCodeError:
    return ModelCodeError(
        f"{path} changed while the run went on",
        "Expected: the file that was there when the run was started, as its result is "
        "kept for later runs under that file's hash.",
        "Run again: what was finished before comes from the cache.",
    )


def _code_of(parameters: Mapping[str, Any]) -> dict[str, str]:
    """The hashes of files among a node's parameters, as `NodeSpec.code` has them there."""
    custom = json.loads(parameters.get("custom_config") or "null") or {}
    found = custom.get("code") or parameters.get("code") or {}
    return json.loads(found) if isinstance(found, str) else found


def _hash(path: Path) -> str | None:
    try:
        return code_hash.file_hash(path)
    except OSError:
        return None


def _files_of_modules() -> Iterator[Path]:
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if file and name.partition(".")[0] in ("models", "components"):
            yield Path(file)


def _keep_source(file: str) -> None:
    """Has tracebacks, and TensorFlow, which reads the source of what it traces, see what runs.

    An entry without a time is never looked at again (`linecache.checkcache`).
    """
    linecache.getlines(file)
    entry = linecache.cache.get(file, ())
    if len(entry) == 4:
        size, _, lines, name = entry
        linecache.cache[file] = (size, None, lines, name)
