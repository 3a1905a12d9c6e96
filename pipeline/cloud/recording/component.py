"""The pipeline's last task, which the platform runs however the others have ended."""

from __future__ import annotations

from typing import Any

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.orchestration.kubeflow.decorators import FinalStatusStr
from tfx.types.component_spec import ComponentSpec, ExecutionParameter

NAME = "RunRecord"
"""The task's name; it is no node of `pipeline.nodes`, as it belongs to no model."""


class _Executor(BaseExecutor):
    """Stands for the container's command, which the compiler puts in its place."""

    def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None:  # noqa: N802
        raise NotImplementedError("The container runs pipeline.cloud.recording.exit_handler.")


class _Spec(ComponentSpec):
    PARAMETERS = {  # noqa: RUF012  (as TFX has it)
        "final_status": ExecutionParameter(type=str),
        "job": ExecutionParameter(type=str),
        "plan": ExecutionParameter(type=str),
        "runs": ExecutionParameter(type=str),
    }
    INPUTS: dict[str, Any] = {}  # noqa: RUF012
    OUTPUTS: dict[str, Any] = {}  # noqa: RUF012


class RunRecorder(BaseComponent):
    """Writes the run's folder.

    Args:
        job: What the platform replaces by the job's name.
        runs: The folder of all runs.
    """

    SPEC_CLASS = _Spec
    EXECUTOR_SPEC = ExecutorClassSpec(_Executor)

    def __init__(self, job: str, runs: str) -> None:
        # The plan has hashes of what is compiled, so its address is known when that is done.
        super().__init__(_Spec(final_status=FinalStatusStr(), job=job, plan="", runs=runs))
        self.with_id(NAME)
