"""`run.json`: written whole, read from older versions, refused in words when damaged."""

from __future__ import annotations

import json
import os
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.common.errors import RunError
from pipeline import nodes
from pipeline.config import loading
from pipeline.record import run_folder, run_record
from pipeline.record.run_record import Failure, RunRecord, UnreadableRecord
from tests.pipeline.fake_run import REPOSITORY, finished, queued

STORIES = ["pushed", "not_blessed", "stopped", "failed", "interrupted"]


def edited(runs: Path, change: dict[str, Any]) -> str:
    """Writes a record and changes its file; returns the run's id."""
    record = finished()
    run_record.write(record, runs)
    path = runs / record.id / "run.json"
    content = json.loads(path.read_text())
    for dotted, value in change.items():
        *above, last = dotted.split(".")
        section = content
        for key in above:
            section = section[key]
        section[last] = value
    path.write_text(json.dumps(content))
    return record.id


@pytest.mark.parametrize("story", STORIES)
def test_a_record_comes_back_as_it_was(tmp_path: Path, story: str) -> None:
    record = finished(story)
    run_record.write(record, tmp_path)
    assert run_record.read(record.id, tmp_path) == record
    assert record.status == story and story in run_record.EXIT_CODES


@pytest.mark.parametrize(("former", "status"), [*run_record.FORMER_STATUSES.items()])
def test_a_status_of_an_earlier_version_is_read_as_the_present_one(
    tmp_path: Path, former: str, status: str
) -> None:
    name = edited(tmp_path, {"status": former})
    assert run_record.read(name, tmp_path).status == status
    assert [getattr(record, "status", None) for record in run_record.latest_first(tmp_path)] == [
        status
    ]


@pytest.mark.parametrize("status", ["rejected", "", None, 3, ["refused"], {"refused": 1}])
def test_a_status_that_never_was_is_told(tmp_path: Path, status: object) -> None:
    name = edited(tmp_path, {"status": status})
    with pytest.raises(RunError) as caught:
        run_record.read(name, tmp_path)
    assert "status" in caught.value.detail


def test_nothing_but_the_record_stays_in_the_folder(tmp_path: Path) -> None:
    record = queued()
    for _ in range(3):
        run_record.write(record, tmp_path)
    assert [path.name for path in (tmp_path / record.id).iterdir()] == ["run.json"]


def test_a_reader_never_sees_a_part(tmp_path: Path) -> None:
    record = finished()
    run_record.write(record, tmp_path)
    done = threading.Event()

    def write() -> None:
        for number in range(200):
            record.rows = {"train": number} | {f"split {n}": n for n in range(number % 50)}
            run_record.write(record, tmp_path)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    reads = 0
    while not done.is_set() or not reads:
        assert run_record.read(record.id, tmp_path).id == record.id
        reads += 1
    writer.join()


def test_a_write_that_fails_leaves_the_old_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = queued()
    run_record.write(record, tmp_path)

    def full(self: Path, *_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    record.overrides = ["training.epochs=3"]
    with pytest.raises(RunError, match="cannot be written") as caught:
        run_record.write(record, tmp_path)
    assert "No space left on device" in caught.value.detail and record.id in caught.value.headline
    assert run_record.read(record.id, tmp_path).overrides == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with pytest.raises(RunError, match="cannot be written"):
        run_record.write(queued(), tmp_path / "runs")


def test_a_run_of_an_older_config_stays_readable(tmp_path: Path) -> None:
    run_id = edited(
        tmp_path, {"config.gone": 1, "config.training.warmup": 3, "config.data.sheet": {"a": 1}}
    )
    assert run_record.read(run_id, tmp_path).config == finished().config


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"status": "lost"}, "status"),
        ({"version": 2}, "version"),
        ({"started": "yesterday"}, "started"),
        ({"surprise": 1}, "surprise"),
        ({"config.training.epochs": "many"}, "config.training.epochs"),
        ({"nodes": [{"name": "Trainer", "status": "lost"}]}, "nodes.0.status"),
    ],
)
def test_a_record_that_does_not_fit_names_the_key(
    tmp_path: Path, change: dict[str, Any], key: str
) -> None:
    run_id = edited(tmp_path, change)
    with pytest.raises(RunError, match=r"run\.json is not a readable run record") as caught:
        run_record.read(run_id, tmp_path)
    assert caught.value.detail.startswith(f"{key}: ")
    assert f"{tmp_path}/{run_id}" in caught.value.remedy


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe\x00", b'{"version": 1}'])
def test_a_damaged_record_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "taxi-1").mkdir()
    (tmp_path / "taxi-1" / "run.json").write_bytes(content)
    with pytest.raises(RunError, match="is not a readable run record"):
        run_record.read("taxi-1", tmp_path)


@given(content=st.binary(max_size=60))
def test_no_content_raises_anything_else(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    runs = tmp_path_factory.mktemp("runs")
    (runs / "taxi-1").mkdir()
    (runs / "taxi-1" / "run.json").write_bytes(content)
    with pytest.raises(RunError):
        run_record.read("taxi-1", runs)


def test_a_run_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="There is no run 'taxi-9'"):
        run_record.read("taxi-9", tmp_path)


def test_runs_are_listed_newest_first_with_what_is_wrong(tmp_path: Path) -> None:
    ids = [
        "taxi-20260101-000000-ffff",
        "another_one-20260102-000000-0000",
        "a-20251231-235959-eeee",
    ]
    for run_id in ids:
        run_record.write(queued(run_id), tmp_path)
    (tmp_path / ids[0] / "run.json").write_text("{")
    (tmp_path / "taxi" / "Trainer").mkdir(parents=True)  # Artifacts are in the same folder.
    newest, broken, oldest = run_record.latest_first(tmp_path)
    assert isinstance(newest, RunRecord) and newest.id == ids[1]
    assert isinstance(broken, UnreadableRecord) and broken.id == ids[0]
    assert isinstance(oldest, RunRecord) and oldest.id == ids[2]
    assert list(run_record.latest_first(tmp_path / "nothing")) == []


def test_a_new_record_has_the_models_nodes_queued() -> None:
    settings = loading.load("taxi", ["tuning.mode=always"], root=REPOSITORY)
    record = run_record.new("taxi", settings, ["tuning.mode=always"], root=REPOSITORY)
    assert [node.name for node in record.nodes] == nodes.of_model("taxi", settings, REPOSITORY)
    assert {node.status for node in record.nodes} == {"queued"} and nodes.TUNER in {
        node.name for node in record.nodes
    }
    assert record.process == os.getpid() and record.overrides == ["tuning.mode=always"]
    assert record.status == "running" and record.node(nodes.TRAINER).name == nodes.TRAINER


def test_finishing_frees_the_process_and_stops_the_clock() -> None:
    record = queued()
    record.process = os.getpid()
    record.started -= timedelta(seconds=60)
    assert 60 <= record.seconds < 90
    record.finish("not_blessed")
    assert record.process is None and record.status == "not_blessed"
    assert record.seconds == record.seconds


def test_only_the_models_readable_runs_are_its_runs(tmp_path: Path) -> None:
    for day, model in enumerate(["taxi", "other", "taxi", "taxi"], start=1):
        record = queued(f"{model}-2026010{day}-000000-aaaa")
        record.model = model
        run_record.write(record, tmp_path)
    (tmp_path / "taxi-20260103-000000-aaaa" / "run.json").write_text("{")
    found = [record.id for record in run_record.of_model("taxi", tmp_path)]
    assert found == ["taxi-20260104-000000-aaaa", "taxi-20260101-000000-aaaa"]


def while_these_run(*names: str) -> RunRecord:
    record = queued()
    for name in names:
        record.node(name).status = "running"
        record.node(name).started = run_record.now() - timedelta(seconds=5)
    record.process = os.getpid()
    return record


def of_status(record: RunRecord, status: str) -> set[str]:
    return {node.name for node in record.nodes if node.status == status}


@pytest.mark.parametrize("running", [(), ("Trainer",), ("Evaluator", "ServingCheck")])
def test_what_runs_when_a_run_is_interrupted_has_failed(running: tuple[str, ...]) -> None:
    record = while_these_run(*running)
    assert record.running_node == (running[0] if running else None)
    record.fail("interrupted")
    assert of_status(record, "failed") == {*running} and not of_status(record, "running")
    assert all(record.node(name).seconds == pytest.approx(5, abs=2) for name in running)
    assert (record.status, record.failure, record.process) == ("interrupted", None, None)
    assert record.finished is not None


@pytest.mark.parametrize("status", ["failed", "stopped"])
@pytest.mark.parametrize("node", ["ServingCheck", None, "Pusher"])
def test_the_node_that_a_failure_names_has_failed_and_no_other(status: Any, node: str) -> None:
    record = while_these_run("Evaluator", "ServingCheck")
    failure = Failure(node=node, headline="It broke")
    record.fail(status, failure)
    assert of_status(record, "failed") == {node} & {"ServingCheck"}
    assert record.node("Evaluator") == queued().node("Evaluator")
    assert (record.status, record.failure) == (status, failure)


def test_a_failure_says_what_an_error_does() -> None:
    said = Failure.of(RunError("headline", "detail", "remedy"), "Trainer")
    assert said.model_dump() == {
        "node": "Trainer",
        "headline": "headline",
        "detail": "detail",
        "remedy": "remedy",
    }


def pushing(tmp_path: Path, *, there: bool, left: tuple[str, ...] = ()) -> RunRecord:
    """A run that ends in its Pusher, before the version is there or after."""
    record = queued()
    version = tmp_path / "serving_models" / "taxi" / "17"
    record.pushing = str(version)
    for node in record.nodes:
        node.status = "queued" if node.name in left else "done"
    record.node("Pusher").status = "running"
    if there:
        version.mkdir(parents=True)
    return record


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_a_run_whose_version_is_there_is_pushed_whatever_ended_it(
    tmp_path: Path, status: Any
) -> None:
    record = pushing(tmp_path, there=True)
    record.break_off(status, run_record.Failure(node="Pusher", headline="killed"))
    assert (record.status, record.pushed_version) == ("pushed", 17)
    assert record.pushed_to == str(tmp_path / "serving_models/taxi/17")
    assert record.node("Pusher").status == "done" and record.failure is None


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_a_run_whose_version_is_not_there_is_not(tmp_path: Path, status: Any) -> None:
    record = pushing(tmp_path, there=False)
    record.break_off(status, run_record.Failure(node="Pusher", headline="killed"))
    assert (record.status, record.pushed_version) == (status, None)
    assert record.node("Pusher").status == "failed"


def test_a_run_that_had_more_to_do_failed_and_says_what_is_pushed(tmp_path: Path) -> None:
    record = pushing(tmp_path, there=True, left=("Evaluator",))
    record.break_off("failed", run_record.Failure(node="Evaluator", headline="killed"))
    assert (record.status, record.pushed_version) == ("failed", 17)


@pytest.mark.parametrize("status", ["failed", "interrupted"])
def test_a_run_that_had_only_to_compare_has_pushed(tmp_path: Path, status: Any) -> None:
    record = pushing(tmp_path, there=True)
    record.nodes.append(run_record.Node(name="Yardstick", status="running"))
    record.break_off(status, run_record.Failure(node="Yardstick", headline="killed"))
    assert (record.status, record.pushed_version) == ("pushed", 17)
    assert record.node("Yardstick").status == "failed"
    assert [warning.headline for warning in record.warnings] == ["killed"]


def test_a_run_never_took_less_than_nothing() -> None:
    record = queued()
    record.started += timedelta(days=300)  # Of a clock that was wrong then.
    record.finish("pushed")
    assert record.seconds == 0


def test_the_end_of_a_run_takes_the_space_that_was_kept_for_it(tmp_path: Path) -> None:
    record = queued()
    run_record.write(record, tmp_path)
    reserve = tmp_path / record.id / run_folder.RESERVE
    reserve.touch()
    run_record.write(record, tmp_path)
    assert reserve.exists()
    record.finish("failed")
    run_record.write(record, tmp_path)
    assert not reserve.exists()


def test_a_number_is_read_from_the_beginning_of_the_file(tmp_path: Path) -> None:
    record = queued()
    record.number = 12
    run_record.write(record, tmp_path)
    assert run_folder.next_number(tmp_path) == 13


@pytest.mark.parametrize(
    ("to", "expected"),
    [
        ("Transform", {"ExampleGen", "StatisticsGen", "ExampleValidator", "DataGate", "Transform"}),
        ("ExampleGen", {"ExampleGen"}),
    ],
)
def test_a_run_to_a_node_has_what_that_needs(to: str, expected: set[str]) -> None:
    config = loading.load("taxi")
    record = run_record.new("taxi", config, to=to)
    names = {node.name for node in record.nodes}
    assert names - {"SchemaGen", "FrozenSchema"} == expected and record.to == to


@pytest.mark.parametrize(
    ("to", "pushed", "blessed", "status"),
    [
        (None, 17, True, "pushed"),
        (None, None, False, "not_blessed"),
        ("Transform", None, None, "partial"),
        ("Evaluator", None, True, "partial"),
        ("Evaluator", None, False, "not_blessed"),
        ("Pusher", 17, True, "pushed"),
        ("Pusher", None, True, "not_blessed"),
    ],
)
def test_how_a_run_ends_of_which_every_node_has_ended(
    to: str | None, pushed: int | None, blessed: bool | None, status: str
) -> None:
    record = run_record.new("taxi", loading.load("taxi"), to=to)
    record.pushed_version, record.blessed = pushed, blessed
    record.complete()
    assert record.status == status and record.finished is not None
