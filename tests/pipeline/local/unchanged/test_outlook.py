"""What a run notes for the next when it has ended; tests/e2e/test_taxi.py compares it with one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from ml_metadata.proto import metadata_store_pb2

from components.content import artifact
from pipeline import nodes
from pipeline.config import loading
from pipeline.local.unchanged import outlook, repetition
from pipeline.record import run_record
from pipeline.record.run_details import RunDetails
from pipeline.record.run_record import Dataset, RunRecord
from tests.helpers.paths import ROOT

pytestmark = pytest.mark.tfx

Outputs = dict[str, dict[str, metadata_store_pb2.Artifact]]


@pytest.fixture
def ended(tmp_path: Path) -> tuple[RunRecord, Outputs]:
    """A run of every node, each with an artifact of its own, which was pushed."""
    record = run_record.new("taxi", loading.load("taxi", root=ROOT), root=ROOT)
    outputs: Outputs = {}
    for node in record.nodes:
        folder = tmp_path / "taxi" / node.name / "output" / "1"
        folder.mkdir(parents=True)
        (folder / "saved_model.pb").write_text("graph")
        made = metadata_store_pb2.Artifact(uri=str(folder))
        made.custom_properties[artifact.HASH].string_value = artifact.seal(str(folder))
        outputs[node.name] = {"output": made}
        node.status = "done"
    version = tmp_path / "serving_models" / "17"
    version.mkdir(parents=True)
    (version / "saved_model.pb").write_text("graph")
    record.blessed, record.pushed_version, record.pushed_to = True, 17, str(version)
    record.data, record.hyperparameters = Dataset(path="rows", hash="1f", columns=3), {"units": 8}
    record.complete()
    return record, outputs


@pytest.fixture(autouse=True)
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The nodes whose artifacts were read."""
    asked: list[str] = []

    def record_results(
        run: RunRecord, details: RunDetails, node: str, outputs: Mapping[str, Any], runs: Path
    ) -> None:
        asked.append(node)
        if node == nodes.PUSHER:
            run.pushed_version, run.pushed_to = 17, str(runs / "serving_models" / "17")

    monkeypatch.setattr(outlook, "record_results", record_results)
    return asked


def test_every_nodes_artifacts_are_read_anew(
    ended: tuple[RunRecord, Outputs], read: list[str], tmp_path: Path
) -> None:
    record, outputs = ended
    outlook.note(record, outputs, {"roc 1f": "<svg/>"}, tmp_path)
    found = repetition.read("taxi", tmp_path)
    assert found is not None and read == [node.name for node in record.nodes]
    assert (found.run, found.inputs, found.database) == (record.id, None, None)
    assert found.charts == {"roc 1f": "<svg/>"}
    assert found.record.data == Dataset(path="rows", hash="1f"), "the rest is for the readers"
    assert found.record.hyperparameters == {"units": 8}
    assert found.version.keys() == {"saved_model.pb"}
    resolved = outputs[nodes.RESOLVER]["output"].uri
    assert found.artifacts.keys() == {
        one.uri for made in outputs.values() for one in made.values() if one.uri != resolved
    }


def not_blessed(record: RunRecord, outputs: Outputs) -> None:
    record.status = "not_blessed"


def partial(record: RunRecord, outputs: Outputs) -> None:
    record.to = nodes.PUSHER


def an_optional_node_failed(record: RunRecord, outputs: Outputs) -> None:
    record.nodes[-1].status = "failed"


def a_node_left_nothing(record: RunRecord, outputs: Outputs) -> None:
    del outputs[nodes.TRAINER]


def nobody_knows_what_one_holds(record: RunRecord, outputs: Outputs) -> None:
    outputs[nodes.TRAINER]["output"].custom_properties[artifact.HASH].string_value = ""


def the_version_is_gone(record: RunRecord, outputs: Outputs) -> None:
    record.pushed_to = f"{record.pushed_to}0"


def the_version_was_edited(record: RunRecord, outputs: Outputs) -> None:
    Path(record.pushed_to or "", "saved_model.pb").write_text("other")


@pytest.mark.parametrize(
    "story",
    [
        not_blessed,
        partial,
        an_optional_node_failed,
        a_node_left_nothing,
        nobody_knows_what_one_holds,
        the_version_is_gone,
        the_version_was_edited,
    ],
    ids=lambda story: story.__name__,
)
def test_where_the_next_run_may_have_something_to_do_nothing_is_noted(
    ended: tuple[RunRecord, Outputs], read: list[str], tmp_path: Path, story: Any
) -> None:
    record, outputs = ended
    outlook.note(record, outputs, {}, tmp_path)
    assert repetition.read("taxi", tmp_path) is not None
    story(record, outputs)
    outlook.note(record, outputs, {}, tmp_path)
    assert repetition.read("taxi", tmp_path) is None
