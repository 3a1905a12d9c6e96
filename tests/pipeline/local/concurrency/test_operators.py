"""What the run's process is told of each node that it runs, and what it makes of an error."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tfx.orchestration.portable.base_executor_operator import BaseExecutorOperator
from tfx.proto.orchestration import executable_spec_pb2, pipeline_pb2
from tfx.proto.orchestration.execution_result_pb2 import ExecutorOutput
from tfx.types import standard_artifacts

from components.content import artifact
from models.common.errors import RunError
from pipeline import nodes
from pipeline.local.concurrency import operators

pytestmark = pytest.mark.tfx

SPEC = executable_spec_pb2.PythonClassExecutableSpec(
    class_path="tfx.dsl.components.base.base_executor.EmptyExecutor"
)


def test_each_node_is_told_of_before_and_after() -> None:
    seen: list[Any] = []
    output = ExecutorOutput(output_artifacts={})

    def run(operator: type[BaseExecutorOperator], spec: Any, execution: Any) -> ExecutorOutput:
        seen.append((operator.__name__, spec, execution))
        return output

    found = operators.calling(
        lambda execution: seen.append(execution),
        run,
        lambda execution, output: seen.append((execution, output)),
    )
    execution: Any = SimpleNamespace(input_dict={})
    operator = found[executable_spec_pb2.PythonClassExecutableSpec](SPEC)
    assert operator.run_executor(execution) is output
    assert seen == [execution, ("PythonExecutorOperator", SPEC, execution), (execution, output)]


def test_a_node_whose_input_was_damaged_meanwhile_says_so(tmp_path: Path) -> None:
    examples = standard_artifacts.Examples()
    examples.uri = str(tmp_path / "ExampleGen" / "examples" / "1")
    Path(examples.uri).mkdir(parents=True)
    rows = Path(examples.uri) / "rows.gz"
    rows.write_text("rows")
    examples.set_string_custom_property(artifact.HASH, artifact.seal(examples.uri))
    node = pipeline_pb2.PipelineNode()
    node.node_info.id = nodes.TRANSFORM
    execution: Any = SimpleNamespace(input_dict={"examples": [examples]}, pipeline_node=node)
    operators._tell_of_damaged_inputs(execution, ValueError("an odd one"))
    rows.unlink()
    with pytest.raises(RunError, match="Transform could not read what an earlier node made") as e:
        operators._tell_of_damaged_inputs(execution, ValueError("an odd one"))
    assert "ExampleGen/examples/1/rows.gz is missing" in e.value.detail
