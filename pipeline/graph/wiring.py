"""What the builders of nodes have at hand: the model, its target, and the nodes built so far."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from tensorflow_model_analysis.proto import config_pb2
from tfx.dsl.components.base.base_node import BaseNode
from tfx.types.channel import OutputChannel

from components import code_hash
from models.common.plan import Plan
from pipeline import nodes
from pipeline.config import model_files
from pipeline.config.model_config import ModelConfig
from pipeline.graph import eval_config
from pipeline.graph.target import Target


@dataclass
class Wiring:
    """A pipeline that is being built, node by node."""

    model: str
    """The model's name."""
    config: ModelConfig
    target: Target
    built: dict[str, BaseNode] = field(default_factory=dict)
    """The nodes so far, by name."""

    def output(self, node: str, key: str) -> OutputChannel:
        """An output of a node that has been built."""
        return self.built[node].outputs[key]

    @property
    def examples(self) -> OutputChannel:
        """The examples that the model is made from."""
        return self.output(nodes.EXAMPLE_GEN, "examples")

    @property
    def schema(self) -> OutputChannel:
        """The frozen schema, or the inferred one where none is frozen."""
        frozen = nodes.FROZEN_SCHEMA in self.built
        return self.output(nodes.FROZEN_SCHEMA if frozen else nodes.SCHEMA_GEN, "schema")

    @property
    def trained(self) -> OutputChannel:
        """The candidate."""
        return self.output(nodes.TRAINER, "model")

    @property
    def serving(self) -> str:
        """The folder or bucket of the model's pushed versions."""
        return f"{self.target.serving}/{self.config.serving.name or self.model}"

    @functools.cached_property
    def schema_text(self) -> str | None:
        """The frozen schema as text; None where there is none."""
        return model_files.frozen_schema_text(self.model)

    @functools.cached_property
    def eval_config(self) -> config_pb2.EvalConfig:
        """What TFMA has to know; what is wrong with a metric is told here."""
        return eval_config.eval_config(self.model, self.config)

    @functools.cached_property
    def plan(self) -> Plan:
        """What the configuration says of training."""
        features = importlib.import_module(f"models.{self.model}.features")
        label, training, splits = self.config.label, self.config.training, self.config.splits
        return Plan(
            model=self.model,
            label=label.name,
            label_columns=label.columns,
            inputs=tuple(features.INPUTS),
            epochs=training.epochs,
            batch_size=training.batch_size,
            steps_per_epoch=training.steps_per_epoch,
            early_stopping_patience=training.early_stopping_patience,
            early_stopping_monitor=training.early_stopping_monitor,
            early_stopping_direction=training.early_stopping_direction,
            learning_rate_decay=training.learning_rate_decay,
            precision=training.precision,
            strategy=training.strategy,
            seed=training.seed,
            known_answers=self.config.serving.check_rows,
            label_output=label.output,
            other_labels=label.other_outputs,
            weight=label.weight,
            class_weights=training.class_weights,
            split_by_row=not (splits.by or splits.time or splits.given),
        )

    def code_hashes(self, node: str) -> Mapping[str, str]:
        """Hashes of the source files that are in a node's cache key, by path."""
        return code_hash.file_hashes(*nodes.SPECS[node].code_of(self.model))

    def package_versions(self, node: str) -> Mapping[str, str]:
        """Versions of the packages that are in a node's cache key, by name."""
        return code_hash.package_versions(*nodes.SPECS[node].code_of(self.model))
