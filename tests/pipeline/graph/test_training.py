"""Training nodes: the model's own code, after the gate alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipeline import nodes
from pipeline.config import model_files
from tests.pipeline.graph.compiled import compiled, load, parameter, sources

pytestmark = pytest.mark.tfx


def test_frozen_hyperparameters_need_no_tuner(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = tmp_path / "hyperparameters.json"
    frozen.write_text('{"units": 48}')
    monkeypatch.setattr(model_files, "hyperparameters_path", lambda *_: frozen)
    graph = compiled(load(), tmp_path)
    assert nodes.TUNER not in graph
    hyperparameters = parameter(graph[nodes.TRAINER], "custom_config")["hyperparameters"]
    assert hyperparameters["units"] == 48, "what is frozen"
    assert hyperparameters["learning_rate"] == 2e-3, "what is not: the search space's default"


def test_nothing_is_transformed_or_trained_before_the_gate(graph: dict[str, Any]) -> None:
    assert nodes.DATA_GATE in graph[nodes.TRANSFORM].upstream_nodes

    def above(name: str) -> set[str]:
        direct = set(graph[name].upstream_nodes)
        return direct.union(*(above(upstream) for upstream in direct))

    for name in (nodes.TUNER, nodes.TRAINER, nodes.EVALUATOR, nodes.PUSHER):
        assert nodes.DATA_GATE in above(name), name


def test_only_the_train_split_is_analyzed(graph: dict[str, Any]) -> None:
    assert parameter(graph[nodes.TRANSFORM], "splits_config") == {"analyze": ["train"]}


def test_the_trainer_takes_what_the_tuner_found(graph: dict[str, Any]) -> None:
    found = sources(graph[nodes.TRAINER], "hyperparameters")
    assert found == {("Tuner", "best_hyperparameters")}
    assert parameter(graph[nodes.TRAINER], "custom_config")["hyperparameters"] is None
