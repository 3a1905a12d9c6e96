"""The records of runs in a bucket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from google.cloud import storage

from models.common.errors import ConfigError, RunError
from pipeline.cloud import run_records
from pipeline.record import run_record
from pipeline.record.run_record import RunRecord
from tests.helpers import s3
from tests.pipeline.fake_run import queued

Put = Callable[[str, bytes], object]


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    with s3.running() as address:
        yield address


@pytest.fixture(params=["gs", "s3"])
def place(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, store: str
) -> tuple[str, Put]:
    """An address, and what writes an object."""
    if request.param == "gs":
        bucket: storage.Bucket = request.getfixturevalue("bucket")
        return "gs://b/runs", lambda name, content: bucket.blob(name).upload_from_string(content)
    made = s3.S3(store)
    for name, value in made.variables.items():
        monkeypatch.setenv(name, value)
    return f"s3://{made.bucket}/runs", made.put


def recorded(put: Put, folder: Path, name: str, hours: int, status: str) -> RunRecord:
    record = queued()
    record.id, record.status = name, status  # type: ignore[assignment]
    record.started += timedelta(hours=hours)
    run_record.write(record, folder)
    put(f"runs/{name}/run.json", (folder / name / "run.json").read_bytes())
    return record


def test_runs_are_listed_by_their_start_and_ended_ones_are_read_once(
    place: tuple[str, Put], tmp_path: Path
) -> None:
    address, put = place
    for name, hours, status in (("b-1", 2, "pushed"), ("a-9", 1, "failed"), ("a-2", 3, "running")):
        recorded(put, tmp_path / "made", name, hours, status)
    put("runs/taxi/0/job/Trainer_1/model/saved_model.pb", b"no run")
    folder = run_records.copied(address, tmp_path / "cache")
    assert [one.id for one in run_records.latest_first(folder)] == ["a-2", "b-1", "a-9"]
    put("runs/b-1/run.json", b"read again, this would be no record")
    recorded(put, tmp_path / "made", "a-2", 3, "pushed")
    assert run_records.copied(f"{address}/", tmp_path / "cache").exists()
    found = run_records.latest_first(run_records.copied(address, tmp_path / "cache"))
    assert [getattr(one, "status", "unreadable") for one in found] == ["pushed", "pushed", "failed"]


def test_a_folder_is_its_own_copy(tmp_path: Path) -> None:
    assert run_records.copied(str(tmp_path)) == tmp_path


@pytest.mark.parametrize("address", ["ftp://b/runs", "gs://", "https://x/y"])
def test_an_address_that_nothing_reads_is_refused(address: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read from"):
        run_records.copied(address, tmp_path)


def test_a_bucket_that_is_not_there_is_told(place: tuple[str, Put], tmp_path: Path) -> None:
    scheme = place[0].partition("://")[0]
    with pytest.raises(RunError, match="cannot be read") as caught:
        run_records.copied(f"{scheme}://not-there-x/runs", tmp_path)
    assert "404" in caught.value.detail and caught.value.remedy
