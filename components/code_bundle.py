"""A node's code as a zip file that is named by its content, so that the image need not hold it.

A changed file gives another name and so another address, which is all that a cache has to see.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import sys
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import tensorflow as tf
from tfx.dsl.io import fileio

from components import object_store  # noqa: F401  (for fileio)
from components.code_hash import ROOT
from models.common.errors import RunError

_NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip file knows."""


@dataclass(frozen=True)
class Bundle:
    """A zip file of source files, the same bytes for the same content on every machine."""

    content: bytes

    @property
    def name(self) -> str:
        """`<hash>.zip`, with the first 32 hexadecimal digits of the content's SHA-256."""
        return f"{hashlib.sha256(self.content).hexdigest()[:32]}.zip"


def pack(files: Iterable[Path], root: Path = ROOT) -> Bundle:
    """Packs files, with their paths below the root."""
    content = io.BytesIO()
    # Compressed bytes differ between versions of zlib; a few sources are small without.
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path.relative_to(root).as_posix(), _NO_TIME)
            entry.create_system = 3  # Unix, so that the permissions below count.
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return Bundle(content.getvalue())


def upload(bundle: Bundle, folder: str) -> str:
    """Writes the bundle into a folder or bucket unless it is there; returns its address.

    Raises:
        RunError: The folder cannot be written to.
    """
    address = f"{folder}/{bundle.name}"
    with _storage_errors(
        f"The code bundle cannot be written to {folder}", f"Tried to write {address}."
    ):
        if not fileio.exists(address):
            partial = f"{address}.{os.getpid()}.partial"
            fileio.makedirs(folder)
            with fileio.open(partial, "wb") as file:
                file.write(bundle.content)
            fileio.rename(partial, address, overwrite=True)
    return address


def fetch(address: str, cache: Path | None = None) -> Path:
    """Unpacks the bundle at this address, unless an earlier process has done so.

    Args:
        address: A path or URI that ends in `<hash>.zip`.
        cache: Where unpacked bundles are kept; by default a folder of this user's own among the
            temporary files.

    Returns:
        The folder that holds `models/`.

    Raises:
        RunError: There is no such bundle, or it is not what its name says.
    """
    cache = cache or Path(tempfile.gettempdir()) / f"pipeline-modules-{os.getuid()}"
    name = address.rpartition("/")[2]
    folder = cache / name.removesuffix(".zip")
    if folder.is_dir():
        return folder
    with (
        _storage_errors("The code bundle cannot be read", f"Looked for {address}."),
        fileio.open(address, "rb") as file,
    ):
        bundle = Bundle(file.read())
    if bundle.name != name:
        raise RunError(
            "The code bundle is not what its name says",
            f"Expected at {address}: content whose hash is the name. Received: {bundle.name}.",
            "Delete it and submit again, which uploads it anew.",
        )
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as temporary:
        with zipfile.ZipFile(io.BytesIO(bundle.content)) as archive:
            archive.extractall(f"{temporary}/unpacked")
        # Another process may have been faster.
        with contextlib.suppress(OSError):
            Path(temporary, "unpacked").rename(folder)
    return folder


def use(address: str, cache: Path | None = None) -> None:
    """Makes this process, and those that it starts, import `models` from a bundle alone.

    Those that it starts look into their working folder first, as Python does; it must not be one
    that has another `models`.

    Raises:
        RunError: There is no such bundle, or it is not what its name says.
    """
    folder = str(fetch(address, cache))
    sys.path.insert(0, folder)
    inherited = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [folder, inherited]))
    for name in [name for name in sys.modules if name.split(".")[0] == "models"]:
        del sys.modules[name]


@contextlib.contextmanager
def _storage_errors(headline: str, doing: str) -> Iterator[None]:
    """Turns what the file system or bucket says into a RunError."""
    try:
        yield
    except (tf.errors.OpError, OSError) as error:
        message = getattr(error, "message", str(error))
        raise RunError(
            headline,
            f"{doing} Received: {message}",
            "Check the address, and that this process may use it.",
        ) from error
