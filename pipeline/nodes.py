"""The pipeline's nodes by name, in the order in which they run.

The names are known here without importing TFX, for the views that show a run before it has started.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from models.common.errors import RunError, did_you_mean
from pipeline.config import project
from pipeline.config.model_config import ModelConfig

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
BATCH_EXAMPLES = "BatchExamples"
BULK_INFERRER = "BulkInferrer"

ALL = "all"
"""Stands for every node where nodes are named."""

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
"""What each node of every pipeline does."""

BATCH_PREDICTION = {
    BATCH_EXAMPLES: "reads the rows to predict for",
    BULK_INFERRER: "predicts with a blessed model",
}
"""The nodes that a pipeline has if its config has `batch_prediction`."""

ORDER = (*PURPOSE, *BATCH_PREDICTION)
"""All nodes, in the order in which they run."""

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
    BATCH_EXAMPLES: [PUSHER],
    BULK_INFERRER: [TRAINER, EVALUATOR, BATCH_EXAMPLES],
}


def upstream(name: str, names: Collection[str]) -> list[str]:
    """The nodes that a node waits for, in a pipeline that has the nodes `names`."""
    unused = SCHEMA_GEN if FROZEN_SCHEMA in names else None
    return [other for other in _UPSTREAM[name] if other in names and other != unused]


def followers(of: Collection[str], names: Collection[str]) -> set[str]:
    """The nodes `of` and all that wait for them, directly or not, among the nodes `names`."""
    found = set(of)
    for name in ORDER:
        if name in names and found.intersection(upstream(name, names)):
            found.add(name)
    return found


def purpose(name: str) -> str:
    """What a node does; nothing for one that is not known here."""
    return PURPOSE.get(name) or BATCH_PREDICTION.get(name, "")


def known(wanted: Sequence[str], names: Sequence[str]) -> list[str]:
    """The nodes that somebody named, or every node for ALL.

    Raises:
        RunError: There is no such node.
    """
    for name in wanted:
        if name not in names and name != ALL:
            raise RunError(
                f"There is no node '{name}'{did_you_mean(name, names)}",
                f"The pipeline has: {', '.join(names)}.",
                "Correct the name, or leave it out for all nodes.",
            )
    return list(names if ALL in wanted else wanted)


def of_model(model: str, config: ModelConfig, root: Path = project.ROOT) -> list[str]:
    """The nodes of a model's pipeline: some depend on its config and on what is in its folder."""
    folder = project.model_folder(model, root)
    left_out = set() if config.batch_prediction else set(BATCH_PREDICTION)
    if not (folder / project.SCHEMA).exists():
        left_out.add(FROZEN_SCHEMA)
    if not searches(model, config, root):
        left_out.add(TUNER)
    return [name for name in ORDER if name not in left_out]


def searches(model: str, config: ModelConfig, root: Path = project.ROOT) -> bool:
    """Whether the Tuner searches hyperparameters, by the config's `tuning.mode`."""
    frozen = (project.model_folder(model, root) / project.HYPERPARAMETERS).exists()
    mode = config.tuning.mode
    return mode == "always" or (mode == "when_missing" and not frozen)
