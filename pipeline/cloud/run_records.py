"""The records of runs in a bucket, for the command line; the dashboard has a reader of its own."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

from models.common.errors import ConfigError, RunError
from pipeline.cloud import answers
from pipeline.cloud.answers import AnswerError, Service
from pipeline.record import run_folder, run_record
from pipeline.record.atomic_file import write_whole
from pipeline.record.run_record import RunRecord, UnreadableRecord

_AT_ONCE = 8
_TIMEOUT = 20.0
"""Seconds for a piece of an answer."""


class _Bucket(Protocol):
    def folders(self, prefix: str) -> list[str]:
        """The names of the folders right below a folder."""

    def read(self, name: str) -> bytes | None:
        """An object's content; None where there is none."""


class _Google:
    def __init__(self, bucket: str) -> None:
        from google.cloud import storage

        self._client = storage.Client(project="-")
        self._bucket = self._client.bucket(bucket)

    def folders(self, prefix: str) -> list[str]:
        listed = self._client.list_blobs(
            self._bucket, prefix=prefix, delimiter="/", timeout=_TIMEOUT, retry=None
        )
        for _ in listed:  # Only then the prefixes are known.
            pass
        return [found[len(prefix) : -1] for found in listed.prefixes]

    def read(self, name: str) -> bytes | None:
        from google.api_core.exceptions import NotFound

        try:
            content: bytes = self._bucket.blob(name).download_as_bytes(timeout=_TIMEOUT)
        except NotFound:
            return None
        return content


class _S3:
    def __init__(self, bucket: str) -> None:
        import boto3
        from botocore.config import Config

        patience = Config(connect_timeout=_TIMEOUT, read_timeout=_TIMEOUT)
        self._client = boto3.client("s3", config=patience)
        self._bucket = bucket

    def folders(self, prefix: str) -> list[str]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, Delimiter="/"
        )
        found = (one["Prefix"] for page in pages for one in page.get("CommonPrefixes", ()))
        return [name[len(prefix) : -1] for name in found]

    def read(self, name: str) -> bytes | None:
        from botocore.exceptions import ClientError

        try:
            content: bytes = self._client.get_object(Bucket=self._bucket, Key=name)["Body"].read()
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 404:
                raise
            return None
        return content


_BUCKETS: dict[str, type[_Google] | type[_S3]] = {"gs": _Google, "s3": _S3, "minio": _S3}


def copied(address: str, cache: Path | None = None) -> Path:
    """A folder with copies of the records of all runs in a bucket.

    Those that had ended when they were copied are not asked for again.

    Args:
        address: A folder of this machine, which is its own copy, or such as `gs://bucket/runs`.
        cache: Where copies are kept; None: among the user's files that can be had again.

    Raises:
        ConfigError: Nothing here can read such an address.
        RunError: The bucket cannot be read.
    """
    scheme, separator, rest = address.partition("://")
    if not separator:
        return Path(address)
    address = address.rstrip("/")
    bucket, _, prefix = rest.rstrip("/").partition("/")
    if scheme not in _BUCKETS or not bucket:
        raise ConfigError(
            f"Runs cannot be read from {address}",
            "Expected: a folder, gs://bucket/runs, s3://bucket/runs or minio://bucket/runs.",
            "Name the folder `runs` of the bucket in targets.yaml.",
        )
    folder = (cache or _cache()) / hashlib.sha256(address.encode()).hexdigest()[:16]
    try:
        answers.within(lambda: _copy(_BUCKETS[scheme](bucket), prefix, folder), more=540.0)
    except Exception as error:  # What a bad answer raises is not always the client's own.
        told = _service(address).broken_error(f"to list {address}", error)
        told = error if isinstance(error, AnswerError) else told
        raise RunError(f"{address} cannot be read", told.detail, told.remedy) from error
    return folder


def latest_first(folder: Path) -> Iterator[RunRecord | UnreadableRecord]:
    """The runs in a folder, the one that started last first, whatever they are called."""
    found = list(run_record.latest_first(folder))
    readable = [one for one in found if isinstance(one, RunRecord)]
    yield from sorted(readable, key=lambda one: one.started, reverse=True)
    yield from (one for one in found if isinstance(one, UnreadableRecord))


def _copy(bucket: _Bucket, prefix: str, folder: Path) -> None:
    names = {
        name
        for name in bucket.folders(f"{prefix}/" if prefix else "")
        if name and not name.startswith(".")
    }
    wanted = [name for name in sorted(names) if not _has_ended(name, folder)]
    keys = ["/".join(filter(None, [prefix, name, run_folder.RECORD])) for name in wanted]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for name, content in zip(wanted, pool.map(bucket.read, keys), strict=True):
            if content is not None:
                write_whole(folder / name / run_folder.RECORD, content, private=True)
    for record in folder.glob(f"*/{run_folder.RECORD}"):
        if record.parent.name not in names:
            record.unlink(missing_ok=True)


def _has_ended(name: str, folder: Path) -> bool:
    try:
        record = json.loads((folder / name / run_folder.RECORD).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and record.get("status") not in (None, "running")


def _service(address: str) -> Service:
    return Service(
        address,
        "the address, and AWS_ENDPOINT_URL where it is not Amazon's",
        "Log in as somebody who may read it: gcloud auth application-default login, or "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
    )


def _cache() -> Path:
    folder = os.environ.get("XDG_CACHE_HOME")
    return (Path(folder) if folder else Path.home() / ".cache") / "pipeline-runs"
