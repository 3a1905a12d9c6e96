"""Puts files into a bucket under addresses that say their content, so that none is sent twice."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Protocol

from models.common.errors import ConfigError, RunError


class Store(Protocol):
    """A bucket."""

    def put(self, name: str, content: bytes) -> bool:
        """Writes an object unless there is one; returns whether it did."""


class GoogleStore:
    """A bucket of Google Cloud Storage; STORAGE_EMULATOR_HOST names another server.

    Args:
        bucket: Its name.
    """

    def __init__(self, bucket: str) -> None:
        from google.cloud import storage

        # Objects need no project, and not every login has one.
        self._bucket = storage.Client(project=None).bucket(bucket)

    def put(self, name: str, content: bytes) -> bool:
        """Writes an object unless there is one; returns whether it did."""
        from google.api_core.exceptions import PreconditionFailed

        blob = self._bucket.blob(name)
        if blob.exists():
            return False
        # Should another process be faster, it has written the same.
        with contextlib.suppress(PreconditionFailed):
            blob.upload_from_string(content, if_generation_match=0)
        return True


class S3Store:
    """A bucket that speaks S3; AWS_ENDPOINT_URL names a server other than Amazon's.

    Args:
        bucket: Its name.
    """

    def __init__(self, bucket: str) -> None:
        import boto3

        self._client = boto3.client("s3")
        self._bucket = bucket

    def put(self, name: str, content: bytes) -> bool:
        """Writes an object unless there is one; returns whether it did."""
        from botocore.exceptions import ClientError

        try:
            self._client.head_object(Bucket=self._bucket, Key=name)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
        else:
            return False
        self._client.put_object(Bucket=self._bucket, Key=name, Body=content)
        return True


_STORES: dict[str, type[GoogleStore] | type[S3Store]] = {"gs": GoogleStore, "s3": S3Store}


def put(folder: str, files: dict[str, bytes]) -> list[str]:
    """Writes files into a folder of a bucket, those that are not there.

    Args:
        folder: Its URI, such as gs://bucket/modules.
        files: Contents by their paths below the folder.

    Returns:
        The addresses that were written.

    Raises:
        ConfigError: Nothing here can write to such a bucket.
        RunError: The bucket cannot be written to.
    """
    scheme, _, rest = folder.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme not in _STORES:
        raise ConfigError(
            f"Nothing can be uploaded to {folder}",
            f"Expected: gs:// or s3://. Received: {scheme}://.",
            "Name another bucket in targets.yaml.",
        )
    with _translated_errors(folder):
        store: Store = _STORES[scheme](bucket)
        names = {name: "/".join(filter(None, [prefix, name])) for name in files}
        return [
            f"{folder}/{name}" for name, whole in names.items() if store.put(whole, files[name])
        ]


@contextlib.contextmanager
def _translated_errors(folder: str) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError
    from google.api_core.exceptions import GoogleAPIError
    from google.auth.exceptions import GoogleAuthError
    from requests import RequestException

    try:
        yield
    except (GoogleAPIError, GoogleAuthError, BotoCoreError, ClientError, RequestException) as error:
        raise RunError(
            f"{folder} cannot be written to",
            f"Received: {type(error).__name__}: {error}",
            "Check that the bucket exists, and that you are logged in as somebody who may write "
            "to it: gcloud auth application-default login, or AWS_ACCESS_KEY_ID and its secret.",
        ) from error
