"""The taxi pipeline as TFX compiles it, to look into."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tfx.dsl.compiler import compiler

from pipeline.config import loading
from pipeline.config.model_config import ModelConfig
from pipeline.graph.pipeline import create_pipeline
from pipeline.graph.target import Target


def load(*overrides: str) -> ModelConfig:
    return loading.load("taxi", overrides)


def compiled(settings: ModelConfig, folder: Path, *, database: bool = True) -> dict[str, Any]:
    """The nodes of the taxi pipeline's compiled form, by name."""
    target = Target(
        artifacts=str(folder / "runs"),
        serving=str(folder / "serving"),
        keeps_metadata=database,
    )
    graph = compiler.Compiler().compile(create_pipeline("taxi", settings, target))
    return {node.pipeline_node.node_info.id: node.pipeline_node for node in graph.nodes}


def sources(node: Any, key: str) -> set[tuple[str, str]]:
    """The nodes and outputs that an input comes from."""
    return {
        (channel.producer_node_query.id, channel.output_key)
        for channel in node.inputs.inputs[key].channels
    }


def parameter(node: Any, key: str) -> Any:
    value = node.parameters.parameters[key].field_value
    text = value.string_value
    return json.loads(text) if text[:1] in ("{", "[") else text
