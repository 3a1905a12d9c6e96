"""An offline Neptune record has what the snapshots say, each thing once."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.tracking.neptune_fields import Snapshot
from pipeline.tracking.neptune_record import NeptuneRecord
from tests.helpers import neptune_files

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("NEPTUNE_DATA_DIRECTORY", str(tmp_path / ".neptune"))
    return tmp_path


@pytest.fixture
def record(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[NeptuneRecord]:
    monkeypatch.delenv("NEPTUNE_MODE", raising=False)
    record = NeptuneRecord("taxi-1", "taxi", "offline")
    yield record
    record._run.stop(seconds=1)


def snapshot(**parts: Any) -> Snapshot:
    return Snapshot(**{"fields": {}, "series": {}, "files": {}, "over": False, **parts})


def operations(folder: Path) -> list[tuple[str, str]]:
    """The kinds of what was written, with the paths."""
    [log] = folder.glob(".neptune/offline/run__*/data-1.log")
    found = [json.loads(line)["obj"] for line in log.read_bytes().split(b"\n")[:-1]]
    return [(one["type"], "/".join(one["path"])) for one in found]


def test_a_field_is_written_when_it_is_new_and_when_it_changes(
    record: NeptuneRecord, folder: Path
) -> None:
    for value in (1, 1, 2, 2):
        record.update(snapshot(fields={"rows": value, "name": "same"}))
    paths = [path for _, path in operations(folder)]
    assert (paths.count("rows"), paths.count("name")) == (2, 1)
    assert neptune_files.read(folder).fields["rows"] == 2


def test_a_series_gets_the_points_that_it_does_not_have(
    record: NeptuneRecord, folder: Path
) -> None:
    for count in (1, 1, 3):
        record.update(snapshot(series={"loss": [0.5, 0.25, 0.125][:count]}))
    assert neptune_files.read(folder).series == {"loss": [0.5, 0.25, 0.125]}


def test_a_series_with_steps_gets_those_that_are_new(record: NeptuneRecord, folder: Path) -> None:
    points = [(0, 0.5), (2, None), (4.5, 0.25), (9, 0.125)]
    # Of a long series some that were there are left out later on.
    for shown in (points[:1], points[:3], points[::2], [*points[::2], points[3]]):
        record.update(snapshot(points={"logged": shown}))
    assert neptune_files.read(folder).series == {"logged": [0.5, 0.25, 0.125]}


def test_points_that_are_no_numbers_are_left_out(record: NeptuneRecord, folder: Path) -> None:
    record.update(snapshot(series={"loss": [0.5, None, math.nan, math.inf, 0.25]}))
    assert neptune_files.read(folder).series == {"loss": [0.5, 0.25]}


def test_a_file_is_kept_by_content_and_once(record: NeptuneRecord, folder: Path) -> None:
    path = folder / "report.html"
    path.write_text("first")
    for _ in range(2):
        record.update(snapshot(files={"files/report.html": path}))
        path.write_text("second")
    assert neptune_files.read(folder).files["files/report.html"].read_text() == "first"
    assert [path for _, path in operations(folder)].count("files/report.html") == 1


@pytest.mark.parametrize("failed", [True, False])
def test_the_end_is_marked(record: NeptuneRecord, folder: Path, failed: bool) -> None:
    record.update(snapshot(fields={"a": 1}))
    assert "run/complete" not in neptune_files.read(folder).fields
    record.close(failed)
    written = neptune_files.read(folder).fields
    assert written["run/complete"] is True and written["sys/failed"] is failed
    assert written["sys/name"] == "taxi-1"
