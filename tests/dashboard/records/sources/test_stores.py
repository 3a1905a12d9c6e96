"""Buckets by their clients; test_bucket.py reads whole runs of them."""

from __future__ import annotations

import pytest

from dashboard.errors import DashboardError
from dashboard.records.sources import stores
from tests.dashboard.records.sources.conftest import Bucket


def test_folders_files_and_contents(bucket: Bucket) -> None:
    for name in ("a/run.json", "a/code/x.py", "b/run.json", "c.txt"):
        bucket.put(name, name.encode())
    store, prefix = stores.of(bucket.address)
    assert prefix == "some/runs"
    assert store.folders(prefix) == ["a", "b"]
    found = {one.path: one for one in store.files(f"{prefix}/a")}
    assert {path: one.size for path, one in found.items()} == {"run.json": 10, "code/x.py": 11}
    assert store.read(f"{prefix}/a/run.json") == b"a/run.json"
    assert store.read(f"{prefix}/a/none.json") is None
    store.write(f"{prefix}/a/run.json", b"another")
    after = {one.path: one for one in store.files(f"{prefix}/a")}
    assert after["run.json"].version != found["run.json"].version
    assert after["code/x.py"].version == found["code/x.py"].version


def test_an_empty_bucket_has_nothing(bucket: Bucket) -> None:
    store, prefix = stores.of(bucket.address)
    assert store.folders(prefix) == [] and store.files(prefix) == []


def test_a_client_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> stores.Store:
        raise ModuleNotFoundError("No module named 's3fs'", name="s3fs")

    monkeypatch.setitem(stores.SCHEMES, "s3", missing)
    with pytest.raises(DashboardError, match="s3fs is not installed"):
        stores.of("s3://b/runs")
