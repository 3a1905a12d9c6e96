"""Data nodes: what is read, described and checked, and by which schema."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.model_code import packages
from models.taxi import features
from pipeline import nodes
from pipeline.config import model_files
from tests.pipeline.graph.compiled import compiled, load, parameter, sources

pytestmark = pytest.mark.tfx


def test_without_a_frozen_schema_the_inferred_one_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_files, "schema_path", lambda *_: tmp_path / "none")
    graph = compiled(load(), tmp_path)
    assert nodes.FROZEN_SCHEMA not in graph
    for name in (nodes.EXAMPLE_VALIDATOR, nodes.TRANSFORM, nodes.TRAINER, nodes.EVALUATOR):
        assert sources(graph[name], "schema") == {("SchemaGen", "schema")}, name


def test_a_frozen_schema_is_what_judges_and_transforms(graph: dict[str, Any]) -> None:
    for name in (nodes.EXAMPLE_VALIDATOR, nodes.TRANSFORM, nodes.TRAINER, nodes.EVALUATOR):
        assert sources(graph[name], "schema") == {("FrozenSchema", "schema")}, name
    text = model_files.frozen_schema_text("taxi")
    assert graph[nodes.FROZEN_SCHEMA].parameters.parameters["text"].field_value.string_value == text


def test_an_upgraded_package_reads_the_data_again(graph: dict[str, Any]) -> None:
    assert parameter(graph[nodes.EXAMPLE_GEN], "packages") == packages.versions()
    for name in (nodes.TRANSFORM, nodes.TRAINER):
        versions = parameter(graph[name], "custom_config")["packages"]
        assert packages.versions().items() <= versions.items()


def test_the_gate_sees_anomalies_and_statistics(graph: dict[str, Any]) -> None:
    gate = graph[nodes.DATA_GATE]
    assert sources(gate, "anomalies") == {("ExampleValidator", "anomalies")}
    assert sources(gate, "statistics") == {("StatisticsGen", "statistics")}
    assert sources(gate, "examples") == {("ExampleGen", "examples")}
    assert parameter(gate, "stop_on") == "error"
    assert parameter(gate, "inputs") == list(features.INPUTS)
    assert parameter(gate, "label_columns") == ["tips"]
    least = parameter(gate, "least_present")
    assert least["company"] == pytest.approx(0.55) and least["fare"] == 1.0
    assert "company" in parameter(gate, "scalars") and "fare" not in parameter(gate, "scalars")
