"""The copy of a bucket: what is read of it, how often, and what is there without the bucket."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from dashboard.errors import DashboardError
from dashboard.records import runs as rows
from dashboard.records.index import RunIndex
from dashboard.records.sources import bucket as sources
from dashboard.records.sources.bucket import BucketSource
from dashboard.records.sources.stores import Store
from tests.dashboard import sample_runs
from tests.dashboard.records.sources.conftest import Bucket, changed, put_run


@pytest.fixture
def source(bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> BucketSource:
    monkeypatch.setattr(sources, "_FRESH", 0.0)
    return BucketSource(bucket.address, tmp_path / "cache")


@pytest.fixture
def asked(source: BucketSource, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that have been read from the bucket."""
    names: list[str] = []
    kind = type(source._opened())
    read = kind.read

    def noted(self: Store, name: str) -> bytes | None:
        names.append(name)
        return read(self, name)

    monkeypatch.setattr(kind, "read", noted)
    return names


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_records_come_first_and_a_run_whole_once_it_is_looked_at(
    bucket: Bucket, source: BucketSource, tmp_path: Path
) -> None:
    made = sample_runs.make_run(tmp_path / "made", 1)
    put_run(bucket, made)
    bucket.put("taxi/0/job/Trainer_1/model/saved_model.pb", b"no run")
    source.refresh()
    assert list(files(source.folder / made.name)) == ["run.json"]
    assert rows.read(source.folder / made.name) == rows.read(made)
    source.fetch(made.name)
    assert files(source.folder / made.name) == files(made)
    assert [path.name for path in source.folder.iterdir() if path.is_dir()] == [made.name]


def test_only_what_may_have_changed_is_read_again(
    bucket: Bucket, source: BucketSource, tmp_path: Path, asked: list[str]
) -> None:
    ended = sample_runs.make_run(tmp_path / "made", 1)
    going = sample_runs.make_run(tmp_path / "made", 2, status="running")
    for folder in (ended, going):
        put_run(bucket, folder)
    source.refresh()
    source.fetch(ended.name)
    source.fetch(going.name)
    asked.clear()
    source.refresh()
    assert [name.split("/")[-2:] for name in asked] == [[going.name, "run.json"]]
    asked.clear()
    bucket.put(f"{going.name}/details.json", b'{"curves": []}')
    source.fetch(ended.name)
    source.fetch(going.name)
    assert {name.split("/")[-1] for name in asked} == {"details.json", "notes.json"}
    assert (source.folder / going.name / "details.json").read_bytes() == b'{"curves": []}'
    changed(bucket, going.name, status="pushed")
    source.refresh()
    assert rows.read(source.folder / going.name).status == "pushed"
    bucket.remove(f"{ended.name}/run.json")
    for name in files(ended):
        if name != "run.json":
            bucket.remove(f"{ended.name}/{name}")
    source.refresh()
    assert not (source.folder / ended.name / "run.json").exists()


def test_another_start_reads_no_record_that_is_known_to_be_the_last(
    bucket: Bucket, source: BucketSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses = {1: "pushed", 2: "failed", 3: "running", 4: "pushed", 5: "pushed"}
    made = {n: sample_runs.make_run(tmp_path / "made", n, status=s) for n, s in statuses.items()}
    for folder in made.values():
        put_run(bucket, folder)
    source.refresh()
    copies = {number: source.folder / folder.name / "run.json" for number, folder in made.items()}
    copies[4].write_bytes(b"")  # As after the machine has lost its power.
    copies[5].unlink()
    looked_at: set[str] = set()
    note_end = BucketSource._note_end

    def noted(self: BucketSource, name: str, content: bytes) -> None:
        looked_at.add(name)
        note_end(self, name, content)

    monkeypatch.setattr(BucketSource, "_note_end", noted)
    BucketSource(bucket.address, tmp_path / "cache").refresh()
    assert looked_at == {made[number].name for number in (3, 4, 5)}
    assert all(path.read_bytes() for path in copies.values())


def test_without_the_bucket_its_copy_is_shown_with_the_time_it_is_of(
    bucket: Bucket, source: BucketSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sample_runs.make_run(tmp_path / "made", 1)
    put_run(bucket, made)
    source.refresh()
    source.fetch(made.name)
    since = source.state()["since"]
    assert source.state() == {
        "address": bucket.address, "reached": True, "since": since, "problem": ""
    }  # fmt: skip
    for name in ("STORAGE_EMULATOR_HOST", "AWS_ENDPOINT_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setattr("dashboard.records.sources.stores._TIMEOUT", 0.2)
    later = BucketSource(bucket.address, tmp_path / "cache")  # Another dashboard, after a restart.
    later.refresh()
    state = later.state()
    assert not state["reached"] and state["since"] == since and state["problem"]
    later.fetch(made.name)
    assert files(later.folder / made.name) == files(made)
    index = RunIndex(later)
    index.scan()
    assert [run.id for run in index.snapshot().runs] == [made.name]


def test_a_bucket_that_does_not_exist_is_told(bucket: Bucket, tmp_path: Path) -> None:
    source = BucketSource(f"{bucket.address.partition('://')[0]}://not-there-x/runs", tmp_path)
    source.refresh()
    state = source.state()
    assert not state["reached"] and state["since"] is None and state["problem"]


def test_notes_are_written_to_the_bucket_or_told(
    bucket: Bucket, source: BucketSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = sample_runs.make_run(tmp_path / "made", 1)
    put_run(bucket, made)
    source.refresh()
    source.fetch(made.name)
    (source.folder / made.name / "notes.json").write_bytes(b'{"tags": ["a"], "note": ""}')
    source.publish_notes(made.name)
    assert bucket.get(f"{made.name}/notes.json") == b'{"tags": ["a"], "note": ""}'
    shutil.rmtree(source.folder)
    source.folder.mkdir()
    other = BucketSource(bucket.address, tmp_path / "cache")
    other.refresh()
    other.fetch(made.name)
    assert rows.read(other.folder / made.name).tags == ("a",)

    def refuse(*_: object) -> None:
        raise PermissionError("it may not be written to")

    monkeypatch.setattr(type(source._opened()), "write", refuse)
    with pytest.raises(DashboardError, match="cannot be written") as caught:
        other.publish_notes(made.name)
    assert "it may not be written to" in caught.value.detail


def test_notes_from_elsewhere_are_there_before_anybody_opens_the_run(
    bucket: Bucket, source: BucketSource, tmp_path: Path, asked: list[str]
) -> None:
    """So that searches and filters see them; runs without notes are not asked for any."""
    one, two = (sample_runs.make_run(tmp_path / "made", number) for number in (1, 2))
    for folder in (one, two):
        put_run(bucket, folder)
    here = BucketSource(bucket.address, tmp_path / "here")
    for source_of_all in (here, source):
        source_of_all.refresh()
    for tag in ("candidate", "accepted"):
        (here.folder / one.name / "notes.json").write_text(json.dumps({"tags": [tag], "note": ""}))
        here.publish_notes(one.name)
        asked.clear()
        source.refresh()
        assert rows.read(source.folder / one.name).tags == (tag,)
        assert [name.split("/")[-2:] for name in asked] == [[one.name, "notes.json"]]
        asked.clear()
        source.refresh()
        assert asked == []
    later = BucketSource(bucket.address, tmp_path / "later")
    later.refresh()
    assert [rows.read(later.folder / run.name).tags for run in (one, two)] == [(tag,), ()]


@pytest.mark.parametrize("name", ["../x/run.json", "a/../../run.json", "a\\b", ""])
def test_a_name_that_leads_out_of_the_run_is_not_copied(name: str) -> None:
    assert not sources._is_inside(name)


def test_a_run_in_the_cloud_goes_on_until_it_is_silent_for_too_long(
    bucket: Bucket, source: BucketSource, tmp_path: Path
) -> None:
    made = sample_runs.make_run(tmp_path / "made", 1, status="running")
    put_run(bucket, made)
    now = datetime.now(timezone.utc)
    for minutes, silence, expected in ((5, 10, "running"), (15, 10, "died"), (15, None, "running")):
        seen = (now - timedelta(minutes=minutes)).isoformat()
        cloud = {"platform": "vertex", "seen": seen, "silence_minutes": silence}
        changed(bucket, made.name, process=None, cloud=cloud)
        source.refresh()
        assert rows.read(source.folder / made.name).status == expected
