"""A job whose specification no test has to compile."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from pipeline.cloud.job import Job


def small_job(folder: Path, suffix: str, **changes: Any) -> Job:
    """A job of one task that may be cached, with a file that ends in `suffix`."""
    specification = {
        "pipelineInfo": {"name": "m"},
        "defaultPipelineRoot": "gs://b/runs/m",
        "schemaVersion": "2.1.0",
        "sdkVersion": "tfx",
        "deploymentSpec": {"executors": {"executor": {"container": {"image": "r/p:1"}}}},
        "components": {"component": {"executorLabel": "executor"}},
        "root": {
            "dag": {
                "tasks": {
                    "a": {
                        "componentRef": {"name": "component"},
                        "taskInfo": {"name": "a"},
                        "cachingOptions": {"enableCache": True},
                    }
                }
            }
        },
    }
    path = folder / f"m{suffix}"
    if suffix == ".json":
        path.write_text(json.dumps({"pipelineSpec": specification, "runtimeConfig": {}}))
    else:
        path.write_text(yaml.safe_dump(specification))
    return Job(**{"name": "m-1", "model": "m", "specification": path, "labels": {}, **changes})
