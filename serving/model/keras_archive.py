"""Models in Keras' format, `.keras`: what they are made of is looked at before Keras opens them.

Keras' `safe_mode` refuses functions that are stored as bytecode. Layers that open other files, or
unpickle, and names of modules beside Keras' own are refused here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from serving.core.errors import Code, ServingError

_CONFIG = "config.json"
_MOST_CONFIG_BYTES = 64 * 2**20
_MOST_BYTES = 16 * 2**30
_MOST_RATIO = 200
"""Of what the files take to what the archive does; weights hardly shrink."""
_REFUSED = {
    "Lambda": "runs code that is stored in the file",
    "__lambda__": "runs code that is stored in the file",
    "TorchModuleWrapper": "unpickles a model of PyTorch's",
    "FlaxLayer": "runs code of its own",
    "JaxLayer": "runs code of its own",
    "TFSMLayer": "opens another SavedModel",
}
_SECONDS = 900.0


def check(path: Path) -> None:
    """Checks a file before Keras opens it.

    Raises:
        ServingError: It is no archive of Keras', would take far more room than it has, or holds
            what runs code or opens other files.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(path, archive)
            config = json.loads(archive.read(_CONFIG))
    except (KeyError, OSError, RecursionError, ValueError, zipfile.BadZipFile) as error:
        raise ServingError(
            Code.INVALID_ARGUMENT, f"{path} is no model in Keras' format", f"{error}",
            "Save it anew: model.save('model.keras').",
        ) from error  # fmt: skip
    for one in _objects(config):
        name, module = str(one["class_name"]), one.get("module")
        if name in _REFUSED:
            raise _unsafe(path, f"a {name}, which {_REFUSED[name]}")
        if name.startswith("__") or not isinstance(module, str):
            continue  # A value, such as a tensor, or a class that the model brings: not found.
        function = module == "builtins" and name == "function"
        if not function and module.split(".")[0] != "keras":
            raise _unsafe(path, f"{name} of the module {module[:100]}, which is not Keras' own")


def export(path: Path, folder: Path) -> None:
    """Has a process of its own open a `.keras` file, and write a SavedModel.

    Raises:
        ServingError: Keras is not installed, or cannot open or export it.
    """
    program = Path(__file__).with_name("keras_export.py")
    environment = {k: v for k, v in os.environ.items() if k != "TF_USE_LEGACY_KERAS"}
    environment |= {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-I", str(program), str(path.resolve()), str(folder.resolve())]
    try:
        ended = subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=_SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ServingError(
            Code.DEADLINE_EXCEEDED, f"Keras did not open and export {path} in {_SECONDS:g} s"
        ) from error
    if ended.returncode:
        lines = ended.stderr.strip().splitlines()
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"Keras cannot make a SavedModel of {path}",
            "\n".join(lines[-4:]) or f"The process ended with {ended.returncode}.",
            "Export it where it was trained, with model.export('folder'), and add that.",
        )


def _check_sizes(path: Path, archive: zipfile.ZipFile) -> None:
    infos = archive.infolist()
    total = sum(info.file_size for info in infos)
    if total > min(_MOST_BYTES, _MOST_RATIO * max(path.stat().st_size, 2**16)):
        raise ServingError(
            Code.INVALID_ARGUMENT,
            f"{path} has {path.stat().st_size:,} bytes and would take {total:,}: it is no model",
        )
    for info in infos:
        parts = PurePosixPath(info.filename).parts
        if ".." in parts or PurePosixPath(info.filename).is_absolute():
            raise _unsafe(path, f"a file {info.filename[:100]!r}, outside of the archive")
    if archive.getinfo(_CONFIG).file_size > _MOST_CONFIG_BYTES:
        raise ValueError(f"{_CONFIG} has more than {_MOST_CONFIG_BYTES} bytes")


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    """The objects within a configuration that name a class."""
    stack = [config]
    while stack:
        one = stack.pop()
        if isinstance(one, dict):
            if "class_name" in one:
                yield one
            stack += one.values()
        elif isinstance(one, list):
            stack += one


def _unsafe(path: Path, what: str) -> ServingError:
    return ServingError(
        Code.INVALID_ARGUMENT,
        f"{path} is not opened: it has {what}",
        "",
        "If you trust it, export it where it was trained, with model.export('folder'), and add "
        "that.",
    )
