"""Small files in a folder or a bucket, by their addresses."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import tensorflow as tf
from tfx.dsl.io import fileio

from components import object_store  # noqa: F401  (for fileio)


def read(address: str) -> bytes | None:
    """A file's content; None where there is none.

    Raises:
        OSError or tf.errors.OpError: The store does not answer, or refuses.
    """
    if not fileio.exists(address):
        return None
    try:
        with fileio.open(address, "rb") as file:
            content: bytes = file.read()
    except (FileNotFoundError, tf.errors.NotFoundError):  # It was removed in between.
        return None
    return content


def write(address: str, content: bytes) -> None:
    """Writes a file so that a reader sees the old content or the new, never a part.

    Raises:
        OSError or tf.errors.OpError: The store does not answer, or refuses.
    """
    if "://" in address:  # A store has an object whole or not at all.
        with fileio.open(address, "wb") as file:
            file.write(content)
        return
    path = Path(address)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    partial.write_bytes(content)
    partial.replace(path)


def names(folder: str) -> list[str]:
    """The names of what is in a folder, sorted; none where there is no such folder.

    Raises:
        OSError or tf.errors.OpError: The store does not answer, or refuses.
    """
    if not fileio.isdir(folder):
        return []
    found = (name.rstrip("/") for name in fileio.listdir(folder))
    return sorted(name for name in found if name and not name.startswith("."))
