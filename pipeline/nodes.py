"""The pipeline's nodes by name, in the order in which they run.

The names are known here without importing TFX, for the views that show a run before it has started.
"""

from __future__ import annotations

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


def in_order(*, frozen_schema: bool, tuner: bool) -> list[str]:
    """The nodes of a pipeline with or without the two that depend on a model's folder."""
    left_out = {name for name, used in ((FROZEN_SCHEMA, frozen_schema), (TUNER, tuner)) if not used}
    return [name for name in PURPOSE if name not in left_out]
