"""The pipeline itself: one graph for every model and every runner."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow_data_validation as tfdv
from google.protobuf import text_format
from ml_metadata.proto import metadata_store_pb2
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx.components.bulk_inferrer.component import BulkInferrer
from tfx.components.evaluator.component import Evaluator
from tfx.components.example_validator.component import ExampleValidator
from tfx.components.pusher.component import Pusher as TfxPusher
from tfx.components.schema_gen.component import SchemaGen
from tfx.components.statistics_gen.component import StatisticsGen
from tfx.components.trainer.component import Trainer
from tfx.components.transform.component import Transform
from tfx.components.tuner.component import Tuner
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration import metadata
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import bulk_inferrer_pb2, pusher_pb2, trainer_pb2, transform_pb2
from tfx.types import standard_artifacts
from tfx.types.channel import BaseChannel, Channel

from components import latest_blessed, user_code
from components.data_gate import DataGate
from components.example_gen import ExampleGen
from components.frozen_schema import FrozenSchema
from components.pusher import Pusher
from components.serving_check import ServingCheck
from models.common.plan import Plan
from models.common.tuning import Search, search_space
from pipeline import nodes
from pipeline.config import beam_arguments, preflight, project
from pipeline.config.model_config import ModelConfig
from pipeline.config.target_schema import Beam
from pipeline.graph import eval_config
from pipeline.results import data_profile


def latest_other_blessed(trained: BaseChannel, serving: str) -> BaseNode:
    """Finds the baseline in ML Metadata."""
    return Resolver(
        strategy_class=latest_blessed.LatestOtherBlessedModel,
        candidate=trained,
        model=Channel(type=standard_artifacts.Model),
        model_blessing=Channel(type=standard_artifacts.ModelBlessing),
    )


def push_to_folder(serving: str, **inputs: BaseChannel) -> BaseNode:
    """Pushes to a folder or bucket that a server watches."""
    filesystem = pusher_pb2.PushDestination.Filesystem(base_directory=serving)
    # In a bucket nothing can be renamed, so the project's own would have nothing to add there.
    pusher = TfxPusher if "://" in serving else Pusher
    return pusher(**inputs, push_destination=pusher_pb2.PushDestination(filesystem=filesystem))


@dataclass(frozen=True)
class Target:
    """Where a pipeline runs, and where it keeps what it makes."""

    artifacts: str
    """Folder or bucket for artifacts; each pipeline has a folder of its own in it."""
    serving: str
    """Folder or bucket for pushed models; each model has a folder of its own in it."""
    keeps_metadata: bool = False
    """Whether ML Metadata is a SQLite file in the pipeline's folder, for runners that need one.
    Each model has its own: two processes that create the same one at once get errors."""
    name: Callable[[str], str] = str
    """From a model's name to the pipeline's."""
    data: str = str(project.ROOT)
    """The folder or bucket that a relative `data.path` is in."""
    data_hash: str | None = None
    """What changes when the data does; None: it is computed from the data."""
    beam: Beam | None = None
    """Where the data nodes run; None: where the model's configuration says."""
    training: Any = None
    """What Kubeflow needs to know of the machine that trains."""
    baseline: Callable[[BaseChannel, str], BaseNode] = latest_other_blessed
    """Makes the node that finds the model to beat, from the trained model and the serving folder.
    It has the output `model`."""
    evaluator: type[Evaluator] = Evaluator
    pusher: Callable[..., BaseNode] = push_to_folder
    """Makes the node that pushes, from the serving folder, the model and both blessings."""


LOCAL = Target(
    artifacts=str(project.RUNS),
    serving=str(project.SERVING_MODELS),
    keeps_metadata=True,
)


def frozen_schema(model: str, root: Path = project.ROOT) -> str | None:
    """The model's frozen schema, where there is one."""
    path = project.model_folder(model, root) / project.SCHEMA
    return path.read_text(encoding="utf-8") if path.exists() else None


def frozen_hyperparameters(model: str, root: Path = project.ROOT) -> dict[str, Any] | None:
    """The model's frozen hyperparameters by name, where there are any."""
    path = project.model_folder(model, root) / project.HYPERPARAMETERS
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def fixed_hyperparameters(model: str, config: ModelConfig) -> dict[str, Any] | None:
    """The frozen values, completed by the search space's defaults; None where the Tuner searches.

    Raises:
        ModelCodeError: The model's `search_space.py` raised.
    """
    if nodes.searches(model, config):
        return None
    return search_space(model).values | (frozen_hyperparameters(model) or {})


def create_pipeline(model: str, config: ModelConfig, target: Target = LOCAL) -> Pipeline:
    """Wires the nodes of a model's pipeline.

    Args:
        model: The model's name.
        config: Its validated configuration.
        target: Where artifacts and pushed models go.

    Raises:
        ProjectError: The configuration or the model's code is not usable.
    """
    name = target.name(model)
    root = f"{target.artifacts}/{name}"
    return Pipeline(
        pipeline_name=name,
        pipeline_root=root,
        components=_components(model, config, target),
        enable_cache=True,
        metadata_connection_config=_metadata(target, root),
        beam_pipeline_args=_beam_args(target.beam or config.beam),
    )


def _components(model: str, config: ModelConfig, target: Target) -> list[BaseNode]:
    plan = _plan(model, config)

    serving = f"{target.serving}/{config.serving.name or model}"

    example_gen = ExampleGen(
        preflight.table_source(config, target.data),
        config.splits.model_dump(),
        preflight.hints(model),
        target.data_hash,
    )
    examples = example_gen.outputs["examples"]
    statistics_gen = StatisticsGen(
        examples=examples,
        stats_options=tfdv.StatsOptions(num_quantiles_histogram_buckets=data_profile.QUANTILES),
    )
    statistics = statistics_gen.outputs["statistics"]
    schema_gen = SchemaGen(statistics=statistics, infer_feature_shape=True)
    schema = schema_gen.outputs["schema"]
    components = [example_gen, statistics_gen, schema_gen]
    schema_text = frozen_schema(model)
    if schema_text is not None:
        frozen = FrozenSchema(text=schema_text)
        schema = frozen.outputs["schema"]
        components.append(frozen)

    example_validator = ExampleValidator(statistics=statistics, schema=schema)
    gate = DataGate(
        anomalies=example_validator.outputs["anomalies"],
        statistics=statistics,
        stop_on=config.validation.stop_on,
        inputs=json.dumps(plan.inputs),
        label_columns=json.dumps(plan.label_columns),
        least_present=json.dumps(_least_present(schema_text)),
    )

    # Training reads the raw examples through the transform graph, as serving does, so no
    # transformed copy of the data is written.
    transform = Transform(
        examples=examples,
        schema=schema,
        preprocessing_fn=user_code.PREPROCESSING_FN,
        splits_config=transform_pb2.SplitsConfig(analyze=["train"]),
        materialize=False,
        disable_statistics=True,
        disable_analyzer_cache=True,
        custom_config=user_code.transform_config(model),
    )
    transform.add_upstream_node(gate)
    transform_graph = transform.outputs["transform_graph"]
    components += [example_validator, gate, transform]

    hyperparameters, tuned = fixed_hyperparameters(model, config), None
    # How long to train is the plan's to say; TFX only wants the messages to be there.
    train_args, eval_args = trainer_pb2.TrainArgs(), trainer_pb2.EvalArgs()
    if hyperparameters is None:
        tuner = Tuner(
            examples=examples,
            transform_graph=transform_graph,
            tuner_fn=user_code.TUNER_FN,
            train_args=train_args,
            eval_args=eval_args,
            custom_config=user_code.tuner_config(plan, _search(config)),
        )
        tuner.platform_config = target.training
        tuned = tuner.outputs["best_hyperparameters"]
        components.append(tuner)
    trainer = Trainer(
        examples=examples,
        transform_graph=transform_graph,
        schema=schema,
        run_fn=user_code.RUN_FN,
        hyperparameters=tuned,
        train_args=train_args,
        eval_args=eval_args,
        custom_config=user_code.trainer_config(plan, hyperparameters),
    )
    trainer.platform_config = target.training
    trained = trainer.outputs["model"]

    resolver = target.baseline(trained, serving).with_id(nodes.RESOLVER)
    evaluator = target.evaluator(
        examples=examples,
        model=trained,
        baseline_model=resolver.outputs["model"],
        schema=schema,
        example_splits=["test"],
        eval_config=eval_config.eval_config(model, config),
    ).with_id(nodes.EVALUATOR)
    serving_check = ServingCheck(model=trained)
    pusher = target.pusher(
        serving,
        model=trained,
        model_blessing=evaluator.outputs["blessing"],
        infra_blessing=serving_check.outputs["blessing"],
    ).with_id(nodes.PUSHER)
    judged = [*components, trainer, resolver, evaluator, serving_check, pusher]
    if config.batch_prediction is None:
        return judged
    batch = ExampleGen(
        preflight.source_of(config.batch_prediction, target.data),
        config.splits.model_dump(),
        preflight.hints(model),
        target.data_hash,
    ).with_id(nodes.BATCH_EXAMPLES)
    batch.add_upstream_node(pusher)
    bulk_inferrer = BulkInferrer(
        examples=batch.outputs["examples"],
        model=trained,
        # Without a blessing it would predict with any model.
        model_blessing=evaluator.outputs["blessing"],
        model_spec=bulk_inferrer_pb2.ModelSpec(model_signature_name=["serving_examples"]),
    )
    return [*judged, batch, bulk_inferrer]


def _beam_args(beam: Beam) -> list[str]:
    """The configured Beam arguments, and those that save time whatever the runner.

    Beam's type check is of its own pipelines, not of the data. And for runners without an image of
    their own to run in, TFX builds a source distribution of itself in each node, to install on
    workers; in this process there is nothing to install.
    """
    args = [*beam.args, "--no_pipeline_type_check"]
    if beam_arguments.runner(args) in beam_arguments.IN_PROCESS:
        args.append("--sdk_container_image=none")
    return args


def _least_present(schema_text: str | None) -> dict[str, float]:
    """The share of the rows that needs to have a value, by column, as a frozen schema says."""
    # An inferred schema says nothing here: it is made from the very data.
    schema = text_format.Parse(schema_text or "", schema_pb2.Schema())
    return {feature.name: feature.presence.min_fraction for feature in schema.feature}


def _plan(model: str, config: ModelConfig) -> Plan:
    features = importlib.import_module(f"models.{model}.features")
    training = config.training
    return Plan(
        model=model,
        label=config.label.name,
        label_columns=config.label.columns,
        inputs=tuple(features.INPUTS),
        epochs=training.epochs,
        batch_size=training.batch_size,
        steps_per_epoch=training.steps_per_epoch,
        early_stopping_patience=training.early_stopping_patience,
        known_answers=config.serving.check_rows,
    )


def _search(config: ModelConfig) -> Search:
    tuning = config.tuning
    return Search(tuning.trials, tuning.epochs, tuning.objective, tuning.direction)


def _metadata(target: Target, root: str) -> metadata_store_pb2.ConnectionConfig | None:
    if not target.keeps_metadata:
        return None
    Path(root).mkdir(parents=True, exist_ok=True)
    return metadata.sqlite_metadata_connection_config(f"{root}/metadata.db")
