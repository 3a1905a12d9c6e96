"""Release nodes: nothing is pushed or predicted with unjudged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline import nodes
from pipeline.config.model_config import Bounds
from pipeline.record import bounds
from tests.pipeline.graph.compiled import compiled, load, parameter, sources

pytestmark = pytest.mark.tfx


def test_batch_prediction_is_by_a_blessed_model_alone(tmp_path: Path) -> None:
    settings = load("batch_prediction.path=data/taxi/*.csv")
    graph = compiled(settings, tmp_path)
    assert graph.keys() == set(nodes.of_model("taxi", settings))
    inferrer = graph[nodes.BULK_INFERRER]
    assert sources(inferrer, "examples") == {("BatchExamples", "examples")}
    assert sources(inferrer, "model") == {("Trainer", "model")}
    assert sources(inferrer, "model_blessing") == {("Evaluator", "blessing")}
    assert parameter(inferrer, "model_spec") == {"model_signature_name": ["serving_examples"]}
    assert nodes.PUSHER in graph[nodes.BATCH_EXAMPLES].upstream_nodes, "only what is pushed first"


def test_the_evaluator_judges_on_test_against_the_latest_blessed_model(
    graph: dict[str, Any],
) -> None:
    evaluator = graph[nodes.EVALUATOR]
    assert parameter(evaluator, "example_splits") == ["test"]
    assert sources(evaluator, "model") == {("Trainer", "model")}
    assert sources(evaluator, "baseline_model") == {("Resolver", "model")}
    resolver = graph[nodes.RESOLVER]
    channels = [channel for spec in resolver.inputs.inputs.values() for channel in spec.channels]
    named = sorted(
        (channel.producer_node_query.id, channel.artifact_query.type.name) for channel in channels
    )
    # This run's model is the candidate; models and blessings of any run are what it may meet.
    assert named == [("", "Model"), ("", "ModelBlessing"), ("Trainer", "Model")]


def test_nothing_is_pushed_without_both_blessings(graph: dict[str, Any]) -> None:
    pusher = graph[nodes.PUSHER]
    assert sources(pusher, "model") == {("Trainer", "model")}
    assert sources(pusher, "model_blessing") == {("Evaluator", "blessing")}
    assert sources(pusher, "infra_blessing") == {("ServingCheck", "blessing")}
    assert sources(graph[nodes.SERVING_CHECK], "model") == {("Trainer", "model")}


def test_every_threshold_of_the_config_is_in_the_graph(graph: dict[str, Any]) -> None:
    [spec] = parameter(graph[nodes.EVALUATOR], "eval_config")["metrics_specs"]
    found = {}
    for metric in spec["metrics"]:
        name = json.loads(metric["config"])["name"]
        for one in metric.get("per_slice_thresholds", []):
            [slicing] = one["slicing_specs"]
            pairs = [f"{k}={v}" for k, v in slicing.get("feature_values", {}).items()]
            value = one["threshold"].get("value_threshold", {})
            found[name, ", ".join([*slicing.get("feature_keys", []), *pairs])] = (
                value.get("lower_bound"),
                value.get("upper_bound"),
                one["threshold"].get("change_threshold", {}).get("absolute"),
            )

    def passing(limits: Bounds) -> tuple[float | None, float | None]:
        least, most = limits.at_least, limits.at_most
        return (
            None if least is None else min(least, bounds.single_precision(least)),
            None if most is None else max(most, bounds.single_precision(most)),
        )

    expected = {}
    for name, metric in load().evaluation.metrics.items():
        worst = metric.max_regression
        change = worst and (-worst if metric.direction == "higher" else worst)
        if (metric.at_least, metric.at_most, change) != (None, None, None):
            expected[name, ""] = (*passing(metric), change)
        for key, limits in metric.per_slice.items():
            expected[name, key] = (*passing(limits), None)
    assert found == expected and len(expected) >= 5
    assert any(change is not None for _, _, change in found.values())


def test_each_model_has_folders_of_its_own(graph: dict[str, Any]) -> None:
    destination = parameter(graph[nodes.PUSHER], "push_destination")
    assert destination["filesystem"]["base_directory"].endswith("/serving/taxi")


def test_a_serving_name_is_the_folders_name(tmp_path: Path) -> None:
    graph = compiled(load("serving.name=tips"), tmp_path)
    destination = parameter(graph[nodes.PUSHER], "push_destination")
    assert destination["filesystem"]["base_directory"] == f"{tmp_path}/serving/tips"
