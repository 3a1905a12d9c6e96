"""An export of Neptune is a source like any other: read once, and damaged files hide no other."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from dashboard.records import neptune, notes, sources
from dashboard.records.index import RunIndex
from dashboard.records.sources import export_parquet
from dashboard.records.sources.folder import FolderSource
from dashboard.records.sources.neptune_export import NeptuneExportSource
from tests.dashboard import sample_runs
from tests.dashboard.records.sources import exported


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return exported.make(tmp_path / "export")


@pytest.fixture
def source(export: Path, tmp_path: Path) -> NeptuneExportSource:
    return NeptuneExportSource(export, tmp_path / "cache")


def test_a_run_is_a_row_with_hyperparameters_metrics_and_tags(source: NeptuneExportSource) -> None:
    source.refresh()
    index = RunIndex(source)
    index.scan()
    [run] = index.snapshot().runs
    assert (run.model, run.status, run.problem) == (exported.PROJECT, "exported", "")
    assert run.started == exported.START.timestamp() and run.tags == ("old", "good")
    assert run.hyperparameters == {"units": 64, "optimizer/rate": 0.5}
    assert run.metrics == {"score": 0.875, "train/loss": 0.25}
    assert run.config["neptune.run"] == "RUN-1"
    assert source.state() == {
        "address": source.address,
        "reached": True,
        "since": None,
        "problem": "",
    }


def test_fields_series_histograms_and_files_are_there(source: NeptuneExportSource) -> None:
    source.refresh()
    [folder] = [path.parent for path in source.folder.glob("*/run.json")]
    source.fetch(folder.name)
    record = neptune.read(folder)
    fields = {one["path"]: one for one in record["fields"]}
    assert fields["sys/tags"]["value"] == ["old", "good"] and fields["bad"]["value"] is None
    assert fields["parameters/units"] == {"path": "parameters/units", "type": "int", "value": 64}
    contents = {
        path: (folder / one["file"]).read_bytes() for path, one in fields.items() if one.get("file")
    }
    assert contents == {"model": b"weights", "pictures/3": b"\x89PNG"}
    assert fields["gone"]["type"] == fields["outside"]["type"] == "file"
    series = {one["path"]: one["points"] for one in record["series"]}
    assert series["train/loss"] == [[0, 1.0], [0.5, 0.5], [1, 1 / 3], [1.5, 0.25]]
    assert series["log"] == [[0, "line 0"], [1, "line 1"]]
    [histogram] = record["histograms"]
    assert histogram["path"] == "weights" and [one["step"] for one in histogram["at"]] == [0, 1]
    assert histogram["at"][0]["values"] == [3.0, 5.0] and record["problems"] == []


def test_a_run_is_read_once_and_again_when_it_has_changed(
    export: Path, source: NeptuneExportSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[list[str]] = []
    original = export_parquet.read

    def noted(parts: list[Path]) -> export_parquet.ExportedRun:
        read.append([path.name for path in parts])
        return original(parts)

    monkeypatch.setattr(export_parquet, "read", noted)
    for _ in range(2):
        source.refresh()
    again = NeptuneExportSource(export, tmp_path / "cache")
    again.refresh()
    assert read == [["RUN-1_part_0.parquet"]]
    [folder] = [path.parent for path in source.folder.glob("*/run.json")]
    again.fetch(folder.name)
    notes.write(folder, notes.parse({"tags": ["mine"], "note": ""}, archived=False))
    more = [exported.row("train/loss", "float_series", 9, float_value=0.125)]
    for number in (10, 2):
        exported.write(export, "RUN-1", more if number == 2 else [], number)
    again.refresh()
    assert read[-1] == [f"RUN-1_part_{number}.parquet" for number in (0, 2, 10)]
    assert neptune.read(folder)["series"][-1]["last"] == [9, 0.125]
    assert notes.read(folder).tags == ("mine",)
    again.fetch(folder.name)
    assert sum("file" in one for one in neptune.read(folder)["fields"]) == 2


def test_damaged_files_are_named_and_the_rest_is_shown(
    export: Path, source: NeptuneExportSource, tmp_path: Path
) -> None:
    data = export / "data" / exported.DIRECTORY
    whole = (data / "RUN-1_part_0.parquet").read_bytes()
    (data / "RUN-2_part_0.parquet").write_bytes(whole[: len(whole) // 2])
    (data / "RUN-3_part_0.parquet").write_bytes(b"")
    (data / "RUN-4_part_0.parquet").mkdir()
    (data / "RUN-1_part_1.parquet").write_bytes(whole.replace(b"attribute_path", b"attribute_xxxx"))
    exported.write(export, "RUN-5", [])
    exported.write(
        export, "RUN-6", [exported.row("a", "unheard of"), exported.row("b", "int", int_value=3)]
    )
    for reader in (source, source, NeptuneExportSource(export, tmp_path / "cache")):
        reader.refresh()
        state = reader.state()
        assert not state["reached"]
        for name in ("RUN-2", "RUN-3", "RUN-4", "RUN-1_part_1", "RUN-5"):
            assert f"{name}" in state["problem"], (name, state["problem"])
    folders = sorted(path.parent for path in source.folder.glob("*/run.json"))
    assert [folder.name.split("-")[-2] for folder in folders] == ["1", "6"]
    assert len(neptune.read(folders[0])["series"]) == 2
    assert "RUN-1_part_1.parquet cannot be read" in neptune.read(folders[0])["problems"][0]
    assert neptune.read(folders[1])["problems"] == [
        "RUN-6_part_0.parquet: 1 x a row of the type 'unheard of'."
    ]


def test_an_export_that_is_gone_for_now_is_told_and_its_runs_stay(
    export: Path, source: NeptuneExportSource
) -> None:
    source.refresh()
    exported.write(export, "RUN-2", [exported.row("a", "int", int_value=1)])
    source.refresh()
    assert len(list(source.folder.glob("*/run.json"))) == 2
    (export / "data" / exported.DIRECTORY / "RUN-2_part_0.parquet").unlink()
    source.refresh()
    assert len(list(source.folder.glob("*/run.json"))) == 1
    shutil.rmtree(export)
    source.refresh()
    assert len(list(source.folder.glob("*/run.json"))) == 1
    assert "No Parquet file is there" in source.state()["problem"]


@pytest.mark.parametrize("below", ["", "data", f"data/{exported.DIRECTORY}"])
def test_it_is_found_by_its_files_at_any_of_its_folders(
    export: Path, tmp_path: Path, below: str
) -> None:
    [opened] = sources.opened([str(export / below)], tmp_path / "cache")
    assert isinstance(opened, NeptuneExportSource)
    opened.refresh()
    [folder] = [path.parent for path in opened.folder.glob("*/run.json")]
    opened.fetch(folder.name)
    assert sum("file" in one for one in neptune.read(folder)["fields"]) == 2


def test_a_folder_of_runs_is_none(tmp_path: Path) -> None:
    run = sample_runs.make_run(tmp_path / "runs")
    (run / "table.parquet").write_bytes(b"")
    for folder in (tmp_path / "runs", tmp_path / "none"):
        [opened] = sources.opened([str(folder)], tmp_path / "cache")
        assert isinstance(opened, FolderSource)


def test_two_runs_of_one_name_are_two(export: Path, source: NeptuneExportSource) -> None:
    other = export / "data" / "other_project"
    shutil.copytree(export / "data" / exported.DIRECTORY, other)
    source.refresh()
    records = [json.loads(path.read_bytes()) for path in source.folder.glob("*/run.json")]
    assert len({record["id"] for record in records}) == 2
