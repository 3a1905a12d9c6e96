"""With which settings a run goes on, and when there is nothing to go on with."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.common.errors import RunError
from pipeline import nodes
from pipeline.config import loading
from pipeline.local.resume import left_out, resumption
from pipeline.record import provenance, run_record
from pipeline.record.run_record import Failure, RunRecord
from tests.helpers.pipeline_nodes import NODES
from tests.pipeline.fake_run import REPOSITORY, finished, queued

CONFIG = "models/taxi/config.yaml"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    shutil.copytree(REPOSITORY / "models" / "taxi", folder / "models" / "taxi")
    return folder


def kept(record: RunRecord, root: Path, *overrides: str) -> RunRecord:
    """The run as it is in its folder."""
    record.overrides = list(overrides)
    record.config = loading.load("taxi", overrides, root)
    record.code = provenance.code("taxi", root)
    run_record.write(record, root / "runs")
    return record


def edit(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


@pytest.mark.parametrize("story", ["failed", "interrupted"])
def test_the_last_run_is_gone_on_with_as_it_was(root: Path, story: str) -> None:
    last = kept(finished(story), root, "training.epochs=3")
    found = resumption("taxi", root, root / "runs")
    assert (found.run, found.overrides, found.notices) == (last.id, ["training.epochs=3"], [])
    assert found.config.training.epochs == 3


def test_a_run_whose_process_died_is_gone_on_with(root: Path) -> None:
    record = queued()
    record.node("ExampleGen").status = "running"
    child = os.fork()
    if not child:
        os._exit(0)
    os.waitpid(child, 0)
    record.process = child
    kept(record, root)
    assert resumption("taxi", root, root / "runs").run == record.id


def test_it_goes_on_as_far_as_it_was_to_go(root: Path) -> None:
    record = finished("failed")
    record.to = "Evaluator"
    kept(record, root)
    assert resumption("taxi", root, root / "runs").to == "Evaluator"


def test_a_run_that_went_as_far_as_it_was_to_go_is_not_resumed(root: Path) -> None:
    record = finished("failed")
    record.finish("partial")
    kept(record, root)
    with pytest.raises(RunError, match="nothing to resume") as caught:
        resumption("taxi", root, root / "runs")
    assert "ran as far as it was asked to" in caught.value.detail


def test_a_model_that_never_ran_has_nothing_to_resume(root: Path) -> None:
    with pytest.raises(RunError, match="no run of 'taxi' to resume") as caught:
        resumption("taxi", root, root / "runs")
    assert caught.value.remedy.endswith("-m pipeline run taxi")


@pytest.mark.parametrize(
    ("story", "said"),
    [
        ("pushed", "was blessed and pushed"),
        ("not_blessed", "came to its end; its model was not blessed"),
        ("stopped", "was stopped by anomalies in the data"),
    ],
)
def test_a_run_that_came_to_an_end_is_not_resumed(root: Path, story: str, said: str) -> None:
    record = kept(finished(story), root)
    with pytest.raises(RunError, match="There is nothing to resume") as caught:
        resumption("taxi", root, root / "runs")
    assert record.id in caught.value.detail and said in caught.value.detail


def test_a_run_that_is_still_going_is_not_resumed(root: Path) -> None:
    record = queued()
    record.process = os.getpid()
    kept(record, root)
    with pytest.raises(RunError, match="nothing to resume") as caught:
        resumption("taxi", root, root / "runs")
    assert "is still going" in caught.value.detail


def test_a_mistake_found_before_any_node_is_not_resumed(root: Path) -> None:
    record = queued()
    record.finish("failed")
    kept(record, root)
    with pytest.raises(RunError, match="nothing to resume") as caught:
        resumption("taxi", root, root / "runs")
    assert "failed before any node ran" in caught.value.detail


def test_only_the_models_own_last_run_counts(root: Path) -> None:
    kept(finished("failed"), root)
    other = finished("pushed")
    other.id, other.model = "other-20270101-000000-0000", "other"
    run_record.write(other, root / "runs")
    (root / "runs" / "taxi-20270101-000000-0000").mkdir()
    (root / "runs" / "taxi-20270101-000000-0000" / "run.json").write_text("{")
    assert resumption("taxi", root, root / "runs").run.startswith("taxi-2026")
    later = finished("pushed")
    later.id = "taxi-20270101-000000-0001"
    kept(later, root)
    with pytest.raises(RunError, match="nothing to resume"):
        resumption("taxi", root, root / "runs")


def test_a_config_that_changed_since_is_told_and_not_used(root: Path) -> None:
    record = kept(finished("failed"), root)
    edit(root / CONFIG, f"epochs: {record.config.training.epochs}", "epochs: 77")
    found = resumption("taxi", root, root / "runs")
    assert found.config == record.config
    assert found.notices == [
        "models/taxi/config.yaml has changed since: training.epochs "
        f"{record.config.training.epochs} -> 77. This run keeps the config of {record.id}."
    ]


@pytest.mark.slow
@given(content=st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_no_content_of_the_config_stops_a_run_from_going_on(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    root = tmp_path_factory.mktemp("project")
    (root / CONFIG).parent.mkdir(parents=True)
    (root / CONFIG).write_text((REPOSITORY / CONFIG).read_text())
    record = kept(finished("failed"), root)
    (root / CONFIG).write_bytes(content)
    found = resumption("taxi", root, root / "runs")
    assert found.config == record.config
    [notice] = found.notices
    assert notice.startswith("models/taxi/config.yaml cannot be used any more: ")
    assert notice.endswith(f"This run keeps the config of {record.id}.")


def test_code_that_changed_since_is_told_and_used(root: Path) -> None:
    kept(finished("failed"), root)
    (root / "models" / "taxi" / "model.py").write_text("edited")
    (root / "models" / "taxi" / "features.py").unlink()
    edit(root / CONFIG, "training:", "# A comment.\ntraining:")
    assert resumption("taxi", root, root / "runs").notices == [
        "Edited since: models/taxi/features.py, models/taxi/model.py. What uses them runs again."
    ]


@pytest.mark.parametrize(
    ("no_cache", "done", "expected"),
    [
        ([], nodes.TRAINER, []),
        ([nodes.TRAINER], nodes.TRAINER, [nodes.RESOLVER, nodes.SERVING_CHECK]),
        ([nodes.PUSHER], nodes.TRAINER, [nodes.PUSHER]),
        ([nodes.EXAMPLE_GEN], nodes.DATA_GATE, [nodes.TRANSFORM]),
        (list(NODES), nodes.SCHEMA_GEN, [nodes.FROZEN_SCHEMA]),
    ],
)
def test_what_was_to_run_whatever_the_cache_has_still_does(
    root: Path, no_cache: list[str], done: str, expected: list[str]
) -> None:
    record = finished("failed")
    record.no_cache = no_cache
    names = list(NODES)
    for number, node in enumerate(record.nodes):
        node.status = "done" if number <= names.index(done) else "queued"
    kept(record, root)
    assert resumption("taxi", root, root / "runs").no_cache == expected


SECRET = "beam.args=[--runner=FnApiRunner, --password=correct-horse]"


def test_a_secret_that_was_set_for_the_run_alone_is_not_known_any_more(root: Path) -> None:
    kept(finished("failed"), root, SECRET)
    with pytest.raises(RunError, match="cannot be resumed") as caught:
        resumption("taxi", root, root / "runs")
    assert "secret with --set" in caught.value.detail
    assert "correct-horse" not in str(caught.value)


def test_a_secret_in_the_config_is_taken_from_there(root: Path) -> None:
    with (root / CONFIG).open("a") as file:
        file.write("\nbeam:\n  args: [--runner=FnApiRunner, --password=correct-horse]\n")
    kept(finished("failed"), root)
    text = next(root.glob("runs/*/run.json")).read_text()
    assert "correct-horse" not in text and "[hidden]" in json.dumps(text)
    found = resumption("taxi", root, root / "runs")
    assert "--password=correct-horse" in found.config.beam.args and not found.notices
    edit(root / CONFIG, "epochs: ", "epochs: 7")
    with pytest.raises(RunError, match="cannot be resumed") as caught:
        resumption("taxi", root, root / "runs")
    assert "training.epochs" in caught.value.detail
    (root / CONFIG).write_text("data: [")
    with pytest.raises(RunError, match="cannot be resumed") as caught:
        resumption("taxi", root, root / "runs")
    assert "not valid YAML" in caught.value.detail


@pytest.mark.parametrize("end", ["interrupted", "killed", "died"])
def test_a_run_that_ended_in_its_start_is_gone_on_with(root: Path, end: str) -> None:
    record = queued()
    if end == "interrupted":
        record.break_off("interrupted")
    elif end == "killed":
        record.break_off("failed", Failure(node=None, headline="killed by SIGKILL"))
        record.died = True
    kept(record, root, "training.epochs=3")
    found = resumption("taxi", root, root / "runs")
    assert (found.run, found.overrides) == (record.id, ["training.epochs=3"])


@pytest.mark.parametrize("story", ["failed", "interrupted"])
def test_a_plain_run_tells_of_the_settings_that_it_has_not(root: Path, story: str) -> None:
    last = kept(finished(story), root, "training.epochs=3", "data.path=my data.csv")
    [told] = left_out("taxi", ["training.epochs=3"], root / "runs")
    assert last.id in told and "--set 'data.path=my data.csv'" in told and "--resume" in told
    assert "epochs" not in told
    assert left_out("taxi", last.overrides, root / "runs") == []


@pytest.mark.parametrize("story", ["pushed", "not_blessed", "stopped", None])
def test_after_a_run_that_ended_there_is_nothing_to_tell(root: Path, story: str | None) -> None:
    if story:
        kept(finished(story), root, "training.epochs=3")
    assert left_out("taxi", [], root / "runs") == []


def test_the_last_run_is_the_last_whatever_the_clock_said(root: Path) -> None:
    first, second = finished("failed"), finished("interrupted")
    first.id, first.number = "taxi-20990101-000000-aaaa", 1
    second.id, second.number = "taxi-20260101-000000-bbbb", 2
    for record in (first, second):
        kept(record, root)
    assert resumption("taxi", root, root / "runs").run == second.id
