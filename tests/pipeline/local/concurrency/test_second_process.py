"""A node in the second process ends as it would in the run's own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.helpers.paths import ROOT

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

PROGRAM = """
import json, os, signal, sys
from tfx.orchestration.portable.base_executor_operator import BaseExecutorOperator
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.proto.orchestration import executable_spec_pb2, execution_result_pb2, pipeline_pb2
from models.common import progress
from models.common.errors import AnomalyError
from pipeline.local.concurrency import second_process


class Odd(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


class Operator(BaseExecutorOperator):
    SUPPORTED_EXECUTOR_SPEC_TYPE = [executable_spec_pb2.PythonClassExecutableSpec]
    SUPPORTED_PLATFORM_CONFIG_TYPE = []

    def run_executor(self, execution_info):
        what = execution_info.exec_properties["what"]
        if what == "event":
            progress.notify(progress.EpochEnded({"loss": 0.5}))
        elif what == "anomaly":
            raise AnomalyError("a headline", "a detail", "a remedy", [{"feature": "x"}])
        elif what == "odd":
            raise Odd(1, 2)
        elif what == "exit":
            sys.exit(3)
        elif what == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        output = execution_result_pb2.ExecutorOutput()
        output.execution_properties["process"].int_value = os.getpid()
        return output


second = second_process.start(2)
told = []
for what in sys.argv[1:]:
    node = pipeline_pb2.PipelineNode()
    execution = ExecutionInfo(exec_properties={"what": what}, pipeline_node=node)
    spec = executable_spec_pb2.PythonClassExecutableSpec()
    with progress.listening(lambda event: told.append([type(event).__name__, event.metrics])):
        try:
            output = second.run(Operator, spec, execution, {})
        except BaseException as error:
            kept = getattr(error, "anomalies", None)
            told.append([type(error).__name__, str(error), kept])
        else:
            told.append(output.execution_properties["process"].int_value != os.getpid())
second.end()
print(json.dumps(told))
"""


def told(*tasks: str) -> list[Any]:
    """What a process is told of tasks that it gives to its copy."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *tasks],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    found: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_results_events_and_errors_come_back() -> None:
    found = told("result", "event", "anomaly", "odd", "exit", "result")
    assert found == [
        True,
        ["EpochEnded", {"loss": 0.5}],
        True,
        ["AnomalyError", "a headline\na detail\na remedy", [{"feature": "x"}]],
        ["Odd", "1 and 2", None],
        ["SystemExit", "3", None],
        True,
    ]


def test_one_that_is_killed_is_told_in_words() -> None:
    [true, killed, again] = told("result", "killed", "result")
    assert true is True
    assert killed[0] == "RunError"
    assert killed[1].startswith("The run's second process was killed by SIGKILL\n")
    assert again[0] == "RunError"


CALLS = """
import json, os, signal
from components.another_process import Lost
from models.common.errors import ModelCodeError
from pipeline.local import guarded_code
from pipeline.local.concurrency import second_process


def process():
    return os.getpid()


def fail():
    raise ModelCodeError("a headline", "a detail", "a remedy")


def die():
    os.kill(os.getpid(), signal.SIGKILL)


guarded_code._imported["models/x/model.py"] = "abc"
second = second_process.start(2)
told = []
for function, code in [(process, {}), (process, {"models/x/model.py": "abd"}), (fail, {}),
                       (process, {"models/x/model.py": "abcd"}), (die, {})]:
    started = second.start(code, function)
    told.append(second.start(code, function))  # It does not wait.
    try:
        told.append(started() != os.getpid())
    except (ModelCodeError, Lost) as error:
        told.append([type(error).__name__, getattr(error, "headline", "")])
told.append([second.has_ended, second.start({}, process)])
second.end()
print(json.dumps(told))
"""


def test_calls_are_made_one_after_the_other_and_end_as_they_would_here() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CALLS], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told[0::2][:5] == [None] * 5, "a second call was started before the first had ended"
    assert told[1::2] == [
        True,
        ["ModelCodeError", "models/x/model.py changed while the run went on"],
        ["ModelCodeError", "a headline"],
        True,
        ["Lost", ""],
    ]
    assert told[-1] == [True, None]


UNCOLLECTED = """
import threading, time
from tfx.orchestration.portable.data_types import ExecutionInfo
from models.common.errors import RunError
from pipeline.local.concurrency import second_process

second = second_process.start(2)
assert second.start({}, int)

def run():
    try:
        second.run(None, None, ExecutionInfo(), {})
    except RunError as error:
        print("told", error.headline)

thread = threading.Thread(target=run, daemon=True)
thread.start()
time.sleep(0.5)
second.end()
thread.join(30)
"""


def test_a_node_does_not_wait_for_a_call_whose_result_nobody_wants() -> None:
    done = subprocess.run(
        [sys.executable, "-c", UNCOLLECTED], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "told The run's second process was ended" in done.stdout, done.stderr[-2_000:]


SEVERAL = """
import json, os, time
from components import another_process
from pipeline.local.concurrency import second_process


def process(item):
    time.sleep(0.05)
    return os.getpid()


second = second_process.start(4)
second.prepare("taxi")
with another_process.offered(lambda *call: second.start({}, *call)):
    used = another_process.each(process, range(60))
second.end()
alive = [one for one in set(used) - {os.getpid()} if os.path.exists(f"/proc/{one}")]
print(json.dumps([len(set(used)), os.getpid() in used, alive]))
"""


def test_every_core_takes_calls() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SEVERAL], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    assert json.loads(done.stdout.splitlines()[-1]) == [4, True, []]
