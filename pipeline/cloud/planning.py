"""What is known of a compiled pipeline's runs before they start, for the exit handler's plan."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from pipeline import nodes
from pipeline.cloud import spec_check
from pipeline.cloud.job import tasks_of
from pipeline.cloud.platforms.base import UNKNOWN, Platform
from pipeline.cloud.recording import plan as plans
from pipeline.cloud.recording.plan import Plan, Task
from pipeline.config.model_config import ModelConfig
from pipeline.graph.training import fixed_hyperparameters
from pipeline.record import provenance, run_record

_NEVER = datetime.fromtimestamp(0, timezone.utc)


def plan(
    specification: Mapping[str, Any],
    model: str,
    config: ModelConfig,
    platform: Platform,
    overrides: Sequence[str] = (),
    data_hash: str | None = None,
) -> Plan:
    """The plan of a compiled pipeline.

    Args:
        specification: A KFP `PipelineSpec` in JSON.
        model: The model's name.
        config: Its configuration.
        platform: Where it runs.
        overrides: The settings that the configuration was changed by.
        data_hash: The hash of the data's content; None where nobody has looked.
    """
    runs_in = executors(specification)
    asked = {name: one.get("container", {}).get("resources", {}) for name, one in runs_in.items()}
    record = run_record.new(model, config, overrides)
    record.id, record.started, record.process, record.process_start = "", _NEVER, None, None
    for node in record.nodes:
        node.why = nodes.SPECS[node.name].reason_to_run
    record.command = provenance.command(model, overrides)
    record.code = provenance.code(model)
    if commit := os.environ.get(provenance.COMMIT):
        record.code.commit, record.code.dirty = commit, False
    record.hyperparameters = fixed_hyperparameters(model, config) or {}
    record.cloud = plans.cloud(
        platform.name(),
        platform.page(plans.JOB),
        str(platform.image),
        {name: in_words(machine) for name, machine in asked.items() if machine},
        platform.timeout_minutes,
    )
    hide = run_record.redactor(record)
    return Plan(
        runs=platform.runs,
        record=hide.tree(json.loads(record.model_dump_json(exclude={"id", "started"}))),
        tasks={
            name: Task(spec_check.node_of(name), recipe, "resolver" in runs_in[name])
            for name, recipe in recipes(specification).items()
        },
        data_hash=None if data_hash in (None, UNKNOWN) else data_hash,
        hourly={
            name: price
            for name, machine in asked.items()
            if (price := platform.hourly_price(machine)) is not None
        },
        neptune=platform.neptune_variables(),
        code=provenance.kept(model, hide),
    )


def in_words(machine: Mapping[str, Any]) -> str:
    """A machine in words, such as `8 CPUs, 30 GB, 1 x NVIDIA_TESLA_T4`.

    Args:
        machine: A KFP `ResourceSpec` in JSON.
    """
    accelerator = machine.get("accelerator", {})
    parts = [
        f"{machine['cpuLimit']:g} CPUs" if "cpuLimit" in machine else "",
        f"{machine['memoryLimit']:g} GB" if "memoryLimit" in machine else "",
        f"{accelerator.get('count', 1)} x {accelerator['type']}" if "type" in accelerator else "",
    ]
    return ", ".join(filter(None, parts))


def executors(specification: Mapping[str, Any]) -> dict[str, Any]:
    """What runs each task."""
    labels = specification["deploymentSpec"]["executors"]
    components = specification["components"]
    return {
        name: labels[components[task["componentRef"]["name"]]["executorLabel"]]
        for name, task in tasks_of(specification).items()
    }


def recipes(specification: Mapping[str, Any]) -> dict[str, str]:
    """Each task's recipe: a hash of what its cache key depends on, the tasks before it included."""
    tasks, runs_in = tasks_of(specification), executors(specification)
    found: dict[str, str] = {}

    def recipe(name: str) -> str:
        if name not in found:
            task = {key: value for key, value in tasks[name].items() if key != "cachingOptions"}
            component = specification["components"][task["componentRef"]["name"]]
            before = {one: recipe(one) for one in sorted(task.get("dependentTasks", ()))}
            text = json.dumps([task, component, runs_in[name], before], sort_keys=True)
            found[name] = hashlib.sha256(text.encode()).hexdigest()[:32]
        return found[name]

    return {name: recipe(name) for name in tasks}
