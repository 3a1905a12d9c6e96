"""Builders of the nodes that run a model's own code: preprocessing, search and training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tfx.components.trainer.component import Trainer
from tfx.components.tuner.component import Tuner
from tfx.dsl.components.base.base_node import BaseNode
from tfx.proto import trainer_pb2, transform_pb2
from tfx.types.channel import OutputChannel

from components import user_code
from components.wide_tables.transform import Transform
from models.common.tuning import Search, search_space
from pipeline import nodes
from pipeline.config import model_files, project
from pipeline.config.model_config import ModelConfig
from pipeline.graph import frozen_values
from pipeline.graph.wiring import Wiring


def transform(wiring: Wiring) -> BaseNode:
    """Analyzes the train split; nothing is transformed or trained before the gate."""
    node = Transform(
        examples=wiring.examples,
        schema=wiring.schema,
        preprocessing_fn=user_code.PREPROCESSING_FN,
        splits_config=transform_pb2.SplitsConfig(analyze=["train"]),
        # Training reads the raw examples through the transform graph, as serving does, so no
        # transformed copy of the data is written.
        materialize=False,
        disable_statistics=True,
        disable_analyzer_cache=True,
        custom_config=user_code.transform_config(
            wiring.model,
            wiring.config.label.name,
            wiring.config.label.classes or (),
            *_code(wiring, nodes.TRANSFORM),
        ),
    )
    node.add_upstream_node(wiring.built[nodes.DATA_GATE])
    return node


def tuner(wiring: Wiring) -> BaseNode:
    """Searches hyperparameters."""
    search_space(wiring.model)  # What is wrong with it is told before the data is read.
    tuning = wiring.config.tuning
    search = Search(tuning.trials, tuning.epochs, tuning.objective, tuning.direction)
    node = Tuner(
        **_inputs(wiring),
        tuner_fn=user_code.TUNER_FN,
        custom_config=user_code.tuner_config(wiring.plan, search, *_code(wiring, nodes.TUNER)),
    )
    node.platform_config = wiring.target.training
    return node


def trainer(wiring: Wiring) -> BaseNode:
    """Trains with the Tuner's hyperparameters, or with fixed ones where there is no Tuner."""
    hyperparameters = fixed_hyperparameters(wiring.model, wiring.config)
    node = Trainer(
        **_inputs(wiring),
        schema=wiring.schema,
        run_fn=user_code.RUN_FN,
        hyperparameters=_tuned(wiring),
        custom_config=user_code.trainer_config(
            wiring.plan, hyperparameters, *_code(wiring, nodes.TRAINER)
        ),
    )
    node.platform_config = wiring.target.training
    return node


def fixed_hyperparameters(model: str, config: ModelConfig) -> dict[str, Any] | None:
    """The frozen values, completed by the search space's defaults; None where the Tuner searches.

    A model whose values are frozen for good may have no `search_space.py`.

    Raises:
        ConfigError: The frozen values are not readable, or not of the search space.
        ModelCodeError: The model's `search_space.py` raised.
    """
    if nodes.searches(model, config):
        return None
    frozen = model_files.frozen_hyperparameters(model) or {}
    if not (project.model_folder(model) / "search_space.py").exists():
        return frozen
    space = search_space(model)
    frozen_values.check(model, frozen, space)
    return space.values | frozen


def _code(wiring: Wiring, node: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """What of files and packages is in a node's cache key."""
    return wiring.code_hashes(node), wiring.package_versions(node)


def _inputs(wiring: Wiring) -> dict[str, Any]:
    return {
        "examples": wiring.examples,
        "transform_graph": wiring.output(nodes.TRANSFORM, "transform_graph"),
        # How long to train is the plan's to say; TFX only wants the messages to be there.
        "train_args": trainer_pb2.TrainArgs(),
        "eval_args": trainer_pb2.EvalArgs(),
    }


def _tuned(wiring: Wiring) -> OutputChannel | None:
    if nodes.TUNER not in wiring.built:
        return None
    return wiring.output(nodes.TUNER, "best_hyperparameters")
