"""Compiles a model's pipeline to the specification that Vertex AI and Kubeflow Pipelines run.

Nothing is read from a bucket or written to one: the specification names the code bundles by their
content, and whoever submits it uploads them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from google.protobuf import json_format
from tfx.orchestration import pipeline as tfx_pipeline
from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import (
    KubeflowV2DagRunner,
    KubeflowV2DagRunnerConfig,
)

from components import code_hash
from components.code_bundle import Bundle, pack
from pipeline import nodes
from pipeline.cloud import container, planning, spec_check
from pipeline.cloud.job import tasks_of
from pipeline.cloud.platforms import base as platform_base
from pipeline.cloud.platforms.base import UNKNOWN, Platform
from pipeline.cloud.recording import component as recording
from pipeline.cloud.recording.component import RunRecorder
from pipeline.config.model_config import ModelConfig
from pipeline.graph.pipeline import create_pipeline
from pipeline.record import atomic_file

_PAUSE = {"backoffDuration": "30s", "backoffFactor": 2.0, "backoffMaxDuration": "600s"}
"""Between two tries of a task."""

PLAN = "plan"
"""What the exit handler's plan is called among the bundles."""
Specification = dict[str, Any]
"""A KFP `PipelineJob` in JSON: `pipelineSpec`, and `runtimeConfig`."""


class BundlingRunner(KubeflowV2DagRunner):
    """TFX's compiler, whose specification also says where each node finds its code.

    Args:
        model: The model's name.
        config: Its configuration.
        platform: Where the pipeline runs.
        output: The file to write, `.json` for a PipelineJob or `.yaml` for its specification alone.
        overrides: The settings that the configuration was changed by.
        data_hash: The hash of the data's content, where it is known.
    """

    def __init__(
        self,
        model: str,
        config: ModelConfig,
        platform: Platform,
        output: Path,
        overrides: Sequence[str] = (),
        data_hash: str | None = None,
    ) -> None:
        runner = KubeflowV2DagRunnerConfig(
            default_image=platform.image,
            default_commands=list(container.COMMAND),
            use_pipeline_spec_2_1=True,
        )
        super().__init__(runner, output_dir=str(output.parent), output_filename=output.name)
        self._model = model
        self._model_config = config
        self._platform = platform
        self._overrides, self._data_hash = overrides, data_hash
        self.set_exit_handler(RunRecorder(platform.job_placeholder, platform.runs))
        self.bundles: dict[str, Bundle] = {}
        """Each node's code, after `run`; and under `PLAN` what is known of each of its runs."""

    def run(
        self,
        pipeline: tfx_pipeline.Pipeline,
        parameter_values: Mapping[str, Any] | None = None,
        write_out: bool = True,
    ) -> Specification:
        """Compiles the pipeline, checks what came out, and writes it.

        Raises:
            RunError: The specification would not do what it must.
        """
        job = super().run(pipeline, parameter_values, write_out=False)
        self.bundles = _bundles(pipeline, self._model)
        _complete(job, pipeline, self.bundles, self._platform)
        self.bundles |= self._record(job["pipelineSpec"])
        spec_check.check(job["pipelineSpec"], nodes.of_model(self._model, self._model_config))
        if write_out:
            # The `tfx` command line may have set another folder meanwhile.
            write(job, Path(self._output_dir, self._output_filename), self._platform)
        return job

    def _record(self, specification: Specification) -> dict[str, Bundle]:
        """Tells each task where its run's folder is, and the last one what it has to know."""
        _tell_tasks(specification, self._model, self._platform.runs)
        plan = Bundle(
            planning.plan(
                specification,
                self._model,
                self._model_config,
                self._platform,
                self._overrides,
                self._data_hash,
            ).packed()
        )
        # What reads results imports much of it, and its own cache is none.
        shared = (code_hash.ROOT / "models" / "common").rglob("*.py")
        code = pack([code_hash.ROOT / "models" / "__init__.py", *shared])
        address = f"{self._platform.modules}/{plan.name}"
        task = specification["root"]["dag"]["tasks"][recording.NAME]
        task["inputs"]["parameters"]["plan"] = {"runtimeValue": {"constant": address}}
        own = specification["deploymentSpec"]["executors"][f"{recording.NAME}_executor"]
        own["container"]["args"] = [
            f"{container.CODE}={self._platform.modules}/{code.name}",
            *(container.EXIT, "--json_serialized_invocation_args", "{{$}}"),
        ]
        return {PLAN: plan, recording.NAME: code}


def _tell_tasks(specification: Specification, model: str, runs: str) -> None:
    """Adds to each container's arguments where it tells how it comes along.

    It is the same in each run, as a cache may look at arguments.
    """
    for name, executor in planning.executors(specification).items():
        if "container" in executor:
            place = json.dumps({"model": model, "runs": runs, "task": name})
            executor["container"]["args"] += [f"{container.ACCOUNT}={place}"]


def compile_to(
    output: Path,
    model: str,
    config: ModelConfig,
    platform: Platform,
    data_hash: str | None = None,
    overrides: Sequence[str] = (),
) -> dict[str, Bundle]:
    """Compiles a model's pipeline into a file.

    Args:
        output: `.json` for a PipelineJob, `.yaml` for its specification alone.
        model: The model's name.
        config: Its configuration.
        platform: Where the pipeline runs, with an image.
        data_hash: What changes when the data does. Without it ExampleGen reads the data each time.
        overrides: The settings that the configuration was changed by, for the run's record.

    Returns:
        The code bundles that the specification names, by node; they belong in
        `platform.modules`.

    Raises:
        ProjectError: The configuration, the model's code or the specification is not usable.
    """
    pipeline = create_pipeline(model, config, platform.graph_target(data_hash))
    runner = BundlingRunner(model, config, platform, output, overrides, data_hash)
    runner.run(pipeline)
    return runner.bundles


def write(job: Specification, output: Path, platform: Platform) -> None:
    """Writes a specification in the format that the file's ending names.

    In YAML the platform's part follows, if it has one, as a document of its own.
    """
    if output.suffix in (".yaml", ".yml"):
        executors = job["pipelineSpec"]["deploymentSpec"]["executors"]
        containers = [name for name, executor in executors.items() if "container" in executor]
        beside = platform.platform_specification(containers)
        documents = [job["pipelineSpec"], *([beside] if beside else [])]
        text = yaml.safe_dump_all(documents, sort_keys=True)
    else:
        text = json.dumps(job, sort_keys=True, indent=2)
    atomic_file.write_whole(output, text)


def _bundles(pipeline: tfx_pipeline.Pipeline, model: str) -> dict[str, Bundle]:
    """The code of each node that has any."""
    modules = {}
    for node in pipeline.components:
        executor = getattr(node.executor_spec, "executor_class", object).__module__
        own = (executor,) if executor.startswith("components.") else ()
        modules[node.id] = (*nodes.SPECS[node.id].imports_of(model), *own)
    return {
        name: pack(code_hash.model_files(*needed, "models.common.errors"))
        for name, needed in modules.items()
        if needed
    }


def _complete(
    job: Specification,
    pipeline: tfx_pipeline.Pipeline,
    bundles: Mapping[str, Bundle],
    platform: Platform,
) -> None:
    """Adds what TFX's compiler has no option for."""
    specification = job["pipelineSpec"]
    specification["defaultPipelineRoot"] = pipeline.pipeline_info.pipeline_root
    executors = specification["deploymentSpec"]["executors"]
    for executor in executors.values():
        if "container" in executor:
            _complete_resources(executor["container"], platform)
    for name, bundle in bundles.items():
        address = f"{platform.modules}/{bundle.name}"
        # Kubeflow's cache looks at arguments, not at the environment.
        executors[f"{name}_executor"]["container"]["args"].append(f"{container.CODE}={address}")
    for executor in executors.values():
        if "container" in executor and platform.environment():
            executor["container"]["env"] = [
                {"name": name, "value": value} for name, value in platform.environment().items()
            ]
    tasks = tasks_of(specification)
    for name, task in tasks.items():
        if platform.retries and not nodes.SPECS[spec_check.node_of(name)].is_gate:
            task["retryPolicy"] = {"maxRetryCount": platform.retries, **_PAUSE}
    for name in (nodes.EXAMPLE_GEN, nodes.RESOLVER):
        if name in tasks and _looks_outside(tasks[name]):
            tasks[name].pop("cachingOptions", None)
    if nodes.BATCH_EXAMPLES in tasks:  # The hash that is known is of other data.
        tasks[nodes.BATCH_EXAMPLES].pop("cachingOptions", None)


def _complete_resources(container: dict[str, Any], platform: Platform) -> None:
    """Gives a container the machine for every node, where it has none of its own."""
    machine = platform_base.resources(platform.machine)
    if machine is None:
        return
    own = container.get("resources", {})
    every = json_format.MessageToDict(machine)
    for kind in ("cpu", "memory"):
        if f"{kind}Limit" in own:  # A request for all may be above it.
            every.pop(f"{kind}Request", None)
    container["resources"] = {**every, **own}


def _looks_outside(task: Mapping[str, Any]) -> bool:
    """Whether what a task finds may change although no parameter or input of it does."""
    parameters = task["inputs"]["parameters"]
    known = parameters.get("data_hash")
    return known is None or known["runtimeValue"]["constant"] == UNKNOWN
