"""The pipeline's nodes: one `NodeSpec` each, in the order in which they run.

Whatever the project says of a node stands here once, but for how it is built, which is one function
in `pipeline.graph`. Nothing here imports TFX, so that a run can be shown before it has started.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from models.common.errors import RunError, did_you_mean
from pipeline.config import model_files, project
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
REFERENCE_PROFILE = "ReferenceProfile"
PUSHER = "Pusher"
YARDSTICK = "Yardstick"
BATCH_EXAMPLES = "BatchExamples"
BULK_INFERRER = "BulkInferrer"

ALL = "all"
"""Stands for every node where nodes are named."""

_FEATURES = "models/{model}/features.py"
_SCHEMA = f"models/{{model}}/{model_files.SCHEMA}"
_HYPERPARAMETERS = f"models/{{model}}/{model_files.HYPERPARAMETERS}"


_TARGET = ("label.name", "label.columns", "label.weight", "label.output", "label.other_outputs")
"""What a network learns, of the config's `label`."""


def _always(model: str, config: ModelConfig, root: Path) -> bool:
    return True


def _has_frozen_schema(model: str, config: ModelConfig, root: Path) -> bool:
    return model_files.schema_path(model, root).exists()


def searches(model: str, config: ModelConfig, root: Path = project.ROOT) -> bool:
    """Whether the Tuner searches hyperparameters, by the config's `tuning.mode`."""
    frozen = model_files.hyperparameters_path(model, root).exists()
    mode = config.tuning.mode
    return mode == "always" or (mode == "when_missing" and not frozen)


def _predicts_batches(model: str, config: ModelConfig, root: Path) -> bool:
    return config.batch_prediction is not None


def _compares(model: str, config: ModelConfig, root: Path) -> bool:
    return config.evaluation.compares


def _has_yardstick(model: str, config: ModelConfig, root: Path) -> bool:
    return config.evaluation.yardstick


@dataclass(frozen=True)
class NodeSpec:
    """What the project knows of a node beside how it is built."""

    name: str
    """Its id in the pipeline; it is unique."""
    purpose: str
    """What it does, in a few words for the views of a run."""
    upstream: tuple[str, ...] = ()
    """The nodes that it waits for, where the pipeline has them; each stands before it."""
    config_keys: tuple[str, ...] = ()
    """The keys of a model's config that reach its parameters, and so its cache key."""
    parameter_files: Mapping[str, str] = field(default_factory=dict)
    """The file that a parameter is read from, by the parameter's name, where no key of the config
    sets it. `{model}`, `{data}` and `{batch}` stand for the model's name and for the paths of its
    data and of the rows of batch prediction."""
    code: tuple[str, ...] = ()
    """The modules whose files, and those of all that they import under `models/`, are in its cache
    key. `{model}` stands for the model's name."""
    imports: tuple[str, ...] = ()
    """What else of `models/` it imports when it runs: its bundle in the cloud has that too."""
    required_inputs: Mapping[str, str] = field(default_factory=dict)
    """The inputs that no compiled pipeline may be without, each with the node that it comes
    from, where the pipeline has that node."""
    results: str | None = None
    """The function in `pipeline.results.readers` that reads its artifacts into the run's record;
    None where nothing of them is recorded."""
    replaces: str | None = None
    """The node in whose place its output is used; None: it replaces none."""
    reason_to_run: str | None = None
    """Why it runs in every run, where it has no cache; None where it has one."""
    is_gate: bool = False
    """Whether it fails where it finds fault with data or model, which no second try changes."""
    is_optional: bool = False
    """Whether a run ends as it would without it, however it fares; nothing depends on it."""
    runs_beside: bool = False
    """Whether others may be run meanwhile, where there is a second process to run it."""
    does_not_await: tuple[str, ...] = ()
    """The gates among `upstream` that it uses nothing of: where it runs beside others it begins
    before them, and what follows it waits for both."""
    is_present: Callable[[str, ModelConfig, Path], bool] = _always
    """Whether a model's pipeline has it, by the model's name, its config and the project's root."""

    def code_of(self, model: str) -> tuple[str, ...]:
        """The modules of `code`, for one model."""
        return tuple(module.format(model=model) for module in self.code)

    def imports_of(self, model: str) -> tuple[str, ...]:
        """All modules of `models/` that it imports, for one model."""
        return tuple(module.format(model=model) for module in (*self.code, *self.imports))


NODES = (
    NodeSpec(
        EXAMPLE_GEN,
        "reads the data and splits it",
        config_keys=("data", "splits", "label.columns", "label.missing", "beam"),
        parameter_files={"data_hash": "{data}", "hints": _SCHEMA},
        results="read_examples",
    ),
    NodeSpec(
        STATISTICS_GEN,
        "describes every feature",
        upstream=(EXAMPLE_GEN,),
        config_keys=("beam",),
        results="read_statistics",
    ),
    NodeSpec(
        SCHEMA_GEN,
        "infers a schema",
        upstream=(STATISTICS_GEN,),
        results="read_schema",
    ),
    NodeSpec(
        FROZEN_SCHEMA,
        "takes the model's frozen schema",
        parameter_files={"text": _SCHEMA},
        runs_beside=True,
        results="read_schema",
        replaces=SCHEMA_GEN,
        is_present=_has_frozen_schema,
    ),
    NodeSpec(
        EXAMPLE_VALIDATOR,
        "compares data and schema",
        upstream=(STATISTICS_GEN, SCHEMA_GEN, FROZEN_SCHEMA),
    ),
    NodeSpec(
        DATA_GATE,
        "stops on anomalies",
        upstream=(EXAMPLE_GEN, STATISTICS_GEN, EXAMPLE_VALIDATOR),
        config_keys=("validation", "label.columns", "label.weight"),
        parameter_files={"inputs": _FEATURES, "least_present": _SCHEMA, "scalars": _SCHEMA},
        results="read_anomalies",
        is_gate=True,
    ),
    NodeSpec(
        TRANSFORM,
        "preprocesses the examples",
        upstream=(EXAMPLE_GEN, SCHEMA_GEN, FROZEN_SCHEMA, DATA_GATE),
        runs_beside=True,
        does_not_await=(DATA_GATE,),
        config_keys=("label.name", "label.classes", "beam"),
        code=("models.{model}.preprocessing", "models.common.labels.encoding"),
        imports=("models.common.model_folder", "models.common.labels.preprocessing_outputs"),
    ),
    NodeSpec(
        TUNER,
        "searches hyperparameters",
        upstream=(EXAMPLE_GEN, TRANSFORM),
        config_keys=(
            *(*_TARGET, "training.batch_size", "training.steps_per_epoch"),
            *("training.class_weights", "training.learning_rate_decay", "training.precision"),
            "training.strategy",
            *("tuning.trials", "tuning.epochs", "tuning.objective", "tuning.direction"),
        ),
        parameter_files={"custom_config.plan.inputs": _FEATURES},
        # The network is not among its code: an edited layer trains with the hyperparameters that
        # were found before, instead of searching again.
        code=("models.{model}.search_space", "models.common.tuning"),
        imports=("models.{model}.model", "models.common.training"),
        results="read_search",
        is_present=searches,
    ),
    NodeSpec(
        TRAINER,
        "trains and exports the model",
        upstream=(EXAMPLE_GEN, SCHEMA_GEN, FROZEN_SCHEMA, TRANSFORM, TUNER),
        config_keys=(*_TARGET, "training", "serving.check_rows"),
        parameter_files={
            "custom_config.plan.inputs": _FEATURES,
            "custom_config.hyperparameters": _HYPERPARAMETERS,
        },
        code=("models.{model}.model", "models.common.training"),
        results="read_training",
    ),
    NodeSpec(
        RESOLVER,
        "finds the latest blessed model",
        upstream=(TRAINER,),
        reason_to_run="looks anew in each run",
        is_present=_compares,
    ),
    NodeSpec(
        EVALUATOR,
        "judges the model on the test split",
        upstream=(EXAMPLE_GEN, SCHEMA_GEN, FROZEN_SCHEMA, TRAINER, RESOLVER),
        config_keys=(
            *("label.name", "label.output", "label.weight"),
            *("evaluation.metrics", "evaluation.slices", "evaluation.unreadable_baseline"),
            *("evaluation.images", "evaluation.worst_rows", "evaluation.confidence_intervals"),
            *("serving.name", "beam"),
        ),
        code=("models.{model}.metrics",),
        imports=("models.common.model_folder",),
        required_inputs={"model": TRAINER, "baseline_model": RESOLVER},
        results="read_evaluation",
    ),
    NodeSpec(
        SERVING_CHECK,
        "asks the export as a server would",
        upstream=(TRAINER,),
        code=("components.serving_check",),
        runs_beside=True,
        required_inputs={"model": TRAINER},
        is_gate=True,
    ),
    NodeSpec(
        REFERENCE_PROFILE,
        "describes what monitoring compares with",
        upstream=(EXAMPLE_GEN, TRANSFORM, TRAINER, EVALUATOR),
        # Where the serving check is, and with it the model that both ask.
        runs_beside=True,
        config_keys=(
            *("label.name", "label.columns", "label.output"),
            *("evaluation.metrics", "monitoring.label"),
        ),
        code=("components.profile.component",),
        required_inputs={"model": TRAINER, "blessing": EVALUATOR},
        results="read_reference_profile",
    ),
    NodeSpec(
        PUSHER,
        "pushes a blessed model",
        upstream=(TRAINER, EVALUATOR, SERVING_CHECK, REFERENCE_PROFILE),
        config_keys=("serving.name",),
        required_inputs={
            "model": TRAINER,
            "model_blessing": EVALUATOR,
            "infra_blessing": SERVING_CHECK,
        },
        results="read_pushed_model",
    ),
    NodeSpec(
        BATCH_EXAMPLES,
        "reads the rows to predict for",
        upstream=(PUSHER,),
        config_keys=("batch_prediction", "beam"),
        parameter_files={"data_hash": "{batch}", "hints": _SCHEMA},
        is_present=_predicts_batches,
    ),
    NodeSpec(
        BULK_INFERRER,
        "predicts with a blessed model",
        upstream=(TRAINER, EVALUATOR, BATCH_EXAMPLES),
        config_keys=("beam",),
        # Without a blessing it would predict with any model.
        required_inputs={"model_blessing": EVALUATOR},
        is_present=_predicts_batches,
    ),
    NodeSpec(
        # The last, so that no push waits for it.
        YARDSTICK,
        "fits gradient boosting to compare with",
        upstream=(EXAMPLE_GEN, TRANSFORM),
        config_keys=("label.name", "label.weight", "evaluation.slices"),
        parameter_files={
            "inputs": _FEATURES,
            "metrics": "evaluation.metrics in models/{model}/config.yaml",
        },
        code=(
            "components.yardstick.component",
            "components.yardstick.boosting",
            "models.{model}.metrics",
        ),
        results="read_yardstick",
        is_optional=True,
        is_present=_has_yardstick,
    ),
)
"""Every node that a pipeline may have, each after those that it waits for."""

SPECS: Mapping[str, NodeSpec] = {spec.name: spec for spec in NODES}
"""The same by name."""

ORDER = tuple(SPECS)
"""The names, in the order in which the nodes run."""


def upstream(name: str, names: Collection[str]) -> list[str]:
    """The nodes that a node waits for, in a pipeline that has the nodes `names`."""
    replaced = {SPECS[other].replaces for other in names if other in SPECS}
    return [other for other in SPECS[name].upstream if other in names and other not in replaced]


def followers(of: Collection[str], names: Collection[str]) -> set[str]:
    """The nodes `of` and all that wait for them, directly or not, among the nodes `names`."""
    found = set(of)
    for name in ORDER:
        if name in names and found.intersection(upstream(name, names)):
            found.add(name)
    return found


def needed_for(name: str, names: Collection[str]) -> set[str]:
    """A node and all that it waits for, directly or not, in a pipeline with the nodes `names`."""
    found, waiting = {name}, [name]
    while waiting:
        new = [other for other in upstream(waiting.pop(), names) if other not in found]
        found.update(new)
        waiting.extend(new)
    return found


def purpose(name: str) -> str:
    """What a node does; nothing for one that is not known here."""
    return SPECS[name].purpose if name in SPECS else ""


def select(wanted: Sequence[str], names: Sequence[str]) -> list[str]:
    """The nodes that somebody named, or every node for ALL.

    Raises:
        RunError: There is no such node.
    """
    for name in wanted:
        if name != ALL:
            check(name, names)
    return list(names if ALL in wanted else wanted)


def check(name: str, names: Sequence[str]) -> None:
    """Refuses the name of a node that a pipeline does not have.

    Raises:
        RunError: There is no such node.
    """
    if name not in names:
        raise RunError(
            f"There is no node '{name}'{did_you_mean(name, names)}",
            f"The pipeline has: {', '.join(names)}.",
            "Correct the name, or leave it out for all nodes.",
        )


def of_model(model: str, config: ModelConfig, root: Path = project.ROOT) -> list[str]:
    """The nodes of a model's pipeline: some depend on its config and on what is in its folder."""
    return [spec.name for spec in NODES if spec.is_present(model, config, root)]
