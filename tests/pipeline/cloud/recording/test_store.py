"""Small files in folders and buckets."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cloud.recording import store
from tests.helpers import s3

pytestmark = pytest.mark.tfx


def places(folder: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str) -> list[str]:
    made = s3.S3(endpoint)
    for name, value in made.variables.items():
        monkeypatch.setenv(name, value)
    return [str(folder), f"s3://{made.bucket}/folder"]


def test_files_are_written_whole_listed_and_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with s3.running() as endpoint:
        for place in places(tmp_path, monkeypatch, endpoint):
            assert store.read(f"{place}/a/x.json") is None and store.names(f"{place}/a") == []
            for content in (b"first", b"second"):
                store.write(f"{place}/a/x.json", content)
                assert store.read(f"{place}/a/x.json") == content
            assert store.names(f"{place}/a") == ["x.json"]
