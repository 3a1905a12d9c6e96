"""Buckets of S3, MinIO and others that speak as they do, for TFX's file functions.

Importing this module teaches `tfx.dsl.io.fileio` addresses of `s3://` and `minio://`; TensorFlow
itself knows `gs://` alone. AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the other
variables of Amazon's own clients say where the store is and who asks.
"""

from __future__ import annotations

import contextlib
import posixpath
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import fsspec
from tfx.dsl.io import filesystem, filesystem_registry

from models.common.errors import RunError

_PATIENCE = {
    "connect_timeout": 10,
    "read_timeout": 60,
    "retries": {"max_attempts": 3, "mode": "standard"},
}
"""Seconds and attempts, after which a store that does not answer is given up."""


class StoreError(RunError, OSError):
    """A store that refuses, is not there, or does not answer."""


class ObjectStore(filesystem.Filesystem):
    """Buckets as TFX sees file systems. A folder is there when an object's name begins with it."""

    SUPPORTED_SCHEMES = ("s3://", "minio://")

    @staticmethod
    def open(name: str, mode: str = "r") -> Any:
        """Opens an object. What is written is there when the file is closed, whole."""
        with _errors(name):
            file = _store().open(_key(name), mode)
        close = file.close

        def close_with_errors() -> None:
            with _errors(name):
                close()

        file.close = close_with_errors
        return file

    @staticmethod
    def copy(src: str, dst: str, overwrite: bool = False) -> None:
        """Copies an object within the store."""
        _check_free(dst, overwrite)
        with _errors(src):
            _store().copy(_key(src), _key(dst))

    @staticmethod
    def exists(path: str) -> bool:
        """Whether there is such an object or folder."""
        with _errors(path):
            return bool(_store().exists(_key(path)))

    @staticmethod
    def glob(pattern: str) -> list[str]:
        """The addresses that match, sorted."""
        with _errors(pattern):
            return [_address(key, pattern) for key in sorted(_store().glob(_key(pattern)))]

    @staticmethod
    def isdir(path: str) -> bool:
        """Whether there is such a folder."""
        with _errors(path):
            return bool(_store().isdir(_key(path)))

    @staticmethod
    def listdir(path: str) -> list[str]:
        """The names in a folder."""
        with _errors(path):
            found = _store().ls(_key(path), detail=False)
        return [posixpath.basename(key) for key in found if key != _key(path)]

    @staticmethod
    def makedirs(path: str) -> None:
        """Does nothing: a store has objects alone."""

    @staticmethod
    def mkdir(path: str) -> None:
        """Does nothing: a store has objects alone."""

    @staticmethod
    def remove(path: str) -> None:
        """Removes an object."""
        with _errors(path):
            _store().rm_file(_key(path))

    @staticmethod
    def rename(src: str, dst: str, overwrite: bool = False) -> None:
        """Copies an object or a folder, then removes what it was copied from."""
        _check_free(dst, overwrite)
        with _errors(src):
            _store().mv(_key(src), _key(dst), recursive=True)

    @staticmethod
    def rmtree(path: str) -> None:
        """Removes all objects of a folder."""
        with _errors(path):
            _store().rm(_key(path), recursive=True)

    @staticmethod
    def stat(path: str) -> Any:
        """What the store knows of an object, by name: `size` in bytes, `ETag` and others."""
        with _errors(path):
            return _store().info(_key(path))

    @staticmethod
    def walk(
        top: str, topdown: bool = True, onerror: Callable[..., None] | None = None
    ) -> Iterable[tuple[str, list[str], list[str]]]:
        """Each folder below an address, with the names of its folders and of its files."""
        with _errors(top):
            for folder, folders, files in _store().walk(
                _key(top), topdown=topdown, on_error="raise"
            ):
                yield _address(folder, top), sorted(folders), sorted(files)


def knows(address: str) -> bool:
    """Whether an address is of a store that this module has taught TFX."""
    return address.startswith(ObjectStore.SUPPORTED_SCHEMES)


def checksum(address: str) -> str:
    """What changes when an object's content does, as the store keeps it.

    Raises:
        StoreError: It has no such object, or does not answer.
    """
    return str(ObjectStore.stat(address)["ETag"])


def _store() -> Any:
    # Listings that are remembered would not show what another process has written.
    return fsspec.filesystem("s3", use_listings_cache=False, config_kwargs=_PATIENCE)


def _key(address: str) -> str:
    return address.partition("://")[2].rstrip("/")


def _address(key: str, like: str) -> str:
    return f"{like.partition('://')[0]}://{key}"


def _check_free(address: str, overwrite: bool) -> None:
    if not overwrite and ObjectStore.exists(address):
        raise FileExistsError(f"{address} is there already")


@contextlib.contextmanager
def _errors(address: str) -> Iterator[None]:
    """Raises what the store's client raises as what TFX or a person understands."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except FileNotFoundError as error:
        if "specified bucket" not in str(error):  # As S3 says it of one that does not exist.
            raise filesystem.NotFoundError(f"There is nothing at {address}") from error
        raise _told(address, error) from error
    except (BotoCoreError, ClientError, OSError) as error:
        raise _told(address, error) from error


def _told(address: str, error: Exception) -> StoreError:
    bucket = "/".join(address.split("/")[:3])
    return StoreError(
        f"{address} cannot be used",
        f"Received: {type(error).__name__}: {error}",
        f"Check that the bucket {bucket} exists, that AWS_ENDPOINT_URL names its store (unset: "
        "Amazon's), and that AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY may use it.",
    )


filesystem_registry.DEFAULT_FILESYSTEM_REGISTRY.register(ObjectStore, priority=0)
