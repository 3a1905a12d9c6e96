"""The pipeline's nodes by name, in the order in which they run.

The names are known here without importing TFX, for the views that show a run before it has started.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pipeline import project
from pipeline.config import ModelConfig

EXAMPLE_GEN = "ExampleGen"
STATISTICS_GEN = "StatisticsGen"
SCHEMA_GEN = "SchemaGen"
FROZEN_SCHEMA = "FrozenSchema"
EXAMPLE_VALIDATOR = "ExampleValidator"
DATA_GATE = "DataGate"
TRANSFORM = "Transform"
TUNER = "Tuner"
TRAINER = "Trainer"
RESOLVER = "Resolver"
EVALUATOR = "Evaluator"
SERVING_CHECK = "ServingCheck"
PUSHER = "Pusher"

PURPOSE = {
    EXAMPLE_GEN: "reads the data and splits it",
    STATISTICS_GEN: "describes every feature",
    SCHEMA_GEN: "infers a schema",
    FROZEN_SCHEMA: "takes the model's frozen schema",
    EXAMPLE_VALIDATOR: "compares data and schema",
    DATA_GATE: "stops on anomalies",
    TRANSFORM: "preprocesses the examples",
    TUNER: "searches hyperparameters",
    TRAINER: "trains and exports the model",
    RESOLVER: "finds the latest blessed model",
    EVALUATOR: "judges the model on the test split",
    SERVING_CHECK: "asks the export as a server would",
    PUSHER: "pushes a blessed model",
}

_UPSTREAM = {
    EXAMPLE_GEN: [],
    STATISTICS_GEN: [EXAMPLE_GEN],
    SCHEMA_GEN: [STATISTICS_GEN],
    FROZEN_SCHEMA: [],
    EXAMPLE_VALIDATOR: [STATISTICS_GEN, SCHEMA_GEN, FROZEN_SCHEMA],
    DATA_GATE: [STATISTICS_GEN, EXAMPLE_VALIDATOR],
    TRANSFORM: [EXAMPLE_GEN, SCHEMA_GEN, FROZEN_SCHEMA, DATA_GATE],
    TUNER: [EXAMPLE_GEN, TRANSFORM],
    TRAINER: [EXAMPLE_GEN, SCHEMA_GEN, FROZEN_SCHEMA, TRANSFORM, TUNER],
    RESOLVER: [TRAINER],
    EVALUATOR: [EXAMPLE_GEN, SCHEMA_GEN, FROZEN_SCHEMA, TRAINER, RESOLVER],
    SERVING_CHECK: [TRAINER],
    PUSHER: [TRAINER, EVALUATOR, SERVING_CHECK],
}


def upstream(name: str, names: Collection[str]) -> list[str]:
    """The nodes that a node waits for, in a pipeline that has the nodes `names`."""
    unused = SCHEMA_GEN if FROZEN_SCHEMA in names else None
    return [other for other in _UPSTREAM[name] if other in names and other != unused]


def of_model(model: str, config: ModelConfig, root: Path = project.ROOT) -> list[str]:
    """The nodes of a model's pipeline: two of them depend on what is in its folder."""
    folder = project.model_folder(model, root)
    left_out = set()
    if not (folder / project.SCHEMA).exists():
        left_out.add(FROZEN_SCHEMA)
    if not searches(model, config, root):
        left_out.add(TUNER)
    return [name for name in PURPOSE if name not in left_out]


def searches(model: str, config: ModelConfig, root: Path = project.ROOT) -> bool:
    """Whether the Tuner searches hyperparameters, by the config's `tuning.mode`."""
    frozen = (project.model_folder(model, root) / project.HYPERPARAMETERS).exists()
    mode = config.tuning.mode
    return mode == "always" or (mode == "when_missing" and not frozen)
