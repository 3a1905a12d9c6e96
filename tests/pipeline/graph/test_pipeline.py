"""The compiled graph: who gets what from whom, and what a change of the config reaches."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from components import code_hash
from pipeline import nodes
from pipeline.config import model_files
from pipeline.config.target_schema import Beam
from pipeline.graph import release
from pipeline.graph.pipeline import BUILDERS, _beam_args
from pipeline.record import run_record
from pipeline.show import progress
from tests.pipeline.graph.compiled import compiled, load, parameter

pytestmark = [pytest.mark.tfx, pytest.mark.slow]


@pytest.mark.parametrize("mode", ["always", "when_missing"])
def test_the_nodes_are_those_that_a_run_shows(tmp_path: Path, mode: str) -> None:
    settings = load(f"tuning.mode={mode}")
    assert compiled(settings, tmp_path).keys() == set(nodes.of_model("taxi", settings))


def test_the_order_of_the_nodes_is_one_in_which_they_can_run(graph: dict[str, Any]) -> None:
    position = {name: index for index, name in enumerate(nodes.ORDER)}
    for name, node in graph.items():
        for upstream in node.upstream_nodes:
            assert position[upstream] < position[name], f"{name} before {upstream}"


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
    "label.classes": "[a, b]",
    "label.missing": "keep",
    "label.weight": "fare",
    "label.output": "tip",
    "label.other_outputs": "{paid: fare}",
    "validation.stop_on": "warning",
    "training.epochs": 17,
    "training.batch_size": 17,
    "training.steps_per_epoch": 17,
    "training.early_stopping_patience": 17,
    "training.early_stopping_monitor": "val_auc",
    "training.early_stopping_direction": "max",
    "training.learning_rate_decay": "cosine",
    "training.precision": "mixed_bfloat16",
    "training.strategy": "mirrored",
    "training.seed": 17,
    "training.class_weights": "balanced",
    "tuning.trials": 17,
    "tuning.epochs": 17,
    "tuning.objective": "val_loss",
    "tuning.direction": "min",
    "evaluation.metrics.AUC.at_least": 0.5,
    "evaluation.slices": "[]",
    "evaluation.unreadable_baseline": "refuse",
    "evaluation.images": "fare",
    "evaluation.worst_rows.rows": 17,
    "evaluation.worst_rows.without": "[company]",
    "evaluation.confidence_intervals": "false",
    "serving.check_rows": 3,
    "serving.name": "tips",
    "monitoring.label": "tips > 1",
    "monitoring.window_rows": 17,
    "batch_prediction.delimiter": ";",
}
"""Another value for each key that a node's parameters may depend on."""


@pytest.mark.slow
@pytest.mark.parametrize("key", CHANGES)
def test_only_what_a_key_of_the_config_reaches_gets_another_cache_key(
    key: str, tmp_path: Path
) -> None:
    """Nodes above it keep their parameters, and so their cached results; `NodeSpec` says which."""
    always = ["tuning.mode=always", "batch_prediction.path=data/taxi/*.csv"]
    always.append("evaluation.yardstick=true")
    if key == "label.other_outputs":  # They stand beside the judged one.
        always.append("label.output=tip")
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
    asked = ("batch_prediction.path=data/taxi/*.csv", "evaluation.yardstick=true")
    graph = compiled(load("tuning.mode=always", *asked), tmp_path)
    for spec in nodes.NODES:
        for name in spec.parameter_files:
            parameter, _, rest = name.partition(".")
            value = graph[spec.name].parameters.parameters[parameter].field_value.string_value
            for key in filter(None, rest.split(".")):
                value = json.loads(value) if isinstance(value, str) else value
                assert key in value, f"{spec.name}: {name}"
                value = value[key]


def test_the_source_files_that_a_node_depends_on_are_hashed_into_its_parameters(
    tmp_path: Path,
) -> None:
    graph = compiled(load("evaluation.yardstick=true", "tuning.mode=always"), tmp_path)
    for spec in nodes.NODES:
        if spec.code:
            if spec.name in (nodes.SERVING_CHECK, nodes.REFERENCE_PROFILE, nodes.YARDSTICK):
                hashed = parameter(graph[spec.name], "code")
            else:
                hashed = parameter(graph[spec.name], "custom_config")["code"]
            assert hashed == code_hash.file_hashes(*spec.code_of("taxi"))
            # The sample model has no metrics of its own.
            without = {nodes.EVALUATOR, nodes.SERVING_CHECK, nodes.YARDSTICK}
            without.add(nodes.REFERENCE_PROFILE)
            assert ("models/taxi/__init__.py" in hashed) == (spec.name not in without)


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


@pytest.mark.parametrize(
    ("args", "builds"),
    [
        ("--runner=FnApiRunner", False),
        ("--runner=PortableRunner --job_endpoint=j:1 --environment_type=LOOPBACK", False),
        ("--runner=PortableRunner --job_endpoint=j:1 --environment_type=EXTERNAL", False),
        ("--runner=PortableRunner --job_endpoint=j:1 --environment_config=image", True),
    ],
)
def test_tfx_is_not_built_for_workers_that_have_it(args: str, builds: bool) -> None:
    given = _beam_args(Beam(args=tuple(args.split())))
    assert ("--sdk_container_image=none" not in given) == builds
