"""Several places with runs at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.errors import DashboardError
from dashboard.records import sources
from dashboard.records.index import RunIndex
from dashboard.records.sources.bucket import BucketSource
from dashboard.records.sources.folder import FolderSource
from tests.dashboard import sample_runs


def test_an_address_says_what_kind_of_source_it_is(tmp_path: Path) -> None:
    found = sources.opened([str(tmp_path), "gs://b/runs/", "s3://b", str(tmp_path)], tmp_path)
    assert [type(one) for one in found] == [FolderSource, BucketSource, BucketSource]
    assert [one.address for one in found] == [str(tmp_path), "gs://b/runs", "s3://b"]
    assert len({one.folder for one in found}) == 3


def test_a_store_that_is_not_known_is_told(tmp_path: Path) -> None:
    with pytest.raises(DashboardError, match="cannot be read from hdfs://x"):
        sources.opened(["hdfs://x"], tmp_path)


def test_runs_of_several_places_are_one_list_by_time(tmp_path: Path) -> None:
    places = [tmp_path / "laptop", tmp_path / "cloud"]
    made = [sample_runs.make_run(places[number % 2], number) for number in range(6)]
    index = RunIndex(*places)
    index.scan()
    assert [run.id for run in index.snapshot().runs] == [one.name for one in reversed(made)]


def test_of_a_run_that_two_places_have_the_first_is_shown(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    made = sample_runs.make_run(first, 1)
    sample_runs.make_run(second, 1, status="failed")
    index = RunIndex(first, second)
    index.scan()
    [run] = index.snapshot().runs
    assert run.status != "failed"
    found = index.find(made.name)
    assert found is not None and found[1].folder == first
