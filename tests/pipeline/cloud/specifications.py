"""The taxi pipeline, compiled for each platform."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pipeline.cloud import compile, job
from pipeline.cloud.platforms.base import Platform
from pipeline.cloud.platforms.kfp import KubeflowPipelines
from pipeline.cloud.platforms.vertex import VertexAI
from pipeline.config import loading

IMAGE = "ghcr.io/me/pipeline:3f2c9a1b"
TARGETS: dict[str, Platform] = {
    "vertex": VertexAI.model_validate(
        {
            "project": "p",
            "region": "r",
            "bucket": "gs://b/folder",
            "data": "gs://b",
            "image": IMAGE,
            "training": {"cpus": 8, "memory_gb": 30, "accelerator": {"type": "T4"}},
        }
    ),
    "kfp": KubeflowPipelines(bucket="s3://b", data="gs://b", image=IMAGE),
}


def settings(target: str, **changes: Any) -> Platform:
    return TARGETS[target].model_copy(update=changes)


def compiled(folder: Path, target: str = "vertex", **options: Any) -> dict[str, Any]:
    """The specification of the taxi pipeline."""
    output = folder / "job.json"
    loaded = loading.load("taxi", options.pop("overrides", ()))
    where = options.pop("where", settings(target))
    compile.compile_to(output, "taxi", loaded, where, **options)
    return json.loads(output.read_text())["pipelineSpec"]


def containers(specification: dict[str, Any]) -> dict[str, Any]:
    executors = specification["deploymentSpec"]["executors"].items()
    return {
        name.removesuffix("_executor"): executor["container"]
        for name, executor in executors
        if "container" in executor
    }


def tasks(specification: Any) -> Any:
    return job.tasks_of(specification)
