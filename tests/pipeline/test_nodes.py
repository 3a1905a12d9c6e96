"""What is said of each node, what follows from one, and which ones somebody means."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from components import code_hash
from models.common.errors import RunError
from pipeline import nodes
from pipeline.config.model_config import ModelConfig
from tests.helpers.pipeline_nodes import NODES

NAMES = NODES


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        ([], set()),
        (["Pusher"], {"Pusher"}),
        (
            ["Evaluator", "ServingCheck"],
            {"Evaluator", "ServingCheck", "ReferenceProfile", "Pusher"},
        ),
        (
            ["Trainer"],
            {"Trainer", "Resolver", "Evaluator", "ServingCheck", "ReferenceProfile", "Pusher"},
        ),
        (["ExampleGen"], set(NAMES) - {"FrozenSchema"}),
        (["SchemaGen"], {"SchemaGen"}),  # With a frozen schema, nobody uses the inferred one.
    ],
)
def test_what_follows_from_nodes(of: list[str], expected: set[str]) -> None:
    assert nodes.followers(of, NAMES) == expected


def test_nodes_that_a_pipeline_does_not_have_do_not_follow() -> None:
    names = [name for name in NAMES if name not in ("FrozenSchema", "Tuner")]
    assert nodes.followers(["Transform"], names) == set(names[names.index("Transform") :])
    assert "ExampleValidator" in nodes.followers(["SchemaGen"], names)


def test_nodes_are_taken_by_name_or_all_at_once() -> None:
    assert nodes.select(["Trainer", "Tuner"], NAMES) == ["Trainer", "Tuner"]
    assert nodes.select([nodes.ALL], NAMES) == nodes.select(["Trainer", nodes.ALL], NAMES) == NAMES
    assert nodes.select([], NAMES) == []


def test_a_misspelt_node_is_answered_with_the_one_that_was_meant() -> None:
    with pytest.raises(RunError, match="no node 'Trianer'; did you mean 'Trainer'") as caught:
        nodes.select(["Trianer"], NAMES)
    assert "ExampleGen, StatisticsGen" in caught.value.detail


def test_each_node_stands_once_and_after_those_that_it_waits_for() -> None:
    assert len(nodes.ORDER) == len(nodes.NODES)
    for position, spec in enumerate(nodes.NODES):
        assert set(spec.upstream) <= set(nodes.ORDER[:position]), spec.name


def test_an_input_that_is_required_comes_from_a_node_that_is_waited_for() -> None:
    for spec in nodes.NODES:
        assert set(spec.required_inputs.values()) <= set(spec.upstream), spec.name


def test_nothing_is_pushed_or_predicted_with_without_a_blessing() -> None:
    for name in (nodes.PUSHER, nodes.BULK_INFERRER):
        assert nodes.SPECS[name].required_inputs["model_blessing"] == nodes.EVALUATOR


def test_what_a_run_can_do_without_nothing_waits_for() -> None:
    for spec in nodes.NODES:
        waited_for = any(spec.name in other.upstream for other in nodes.NODES)
        assert not (spec.is_optional and waited_for), spec.name


def test_every_purpose_fits_a_line_of_the_view() -> None:
    for spec in nodes.NODES:
        assert spec.purpose and len(spec.purpose) <= 40 and spec.purpose[0].islower()


def test_the_code_of_a_node_is_the_models() -> None:
    assert nodes.SPECS[nodes.TRAINER].code_of("rents")[0] == "models.rents.model"
    for spec in nodes.NODES:
        assert set(spec.code_of("rents")) <= set(spec.imports_of("rents"))


@pytest.mark.parametrize(
    ("mode", "frozen", "searches"),
    [
        ("always", False, True),
        ("always", True, True),
        ("when_missing", False, True),
        ("when_missing", True, False),
        ("frozen", True, False),
    ],
)
def test_which_nodes_a_pipeline_has(
    tmp_path: Path, mode: str, frozen: bool, searches: bool
) -> None:
    folder = tmp_path / "models" / "m"
    folder.mkdir(parents=True)
    if frozen:
        (folder / "hyperparameters.json").write_text("{}")
        (folder / "schema.pbtxt").touch()
    config = ModelConfig.model_validate(
        {
            "data": {"path": "x"},
            "label": "y",
            "tuning": {"mode": mode},
            "evaluation": {
                "metrics": {"AUC": {"at_least": 0.5, "max_regression": 0.1}},
                "yardstick": frozen,
            },
            "batch_prediction": {"path": "z"} if frozen else None,
        }
    )
    expected = set(nodes.ORDER)
    if not frozen:
        expected -= {nodes.FROZEN_SCHEMA, nodes.BATCH_EXAMPLES, nodes.BULK_INFERRER}
        expected -= {nodes.YARDSTICK}
    if not searches:
        expected -= {nodes.TUNER}
    found = nodes.of_model("m", config, tmp_path)
    assert set(found) == expected and found == sorted(found, key=nodes.ORDER.index)


@pytest.mark.parametrize(
    ("node", "function"),
    [
        (nodes.TRANSFORM, "preprocessing_fn"),
        (nodes.TUNER, "tuner_fn"),
        (nodes.TRAINER, "run_fn"),
    ],
)
def test_what_calls_a_models_code_finds_all_that_it_imports_in_the_nodes_bundle(
    node: str, function: str
) -> None:
    root = code_hash.ROOT
    packed = code_hash.model_files(*nodes.SPECS[node].imports_of("taxi"))
    tree = ast.parse((root / "components" / "user_code.py").read_text())
    [body] = [one for one in tree.body if getattr(one, "name", "") == function]
    imported = [one for one in ast.walk(body) if isinstance(one, ast.ImportFrom)]
    assert imported
    for one in imported:
        folder = root.joinpath(*(one.module or "").split("."))
        names = [folder.with_suffix(".py")] if folder.with_suffix(".py").exists() else []
        files = names or [folder / f"{alias.name}.py" for alias in one.names]
        assert [path for path in files if path not in packed] == []
