"""Each node's artifacts are read by the reader that its specification names."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest

from pipeline import nodes
from pipeline.record.run_details import RunDetails
from pipeline.results import readers
from pipeline.results.readers import NodeResult
from pipeline.results.record_results import record_results
from tests.pipeline.fake_run import queued

pytestmark = pytest.mark.tfx


def test_every_reader_is_some_nodes_and_every_named_one_is_there() -> None:
    named = {spec.results for spec in nodes.NODES if spec.results}
    written = {name for name, _ in inspect.getmembers(readers, inspect.isfunction)}
    assert named == {name for name in written if name.startswith("read_")}


@pytest.mark.parametrize("spec", nodes.NODES, ids=lambda spec: spec.name)
def test_the_named_reader_gets_the_artifacts(
    spec: nodes.NodeSpec, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    read: list[NodeResult] = []
    if spec.results:
        monkeypatch.setattr(readers, spec.results, read.append)
    record, details = queued(), RunDetails(run="r")
    record_results(record, details, spec.name, {}, tmp_path)
    assert read == ([NodeResult(record, details, {}, tmp_path)] if spec.results else [])
