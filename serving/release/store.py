"""The files of a serving folder, in a bucket or on a disk.

Buckets are read and written by Arrow's file systems: Google Cloud Storage with the login that
Google's libraries find, S3 with that of AWS. For emulators and MinIO `STORAGE_EMULATOR_HOST` and
`AWS_ENDPOINT_URL` name another address.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import serving.core.arrow  # noqa: F401  (no file runs code)
from serving.core.errors import Code, ServingError

_TRIED = timedelta(seconds=20)
_ADDRESS = re.compile(r"(?:gs|s3)://[a-z0-9][-_.a-z0-9]+(?:/[^?#\s]+)?")
_LAST = ("saved_model.pb", "saved_model.pbtxt")
"""What makes a version's folder one that is served: these come last."""


class Store:
    """A folder with files, by their paths in it.

    Args:
        address: `gs://bucket/folder`, `s3://bucket/folder`, or a folder on this machine.

    Raises:
        ServingError: It is no such address.
    """

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        in_bucket = "://" in address
        if in_bucket and not _ADDRESS.fullmatch(self.address):
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f"'{address}' is no address of a serving folder",
                "Expected: gs://bucket/folder, s3://bucket/folder, or a folder on this machine.",
                "Write it like that: --bucket gs://my-project-serving/taxi.",
            )
        self.local = None if in_bucket else Path(self.address)
        self._root = (
            self.address.partition("://")[2] if in_bucket else str(Path(address).absolute())
        )
        self._system = _file_system(address.partition("://")[0] if in_bucket else "")

    def read(self, name: str) -> bytes | None:
        """A file's content; None where there is no such file.

        Raises:
            ServingError: The bucket cannot be read.
        """
        with self._told("read", name):
            try:
                with self._system.open_input_stream(f"{self._root}/{name}") as file:
                    return bytes(file.read())
            except FileNotFoundError:
                return None

    def write(self, name: str, content: bytes) -> None:
        """Writes a file, which is there as a whole or not at all.

        Raises:
            ServingError: It cannot be written.
        """
        with self._told("written", name):
            if self.local is not None:
                path = self.local / name
                path.parent.mkdir(parents=True, exist_ok=True)
                part = path.with_name(f".{path.name}.{os.getpid()}.part")
                part.write_bytes(content)
                part.replace(path)
                return
            with self._system.open_output_stream(f"{self._root}/{name}") as file:
                file.write(content)

    def names(self, folder: str = "") -> list[str]:
        """The files under a folder, sorted; empty where there is none.

        Raises:
            ServingError: The bucket cannot be read.
        """
        from pyarrow import fs

        place = f"{self._root}/{folder}".rstrip("/")
        with self._told("listed", folder):
            found = self._system.get_file_info(
                fs.FileSelector(place, recursive=True, allow_not_found=True)
            )
        files = (one.path for one in found if one.type == fs.FileType.File)
        # A bucket may have an object for the folder itself.
        return sorted(path[len(self._root) + 1 :] for path in files if not path.endswith("/"))

    def fetch(self, folder: str, to: Path) -> None:
        """Copies a folder to this machine; it has its name when it is whole.

        Raises:
            ServingError: There is no such folder, or it cannot be copied.
        """
        names = self.names(folder)
        if not names:
            raise ServingError(
                Code.NOT_FOUND, f"There is nothing in {self.address}/{folder}",
                remedy="Name the folder of a version: gs://bucket/serving_models/MODEL/VERSION.",
            )  # fmt: skip
        part = to.with_name(f".{to.name}.{os.getpid()}.part")
        shutil.rmtree(part, ignore_errors=True)
        for name in names:
            path = part / name[len(folder) :].lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.read(name) or b"")
        part.rename(to)

    def put(self, folder: Path, name: str) -> None:
        """Copies a version's folder from this machine; what makes it one that is served goes last.

        Raises:
            ServingError: It cannot be written.
        """
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        there = set(self.names(name))
        for path in sorted(paths, key=lambda path: path.name in _LAST):
            to = f"{name}/{path.relative_to(folder).as_posix()}"
            # Who may only add files need not write those that are there over.
            if to not in there or self.read(to) != path.read_bytes():
                self.write(to, path.read_bytes())

    @contextlib.contextmanager
    def _told(self, done: str, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            refused = isinstance(error, PermissionError)
            missing = isinstance(error, FileNotFoundError) or "NO_SUCH_BUCKET" in str(error)
            again = "Check that there is such a bucket." if missing else "Try again in a while."
            raise ServingError(
                Code.PERMISSION_DENIED if refused else Code.UNAVAILABLE,
                f"{self.address}/{name} cannot be {done}".replace("/ ", " "),
                " ".join(str(error).split())[:500],
                "Check the login and its roles on the bucket: docs/ship.md lists them."
                if refused
                else again,
            ) from error


def _file_system(scheme: str) -> Any:
    from pyarrow import fs

    if scheme == "gs":
        emulator = urlsplit(os.environ.get("STORAGE_EMULATOR_HOST", ""))
        if emulator.netloc:
            return fs.GcsFileSystem(
                anonymous=True, endpoint_override=emulator.netloc, scheme=emulator.scheme,
                retry_time_limit=_TRIED,
            )  # fmt: skip
        return fs.GcsFileSystem(retry_time_limit=_TRIED)
    if scheme == "s3":
        place = urlsplit(os.environ.get("AWS_ENDPOINT_URL", ""))
        more = {"endpoint_override": place.netloc, "scheme": place.scheme} if place.netloc else {}
        return fs.S3FileSystem(**more, connect_timeout=10, request_timeout=20)
    return fs.LocalFileSystem()
