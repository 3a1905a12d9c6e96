"""TFX's executor operators, which the run's process stands beside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tfx.orchestration.portable import launcher
from tfx.orchestration.portable.base_executor_operator import BaseExecutorOperator
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.proto.orchestration.execution_result_pb2 import ExecutorOutput

from components.content import verified_cache
from models.common.errors import ProjectError, RunError

Operator = type[BaseExecutorOperator]
Run = Callable[[Operator, Any, ExecutionInfo], ExecutorOutput]
"""What runs the executor with this specification by this operator."""


def run_here(operator: Operator, spec: Any, execution: ExecutionInfo) -> ExecutorOutput:
    """Runs an executor in this process."""
    output = operator(spec).run_executor(execution)
    assert output is not None
    return output


def calling(
    before_execution: Callable[[ExecutionInfo], None],
    run: Run,
    after_execution: Callable[[ExecutionInfo, ExecutorOutput], None],
) -> dict[Any, Operator]:
    """TFX's operators by the type of executor, each with calls before and after it executes a node.

    TFX uses them for nodes alone that the cache has no result of.

    Args:
        before_execution: Called with what the node is given.
        run: Runs it.
        after_execution: Called with what it was given and has given.
    """

    def subclass(operator: Operator) -> Operator:
        class CallingOperator(operator):
            def run_executor(self, execution_info: ExecutionInfo) -> ExecutorOutput:
                before_execution(execution_info)
                try:
                    output = run(operator, self._executor_spec, execution_info)
                except ProjectError:
                    raise
                except Exception as error:
                    _tell_of_damaged_inputs(execution_info, error)
                    raise
                after_execution(execution_info, output)
                return output

        return CallingOperator

    return {
        spec: subclass(operator) for spec, operator in launcher.DEFAULT_EXECUTOR_OPERATORS.items()
    }


def _tell_of_damaged_inputs(execution: ExecutionInfo, error: Exception) -> None:
    """Says what a node failed for, where an artifact was damaged that it was to read.

    Raises:
        RunError: One was.
    """
    for artifact in (one for several in execution.input_dict.values() for one in several):
        if found := verified_cache.damage(artifact):
            raise RunError(
                f"{execution.pipeline_node.node_info.id} could not read what an earlier node made",
                f"{found}. It failed with {type(error).__name__}.",
                "Run again: what was damaged is made again.",
            ) from error
