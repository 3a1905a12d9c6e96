"""A run that has nothing to do is recorded at once; one that may have something is not."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from models.common.errors import ProjectError, RunError
from pipeline import nodes, tracking
from pipeline.local import launch, lock, metadata_db
from pipeline.local.unchanged import repeat, repetition
from pipeline.local.unchanged.repeat import Basis
from pipeline.record import run_details, run_folder, run_record
from pipeline.record.run_record import RunRecord
from pipeline.tracking import offline_record
from tests.helpers import neptune_files
from tests.helpers.paths import ROOT
from tests.pipeline.local.unchanged.conftest import TOLD, Pushed

Write = Callable[[Path, bytes], None]
OWN = {"id", "number", "started", "finished", "nodes", "code", "command", "environment", "config"}


class Witness:
    def __init__(self) -> None:
        self.seen: list[RunRecord] = []
        self.notices: list[str] = []

    def update(self, record: RunRecord) -> None:
        self.seen.append(record)

    def notice(self, text: str) -> None:
        self.notices.append(text)


def start(pushed: Pushed, *overrides: str, **environment: str) -> launch.Run:
    return launch.start(
        "tiny", overrides, root=pushed.root, runs=pushed.runs, environment=environment
    )


def test_it_is_recorded_as_the_run_before_and_its_own_times(pushed: Pushed) -> None:
    before = run_record.read(pushed.run, pushed.runs)
    run, witness = start(pushed), Witness()
    record = launch.follow(run, witness)
    assert record == run_record.read(record.id, pushed.runs) and witness.seen == [record]
    assert (record.status, record.process, record.number) == ("pushed", None, 2)
    assert run.exit_status == 0 and run.notices == TOLD and witness.notices == []
    assert before.model_dump(exclude=OWN) == record.model_dump(exclude=OWN)
    assert {node.status for node in record.nodes if node.name != nodes.RESOLVER} == {"cached"}
    assert all(node.why is None for node in record.nodes if node.status == "cached")
    resolver = record.node(nodes.RESOLVER)
    assert (resolver.status, resolver.why) == ("done", "looks anew in each run")
    assert record.code.files["models/tiny/model.py"] and record.environment["tensorflow"]
    assert record.command == "python -m pipeline run tiny"
    details = run_details.read(record.id, pushed.runs)
    assert (details.run, details.drift_from) == (record.id, pushed.run)
    assert details.curves == run_details.read(pushed.run, pushed.runs).curves


def test_its_folder_has_what_every_run_leaves(pushed: Pushed) -> None:
    folder = start(pushed, NEPTUNE_MODE="offline").folder
    assert {path.name for path in folder.iterdir()} == {
        *("run.json", "details.json", "report.html", "tfx.log", "packages.txt", "code"),
        run_folder.NEPTUNE,
    }
    assert pushed.run in (folder / run_folder.LOG).read_text()
    report = (folder / run_folder.REPORT).read_text()
    assert folder.name in report and "<svg>loss</svg>" in report
    assert (folder / "code/models/tiny/model.py").is_file()
    written = neptune_files.read(folder)
    assert written.fields["run/id"] == written.fields["sys/name"] == folder.name
    assert written.fields["run/complete"] is True and written.fields["pushed/version"] == 17
    assert written.files["files/report.html"].read_text() == report
    assert written.series == {"training/train/loss": [0.5]}


def test_one_follows_the_other(pushed: Pushed) -> None:
    first, second = start(pushed), start(pushed)
    assert second.started is None and second.record.number == 3
    assert run_details.read(second.record.id, pushed.runs).drift_from == first.record.id
    shutil.rmtree(second.folder)
    assert pushed.found() is None, "what it left went with it"


@pytest.mark.slow
def test_nothing_heavy_is_imported(pushed: Pushed) -> None:
    code = f"""
import sys
from pathlib import Path
from pipeline.config import loading
from pipeline.local import launch
from pipeline.local.unchanged.repeat import Basis
root, runs = Path({str(pushed.root)!r}), Path({str(pushed.runs)!r})
# Whoever has imported TFX, as this test's process may have, sees more packages.
Basis.of("tiny", loading.load("tiny", root=root), root, runs).confirm({pushed.run!r}, [])
run = launch.start("tiny", root=root, runs=runs)
assert run.started is None
heavy = {{"tfx", "tensorflow", "apache_beam", "ml_metadata", "neptune", "matplotlib", "pandas"}}
assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), tracking.MODE: "offline"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment, cwd=pushed.root)


def lose_the_run(pushed: Pushed, write: Write) -> None:
    shutil.rmtree(pushed.runs / pushed.run)


def leave_a_failed_run(pushed: Pushed, write: Write) -> None:
    record = pushed.next_record()
    record.number = 2
    record.fail("failed")
    run_record.write(record, pushed.runs)
    details = run_details.read(pushed.run, pushed.runs)
    run_details.write(details.model_copy(update={"run": record.id}), pushed.runs)


def edit(name: str) -> Callable[[Pushed, Write], None]:
    def change(pushed: Pushed, write: Write) -> None:
        write(pushed.root / name, (pushed.root / name).read_bytes() + b"\\n")

    change.__name__ = f"edit {name}"
    return change


def remove(name: str) -> Callable[[Pushed, Write], None]:
    def change(pushed: Pushed, write: Write) -> None:
        path = pushed.root / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    change.__name__ = f"remove {name}"
    return change


def add(name: str) -> Callable[[Pushed, Write], None]:
    def change(pushed: Pushed, write: Write) -> None:
        (pushed.root / name).write_bytes(b"")

    change.__name__ = f"add {name}"
    return change


CHANGES = [
    edit("runs/tiny/metadata.db"),
    remove("runs/tiny/metadata.db"),
    add("runs/tiny/metadata.db-journal"),
    edit("runs/tiny/Trainer/model/7/content"),
    add("runs/tiny/Trainer/model/7/more"),
    remove("runs/tiny/Evaluator/evaluation/7"),
    remove("serving_models/tiny/17"),
    edit("serving_models/tiny/17/variables/data"),
    add("serving_models/tiny/17/more"),
    remove("serving_models/tiny/17/saved_model.pb"),
    remove("runs/tiny/unchanged.json"),
    lose_the_run,
    leave_a_failed_run,
]


@pytest.mark.parametrize("change", CHANGES, ids=[one.__name__ for one in CHANGES])
def test_after_a_change_the_pipeline_runs(
    pushed: Pushed, write: Write, change: Callable[[Pushed, Write], None]
) -> None:
    assert repeat.find(pushed.next_record(), pushed.known) is not None
    change(pushed, write)
    assert repeat.find(pushed.next_record(), pushed.known) is None


@pytest.mark.parametrize("name", ["models/tiny/model.py", "data/tiny/rows.parquet", "uv.lock"])
def test_after_an_edit_the_pipeline_runs(pushed: Pushed, write: Write, name: str) -> None:
    edit(name)(pushed, write)
    assert pushed.found() is None


def test_what_makes_no_difference_makes_none(pushed: Pushed, write: Write) -> None:
    for folder in ("runs", "serving_models", "models", "data"):
        for path in (pushed.root / folder).rglob("*"):
            if path.is_file():
                write(path, path.read_bytes())
                os.utime(path, (1, 1))
    mistake = pushed.next_record()
    mistake.number = 2
    mistake.fail("failed")
    run_record.write(mistake, pushed.runs)
    assert pushed.found() is not None


@pytest.mark.parametrize(
    "asked", [{"no_cache": [nodes.TRAINER]}, {"to": "Pusher"}, {"verify": True}, {"resumed": "x"}]
)
def test_who_asks_for_something_gets_it(pushed: Pushed, asked: dict[str, object]) -> None:
    record = pushed.next_record().model_copy(update=asked)
    assert repeat.find(record, pushed.known) is None


def test_other_settings_are_another_run(pushed: Pushed) -> None:
    assert pushed.found("training.epochs=2") is None
    assert pushed.found("training.epochs=1") is not None, "as the config says"


def test_a_folder_that_nothing_can_be_written_to_is_told_by_the_run(
    pushed: Pushed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda folder, _: folder.name != "tiny")
    assert pushed.found() is None


def test_a_run_that_its_process_was_not_told_of_is_not_repeated(pushed: Pushed) -> None:
    left = repetition.read("tiny", pushed.runs)
    assert left is not None
    left.inputs = None
    repetition.write(left, pushed.runs)
    assert pushed.found() is None
    pushed.basis().confirm("another run", [])
    assert pushed.found() is None
    with lock.no_run("tiny", pushed.runs):
        pushed.basis().confirm(pushed.run, [])
    assert pushed.found() is None, "somebody runs it"
    pushed.basis().confirm(pushed.run, [])
    assert pushed.found() is not None


@pytest.mark.parametrize("known", [True, False])
def test_what_was_edited_while_a_run_went_on_is_not_what_it_used(
    pushed: Pushed, write: Write, known: bool
) -> None:
    before = pushed.known if known else dataclasses.replace(pushed.known, inputs=None)
    if known:
        edit("models/tiny/model.py")(pushed, write)
    before.confirm(pushed.run, [])
    assert repetition.read("tiny", pushed.runs) is None


def test_where_a_mistake_is_found_nothing_is_written(models_alone: Path) -> None:
    runs = models_alone / "runs"
    shutil.rmtree(models_alone / "data")
    with pytest.raises(ProjectError):
        launch.start("tiny", root=models_alone, runs=runs)
    assert not runs.exists()


def test_while_another_run_goes_on_there_is_none(pushed: Pushed) -> None:
    with lock.no_run("tiny", pushed.runs), pytest.raises(RunError, match="Another run"):
        start(pushed)


def test_a_run_that_is_interrupted_while_it_is_recorded_has_an_end(
    pushed: Pushed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(run_details, "write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        start(pushed)
    [last, _] = run_record.of_model("tiny", pushed.runs)
    assert last.status == "interrupted"


def test_a_disk_that_is_full_by_then_is_told_and_recorded(
    pushed: Pushed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RunError("The disk is full")

    monkeypatch.setattr(run_details, "write", full)
    run = start(pushed)
    [last, _] = run_record.of_model("tiny", pushed.runs)
    assert last == launch.follow(run, Witness()) and run.exit_status == 1
    assert last.failure is not None and last.failure.headline == "The disk is full"


def test_a_run_that_cannot_be_recorded_at_all_is_a_mistake(
    pushed: Pushed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise RunError("The disk is full")

    monkeypatch.setattr(run_record, "write", full)
    with pytest.raises(RunError, match="full"):
        start(pushed)
    assert len(list(run_record.of_model("tiny", pushed.runs))) == 1


@pytest.mark.parametrize(
    ("variables", "expected"),
    [({tracking.MODE: "disabled"}, []), ({tracking.TOKEN: "t"}, ["client"]), ({}, ["offline"])],
)
def test_only_a_server_needs_neptunes_client(
    pushed: Pushed,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    expected: list[str],
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(tracking, "start", lambda *_: asked.append("client"))
    monkeypatch.setattr(offline_record, "write", lambda *_, **__: asked.append("offline"))
    monkeypatch.delenv(tracking.TOKEN, raising=False)
    start(pushed, **{tracking.MODE: "offline", **variables})
    assert asked == expected


def test_a_record_that_cannot_be_tracked_is_told(
    pushed: Pushed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(offline_record, "write", full)
    run, witness = start(pushed, NEPTUNE_MODE="offline"), Witness()
    assert launch.follow(run, witness).status == "pushed"
    [told] = witness.notices
    assert told.startswith("The run was not tracked: ") and "No space left" in told


def test_the_database_is_ml_metadatas() -> None:
    assert repeat.DATABASE == metadata_db.FILE


def test_a_basis_knows_what_its_run_depends_on(pushed: Pushed) -> None:
    config = pushed.next_record().config
    assert Basis.of("tiny", config, pushed.root, pushed.runs) == pushed.known


RUNS_OWN = {
    *("version", "number", "id", "model", "status", "started", "finished", "process"),
    *("process_start", "overrides", "resumed", "no_cache", "to", "verify", "config", "command"),
    *("code", "environment", "cloud", "nodes", "pushing", "failure", "died"),
}


def test_each_key_of_a_record_is_of_the_result_or_of_the_run() -> None:
    """A key of a result that is forgotten is empty in each run that repeats another."""
    assert set(RunRecord.model_fields) == RUNS_OWN | set(repeat._RESULTS)
    assert not RUNS_OWN & set(repeat._RESULTS)
