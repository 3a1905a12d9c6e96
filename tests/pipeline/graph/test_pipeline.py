"""The compiled graph: who gets what from whom, and that nothing is pushed unjudged."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tfx.dsl.compiler import compiler

from components import code_hash
from models.taxi import features
from pipeline import nodes
from pipeline.config import loading, model_files
from pipeline.config.model_config import ModelConfig
from pipeline.graph import release
from pipeline.graph.pipeline import BUILDERS, create_pipeline
from pipeline.graph.target import Target
from pipeline.record import run_record
from pipeline.show import progress

pytestmark = pytest.mark.tfx


def load(*overrides: str) -> ModelConfig:
    return loading.load("taxi", overrides)


def compiled(settings: ModelConfig, folder: Path, *, database: bool = True) -> dict[str, Any]:
    """The nodes of the taxi pipeline's compiled form, by name."""
    target = Target(
        artifacts=str(folder / "runs"),
        serving=str(folder / "serving"),
        keeps_metadata=database,
    )
    graph = compiler.Compiler().compile(create_pipeline("taxi", settings, target))
    return {node.pipeline_node.node_info.id: node.pipeline_node for node in graph.nodes}


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return compiled(load("tuning.mode=always"), tmp_path_factory.mktemp("project"))


def sources(node: Any, key: str) -> set[tuple[str, str]]:
    """The nodes and outputs that an input comes from."""
    return {
        (channel.producer_node_query.id, channel.output_key)
        for channel in node.inputs.inputs[key].channels
    }


def parameter(node: Any, key: str) -> Any:
    value = node.parameters.parameters[key].field_value
    text = value.string_value
    return json.loads(text) if text[:1] in ("{", "[") else text


@pytest.mark.parametrize("mode", ["always", "when_missing"])
def test_the_nodes_are_those_that_a_run_shows(tmp_path: Path, mode: str) -> None:
    settings = load(f"tuning.mode={mode}")
    assert compiled(settings, tmp_path).keys() == set(nodes.of_model("taxi", settings))


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


def test_without_a_frozen_schema_the_inferred_one_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_files, "schema_path", lambda *_: tmp_path / "none")
    graph = compiled(load(), tmp_path)
    assert nodes.FROZEN_SCHEMA not in graph
    for name in (nodes.EXAMPLE_VALIDATOR, nodes.TRANSFORM, nodes.TRAINER, nodes.EVALUATOR):
        assert sources(graph[name], "schema") == {("SchemaGen", "schema")}, name


def test_the_order_of_the_nodes_is_one_in_which_they_can_run(graph: dict[str, Any]) -> None:
    position = {name: index for index, name in enumerate(nodes.ORDER)}
    for name, node in graph.items():
        for upstream in node.upstream_nodes:
            assert position[upstream] < position[name], f"{name} before {upstream}"


def test_a_frozen_schema_is_what_judges_and_transforms(graph: dict[str, Any]) -> None:
    for name in (nodes.EXAMPLE_VALIDATOR, nodes.TRANSFORM, nodes.TRAINER, nodes.EVALUATOR):
        assert sources(graph[name], "schema") == {("FrozenSchema", "schema")}, name
    text = model_files.frozen_schema_text("taxi")
    assert graph[nodes.FROZEN_SCHEMA].parameters.parameters["text"].field_value.string_value == text


def test_nothing_is_transformed_or_trained_before_the_gate(graph: dict[str, Any]) -> None:
    assert nodes.DATA_GATE in graph[nodes.TRANSFORM].upstream_nodes

    def above(name: str) -> set[str]:
        direct = set(graph[name].upstream_nodes)
        return direct.union(*(above(upstream) for upstream in direct))

    for name in (nodes.TUNER, nodes.TRAINER, nodes.EVALUATOR, nodes.PUSHER):
        assert nodes.DATA_GATE in above(name), name


def test_the_gate_sees_anomalies_and_statistics(graph: dict[str, Any]) -> None:
    gate = graph[nodes.DATA_GATE]
    assert sources(gate, "anomalies") == {("ExampleValidator", "anomalies")}
    assert sources(gate, "statistics") == {("StatisticsGen", "statistics")}
    assert parameter(gate, "stop_on") == "error"
    assert parameter(gate, "inputs") == list(features.INPUTS)
    assert parameter(gate, "label_columns") == ["tips"]
    least = parameter(gate, "least_present")
    assert least["company"] == pytest.approx(0.55) and least["fare"] == 1.0


def test_only_the_train_split_is_analyzed(graph: dict[str, Any]) -> None:
    assert parameter(graph[nodes.TRANSFORM], "splits_config") == {"analyze": ["train"]}


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


def test_the_trainer_takes_what_the_tuner_found(graph: dict[str, Any]) -> None:
    found = sources(graph[nodes.TRAINER], "hyperparameters")
    assert found == {("Tuner", "best_hyperparameters")}
    assert parameter(graph[nodes.TRAINER], "custom_config")["hyperparameters"] is None


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
    expected = {}
    for name, metric in load().evaluation.metrics.items():
        worst = metric.max_regression
        change = worst and (-worst if metric.direction == "higher" else worst)
        if (metric.at_least, metric.at_most, change) != (None, None, None):
            expected[name, ""] = (metric.at_least, metric.at_most, change)
        for key, bounds in metric.per_slice.items():
            expected[name, key] = (bounds.at_least, bounds.at_most, None)
    assert found == expected and len(expected) >= 5
    assert any(change is not None for _, _, change in found.values())


def test_each_model_has_folders_of_its_own(graph: dict[str, Any]) -> None:
    destination = parameter(graph[nodes.PUSHER], "push_destination")
    assert destination["filesystem"]["base_directory"].endswith("/serving/taxi")


def test_a_serving_name_is_the_folders_name(tmp_path: Path) -> None:
    graph = compiled(load("serving.name=tips"), tmp_path)
    destination = parameter(graph[nodes.PUSHER], "push_destination")
    assert destination["filesystem"]["base_directory"] == f"{tmp_path}/serving/tips"


def test_the_database_has_a_folder_to_be_in(tmp_path: Path) -> None:
    settings = load()
    compiled(settings, tmp_path)
    assert (tmp_path / "runs" / "taxi").is_dir()
    compiled(settings, tmp_path / "cloud", database=False)
    assert not (tmp_path / "cloud").exists()


CHANGES = {
    "data.delimiter": ";",
    "splits.train": 5,
    "label.name": "other",
    "label.columns": "[tips, fare]",
    "validation.stop_on": "warning",
    "training.epochs": 17,
    "training.batch_size": 17,
    "training.steps_per_epoch": 17,
    "training.early_stopping_patience": 17,
    "tuning.trials": 17,
    "tuning.epochs": 17,
    "tuning.objective": "val_loss",
    "tuning.direction": "min",
    "evaluation.metrics.AUC.at_least": 0.5,
    "evaluation.slices": "[]",
    "serving.check_rows": 3,
    "serving.name": "tips",
    "batch_prediction.delimiter": ";",
}
"""Another value for each key that a node's parameters may depend on."""


@pytest.mark.parametrize("key", CHANGES)
def test_only_what_a_key_of_the_config_reaches_gets_another_cache_key(
    key: str, tmp_path: Path
) -> None:
    """Nodes above it keep their parameters, and so their cached results; `NodeSpec` says which."""
    always = ["tuning.mode=always", "batch_prediction.path=data/taxi/*.csv"]
    if key == "evaluation.slices":  # Bounds of a slice need the slice.
        always.append("evaluation.metrics={AUC: {at_least: 0.8}}")
    before = compiled(load(*always), tmp_path)
    after = compiled(load(*always, f"{key}={CHANGES[key]}"), tmp_path)
    changed = {name for name in before if before[name].parameters != after[name].parameters}
    named = {
        spec.name
        for spec in nodes.NODES
        if any(f"{key}.".startswith(f"{own}.") for own in spec.config_keys)
    }
    assert changed == named


def test_every_key_that_a_node_names_is_tried_here() -> None:
    keys = {key for spec in nodes.NODES for key in spec.config_keys} - {"beam"}
    assert {key for key in keys if not any(f"{k}.".startswith(f"{key}.") for k in CHANGES)} == set()


def test_the_parameters_that_come_from_files_are_there(tmp_path: Path) -> None:
    graph = compiled(load("tuning.mode=always", "batch_prediction.path=data/taxi/*.csv"), tmp_path)
    for spec in nodes.NODES:
        for name in spec.parameter_files:
            parameter, _, rest = name.partition(".")
            value = graph[spec.name].parameters.parameters[parameter].field_value.string_value
            for key in filter(None, rest.split(".")):
                value = json.loads(value) if isinstance(value, str) else value
                assert key in value, f"{spec.name}: {name}"
                value = value[key]


def test_the_source_files_that_a_node_depends_on_are_hashed_into_its_parameters(
    graph: dict[str, Any],
) -> None:
    for spec in nodes.NODES:
        if spec.code:
            hashed = parameter(graph[spec.name], "custom_config")["code"]
            assert hashed == code_hash.file_hashes(*spec.code_of("taxi"))
            assert "models/taxi/__init__.py" in hashed


def test_every_node_has_a_builder() -> None:
    assert list(BUILDERS) == list(nodes.ORDER)


def test_a_node_is_added_by_one_entry_and_one_builder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = nodes.NodeSpec("SecondCheck", "asks again", upstream=(nodes.TRAINER,))
    specs = (*nodes.NODES, spec)
    monkeypatch.setattr(nodes, "NODES", specs)
    monkeypatch.setattr(nodes, "SPECS", {spec.name: spec for spec in specs})
    monkeypatch.setattr(nodes, "ORDER", tuple(spec.name for spec in specs))
    monkeypatch.setitem(BUILDERS, spec.name, release.serving_check)
    graph = compiled(load(), tmp_path)
    assert set(graph["SecondCheck"].upstream_nodes) == set(nodes.upstream("SecondCheck", graph))
    record = run_record.new("taxi", load())
    assert record.node("SecondCheck").upstream == [nodes.TRAINER]
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(progress.overview(record, console))
    assert "asks again" in console.export_text()


@pytest.mark.parametrize("frozen", [True, False])
def test_the_record_knows_what_each_node_waits_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, frozen: bool
) -> None:
    if not frozen:
        monkeypatch.setattr(model_files, "schema_path", lambda *_: tmp_path / "none")
    graph = compiled(load(), tmp_path)
    for name, node in graph.items():
        assert set(nodes.upstream(name, graph)) == set(node.upstream_nodes), name
