"""The pipeline itself: one graph for every model and every runner."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.base.base_node import BaseNode
from tfx.orchestration import metadata
from tfx.orchestration.pipeline import Pipeline

from pipeline import nodes
from pipeline.config import project
from pipeline.config.beam import arguments as beam_arguments
from pipeline.config.model_config import ModelConfig
from pipeline.config.target_schema import Beam
from pipeline.graph import data, release, training
from pipeline.graph.target import LOCAL, Target
from pipeline.graph.wiring import Wiring
from pipeline.record.atomic_file import make_folder

BUILDERS: dict[str, Callable[[Wiring], BaseNode]] = {
    nodes.EXAMPLE_GEN: data.example_gen,
    nodes.STATISTICS_GEN: data.statistics_gen,
    nodes.SCHEMA_GEN: data.schema_gen,
    nodes.FROZEN_SCHEMA: data.frozen_schema,
    nodes.EXAMPLE_VALIDATOR: data.example_validator,
    nodes.DATA_GATE: data.data_gate,
    nodes.TRANSFORM: training.transform,
    nodes.TUNER: training.tuner,
    nodes.TRAINER: training.trainer,
    nodes.RESOLVER: release.resolver,
    nodes.EVALUATOR: release.evaluator,
    nodes.SERVING_CHECK: release.serving_check,
    nodes.REFERENCE_PROFILE: release.reference_profile,
    nodes.PUSHER: release.pusher,
    nodes.BATCH_EXAMPLES: release.batch_examples,
    nodes.BULK_INFERRER: release.bulk_inferrer,
    nodes.YARDSTICK: release.yardstick,
}
"""How each node of `pipeline.nodes` is built, given those before it."""


def create_pipeline(model: str, config: ModelConfig, target: Target = LOCAL) -> Pipeline:
    """Builds the nodes of a model's pipeline.

    Args:
        model: The model's name.
        config: Its validated configuration.
        target: Where artifacts and pushed models go.

    Raises:
        ProjectError: The configuration or the model's code is not usable.
    """
    wiring = Wiring(model, config, target)
    for name in nodes.of_model(model, config):
        wiring.built[name] = BUILDERS[name](wiring).with_id(name)
    name = target.name(model)
    root = f"{project.without_glob(target.artifacts)}/{name}"
    return Pipeline(
        pipeline_name=name,
        pipeline_root=root,
        components=list(wiring.built.values()),
        enable_cache=True,
        metadata_connection_config=_metadata(target, root),
        beam_pipeline_args=_beam_args(target.beam or config.beam),
    )


def _beam_args(beam: Beam) -> list[str]:
    """The configured Beam arguments, and those that save time whatever the runner.

    Beam's type check is of its own pipelines, not of the data. And for runners without an image of
    their own to run in, TFX builds a source distribution of itself in each node, to install on
    workers; workers without a container have this project's environment already.
    """
    args = [*beam.args, "--no_pipeline_type_check"]
    given = beam_arguments.options(args)
    if not beam_arguments.has_containers(args) and "sdk_container_image" not in given:
        args.append("--sdk_container_image=none")
    return args


def _metadata(target: Target, root: str) -> metadata_store_pb2.ConnectionConfig | None:
    if not target.keeps_metadata:
        return None
    make_folder(Path(root), private=True)  # Artifacts hold rows, and parameters the config.
    return metadata.sqlite_metadata_connection_config(f"{root}/metadata.db")
