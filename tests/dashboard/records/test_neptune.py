from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dashboard.records import neptune
from dashboard.records.neptune import MAX_POINTS, read
from tests.dashboard import sample_runs


def log(folder: Path, *operations: Any, end: str = "\n", number: int = 1) -> Path:
    path = folder / f".neptune/offline/run__1/data-{number}.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps({"obj": each, "version": at, "at": 0.0}) if isinstance(each, dict) else each
        for at, each in enumerate(operations)
    ]
    path.write_text("\n".join(lines) + end)
    return path


def assign(path: str, value: Any, kind: str = "Float") -> dict[str, Any]:
    return {"type": f"Assign{kind}", "path": path.split("/"), "value": value}


def points(path: str, *values: float, start: int = 0) -> dict[str, Any]:
    entries = [{"value": v, "step": start + at, "ts": 0.0} for at, v in enumerate(values)]
    return {"type": "LogFloats", "path": path.split("/"), "values": entries}


def test_every_field_and_series(runs: Path) -> None:
    folder = sample_runs.make_run(runs)
    found = read(folder)
    fields = {field["path"]: field for field in found["fields"]}
    assert fields["dataset/rows/train"] == {
        "path": "dataset/rows/train",
        "type": "int",
        "value": 11997,
    }
    assert fields["sys/tags"]["value"] == ["nightly", "taxi"]
    file = fields["code/model"]["file"]
    assert (folder / file).read_text() == "import keras\n"
    [series] = found["series"]
    assert (series["path"], series["count"]) == ("train/loss", sample_runs.EPOCHS)
    assert series["points"][1] == [1, pytest.approx(0.48)]
    assert found["problems"] == []


def test_the_last_value_counts_and_logs_go_on_in_order(tmp_path: Path) -> None:
    for number in range(1, 12):
        log(tmp_path, assign("a/b", number), number=number)
    assert read(tmp_path)["fields"] == [{"path": "a/b", "type": "float", "value": 11}]


def test_what_was_deleted_is_gone(tmp_path: Path) -> None:
    log(
        tmp_path,
        assign("a", 1),
        points("s", 1.0),
        {"type": "AddStrings", "path": ["t"], "values": ["x", "y"]},
        {"type": "RemoveStrings", "path": ["t"], "values": ["x"]},
        {"type": "DeleteAttribute", "path": ["a"]},
        {"type": "ClearFloatLog", "path": ["s"]},
    )
    found = read(tmp_path)
    assert found["fields"] == [{"path": "t", "type": "tags", "value": ["y"]}]
    assert found["series"] == []


def test_a_line_that_is_cut_off_hides_nothing(tmp_path: Path) -> None:
    log(tmp_path, assign("a", 1), '{"obj": {"type": "Assi', end="")
    found = read(tmp_path)
    assert [field["path"] for field in found["fields"]] == ["a"]
    assert found["problems"] == ["The last line of data-1.log is cut off."]


def test_damaged_and_unknown_lines_are_counted(tmp_path: Path) -> None:
    log(
        tmp_path,
        "{",
        "[]",
        '"text"',
        '{"obj": 3}',
        '{"obj": {"type": "AssignFloat", "path": 7, "value": 1}}',
        "[" * 100_000,
        {"type": "LogFloats", "path": ["s"], "values": [{"value": float("nan"), "step": None}]},
        {"type": "Teleport", "path": ["x"]},
        assign("z", 1),
    )
    found = read(tmp_path)
    assert [field["path"] for field in found["fields"]] == ["z"]
    assert found["series"][0]["points"] == [[0, None]]
    assert found["problems"] == [
        "6 lines of data-1.log are not readable.",
        "1 operations of the type Teleport",
    ]


def test_a_long_series_is_thinned_evenly(tmp_path: Path) -> None:
    count = 10 * MAX_POINTS
    log(tmp_path, *(points("s", *range(at, at + 100), start=at) for at in range(0, count, 100)))
    [series] = read(tmp_path)["series"]
    assert series["count"] == count
    assert len(series["points"]) <= MAX_POINTS
    assert series["last"] == [count - 1, count - 1]
    steps = [step for step, _ in series["points"]]
    assert steps == list(range(0, count, steps[1]))


def test_an_upload_outside_of_the_record_is_not_linked(tmp_path: Path) -> None:
    upload = {"type": "UploadFile", "path": ["f"], "ext": "py", "tmp_file_name": "../../x"}
    log(tmp_path, upload)
    assert read(tmp_path)["fields"][0]["file"] is None


def test_what_the_client_writes_is_understood() -> None:
    """Every operation that the installed client knows and that has a state is handled."""
    operations = pytest.importorskip("neptune.internal.operation")
    known = {kind.__name__ for kind in operations.all_subclasses(operations.Operation)}
    left = {
        *("LogOperation", "LogImages", "ClearImageLog", "DeleteFiles", "CopyAttribute"),
        *("AssignArtifact", "TrackFilesToArtifact", "ClearArtifact"),
    }
    source = Path(neptune.__file__).read_text()
    assert {name for name in known - left if f'"{name}"' not in source} == set()
