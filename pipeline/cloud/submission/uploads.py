"""Puts files into a bucket under addresses that say their content, so that none is sent twice."""

from __future__ import annotations

import contextlib
from typing import Any, Protocol

from models.common.errors import ConfigError, RunError
from pipeline.cloud import answers
from pipeline.cloud.answers import AnswerError, Service

TIMEOUT = 20.0
"""Seconds for a piece of an answer."""
_SLOWEST = 100_000
"""Bytes a second that an upload has at least."""


class Store(Protocol):
    """A bucket."""

    def size(self, name: str) -> int | None:
        """The bytes of an object; None where there is none."""

    def write(self, name: str, content: bytes) -> None:
        """Writes an object."""


class GoogleStore:
    """A bucket of Google Cloud Storage; STORAGE_EMULATOR_HOST names another server.

    Args:
        bucket: Its name.
    """

    def __init__(self, bucket: str) -> None:
        from google.cloud import storage

        # Objects need no project, and not every login has one.
        self._bucket = storage.Client(project=None).bucket(bucket)

    def size(self, name: str) -> int | None:
        """The bytes of an object; None where there is none."""
        blob = self._bucket.get_blob(name, **self._patience())
        if blob is None:
            return None
        return blob.size if isinstance(blob.size, int) else -1

    def write(self, name: str, content: bytes) -> None:
        """Writes an object."""
        from google.api_core.exceptions import PreconditionFailed

        # Should another process be faster, it has written the same.
        with contextlib.suppress(PreconditionFailed):
            self._bucket.blob(name).upload_from_string(
                content, if_generation_match=0, **self._patience()
            )

    def _patience(self) -> dict[str, Any]:
        """Seconds for a piece of an answer and for all attempts: the client would take minutes."""
        from google.cloud.storage.retry import DEFAULT_RETRY

        return {"timeout": TIMEOUT, "retry": DEFAULT_RETRY.with_timeout(TIMEOUT)}


class S3Store:
    """A bucket that speaks S3; AWS_ENDPOINT_URL names a server other than Amazon's.

    Args:
        bucket: Its name.
    """

    def __init__(self, bucket: str) -> None:
        import boto3
        from botocore.config import Config

        patience = Config(connect_timeout=TIMEOUT, read_timeout=TIMEOUT)
        self._client = boto3.client("s3", config=patience)
        self._bucket = bucket

    def size(self, name: str) -> int | None:
        """The bytes of an object; None where there is none."""
        from botocore.exceptions import ClientError

        try:
            found = self._client.head_object(Bucket=self._bucket, Key=name)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            return None
        # What has no ETag is no object, but a page of another service.
        return int(found["ContentLength"]) if found.get("ETag") else -1

    def write(self, name: str, content: bytes) -> None:
        """Writes an object."""
        self._client.put_object(Bucket=self._bucket, Key=name, Body=content)


_STORES: dict[str, type[GoogleStore] | type[S3Store]] = {
    "gs": GoogleStore,
    "s3": S3Store,
    "minio": S3Store,
}


def put(folder: str, files: dict[str, bytes]) -> list[str]:
    """Writes files into a folder of a bucket, those that are not there.

    Args:
        folder: Its URI, such as gs://bucket/modules.
        files: Contents by their paths below the folder.

    Returns:
        The addresses that were written.

    Raises:
        ConfigError: Nothing here can write to such a bucket.
        RunError: The bucket cannot be written to, or does not know what was written.
    """
    scheme, _, rest = folder.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme not in _STORES:
        raise ConfigError(
            f"Nothing can be uploaded to {folder}",
            f"Expected: gs://, s3:// or minio://. Received: {scheme}://.",
            "Name another bucket in targets.yaml.",
        )
    service = Service(
        folder,
        "the bucket in targets.yaml, and AWS_ENDPOINT_URL where it is not Amazon's",
        "Log in as somebody who may write to it: gcloud auth application-default login, or "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    )
    try:
        store: Store = _STORES[scheme](bucket)
        written = []
        for name, content in files.items():
            if _put(service, store, "/".join(filter(None, [prefix, name])), content):
                written.append(f"{folder}/{name}")
        return written
    except Exception as error:  # What a bad answer raises is not always the client's own.
        told = (
            error
            if isinstance(error, AnswerError)
            else service.broken_error(f"to write to {folder}", error)
        )
        raise RunError(
            f"{folder} cannot be written to",
            told.detail,
            f"Check that the bucket exists. {told.remedy}",
        ) from error


def _put(service: Service, store: Store, name: str, content: bytes) -> bool:
    """Writes an object unless there is one; returns whether it did, when it is seen to be there."""
    found = answers.within(lambda: store.size(name))
    if found is None:
        seconds = len(content) / _SLOWEST
        answers.within(lambda: store.write(name, content), more=seconds)
        there = answers.within(lambda: store.size(name))
    else:
        there = found
    if there != len(content):
        held = "nothing that it knows" if there in (None, -1) else f"{there} bytes"
        raise service.unknown_error(
            f"to write {name}, of {len(content)} bytes", f"an answer, but it holds {held} there"
        )
    return found is None
