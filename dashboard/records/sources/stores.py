"""Buckets by their own clients: of Google Cloud Storage, and of what speaks S3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from dashboard.errors import DashboardError

_TIMEOUT = 10.0
"""Seconds for a piece of an answer, and for all attempts at one."""


class Found(NamedTuple):
    """A file in a bucket."""

    path: str
    """Below the folder that was asked for."""
    size: int
    """Bytes."""
    version: str
    """What is another once the file has been written anew."""


class Store(Protocol):
    """A bucket."""

    def folders(self, prefix: str) -> list[str]:
        """The names of the folders right below a folder."""

    def files(self, prefix: str) -> list[Found]:
        """All files below a folder."""

    def read(self, name: str) -> bytes | None:
        """A file's content; None where there is none."""

    def write(self, name: str, content: bytes) -> None:
        """Writes a file, whatever was there."""


class GoogleStore:
    """A bucket of Google Cloud Storage; STORAGE_EMULATOR_HOST names another server.

    Args:
        bucket: Its name.
    """

    def __init__(self, bucket: str) -> None:
        from google.cloud import storage
        from google.cloud.storage.retry import DEFAULT_RETRY

        self._client = storage.Client(project="-")  # Objects need none, and not every login has.
        self._bucket = self._client.bucket(bucket)
        self._patience = {"timeout": _TIMEOUT, "retry": DEFAULT_RETRY.with_timeout(_TIMEOUT)}

    def folders(self, prefix: str) -> list[str]:
        """The names of the folders right below a folder."""
        listed = self._client.list_blobs(
            self._bucket, prefix=_below(prefix), delimiter="/", **self._patience
        )
        for _ in listed:  # Only then the prefixes are known.
            pass
        return sorted(found[len(_below(prefix)) : -1] for found in listed.prefixes)

    def files(self, prefix: str) -> list[Found]:
        """All files below a folder."""
        start = len(_below(prefix))
        return [
            Found(blob.name[start:], blob.size or 0, f"{blob.generation}-{blob.etag}-{blob.size}")
            for blob in self._client.list_blobs(
                self._bucket, prefix=_below(prefix), **self._patience
            )
        ]

    def read(self, name: str) -> bytes | None:
        """A file's content; None where there is none."""
        from google.api_core.exceptions import NotFound

        try:
            content: bytes = self._bucket.blob(name).download_as_bytes(**self._patience)
        except NotFound:
            return None
        return content

    def write(self, name: str, content: bytes) -> None:
        """Writes a file, whatever was there."""
        self._bucket.blob(name).upload_from_string(content, **self._patience)


class S3Store:
    """A bucket that speaks S3, by fsspec; AWS_ENDPOINT_URL names another server than Amazon's.

    Args:
        bucket: Its name.
    """

    def __init__(self, bucket: str) -> None:
        import fsspec

        patience = {
            "connect_timeout": _TIMEOUT,
            "read_timeout": _TIMEOUT,
            "retries": {"max_attempts": 2, "mode": "standard"},
        }
        # Listings that are remembered would not show what another process has written.
        self._files = fsspec.filesystem("s3", use_listings_cache=False, config_kwargs=patience)
        self._bucket = bucket

    def folders(self, prefix: str) -> list[str]:
        """The names of the folders right below a folder."""
        try:
            found = self._files.ls(self._key(prefix), detail=True)
        except FileNotFoundError:
            return self._if_there([])
        folders = (one["name"] for one in found if one["type"] == "directory")
        return sorted(name.rstrip("/").rpartition("/")[2] for name in folders)

    def files(self, prefix: str) -> list[Found]:
        """All files below a folder."""
        start = len(self._key(prefix)) + 1
        found = self._files.find(self._key(prefix), detail=True)
        return [
            Found(name[start:], one["size"], f"{one.get('ETag')}-{one.get('LastModified')}")
            for name, one in sorted(found.items())
        ]

    def read(self, name: str) -> bytes | None:
        """A file's content; None where there is none."""
        try:
            content: bytes = self._files.cat_file(self._key(name))
        except FileNotFoundError:
            return self._if_there(None)
        return content

    def write(self, name: str, content: bytes) -> None:
        """Writes a file, whatever was there."""
        self._files.pipe_file(self._key(name), content)

    def _if_there(self, value: Any) -> Any:
        """The value, where the bucket itself is there."""
        self._files.ls(self._bucket, detail=False)
        return value

    def _key(self, name: str) -> str:
        return f"{self._bucket}/{name}".rstrip("/")


SCHEMES: dict[str, Callable[[str], Store]] = {"gs": GoogleStore, "s3": S3Store, "minio": S3Store}


def of(address: str) -> tuple[Store, str]:
    """The bucket of an address, and the folder in it.

    Raises:
        DashboardError: The client for it is not installed.
        Exception: Of the client's own kinds, where there is no login.
    """
    scheme, _, rest = address.partition("://")
    bucket, _, prefix = rest.partition("/")
    try:
        return SCHEMES[scheme](bucket), prefix.strip("/")
    except ImportError as error:
        raise DashboardError(
            f"{address} cannot be read: {error.name} is not installed",
            remedy="Install the project's packages: make setup.",
        ) from error


def _below(prefix: str) -> str:
    return f"{prefix}/" if prefix else ""
