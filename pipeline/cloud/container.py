"""What every task's container runs: it takes the model's code from its bundle, then does as TFX.

`--pipeline_code` is the bundle's address; a task without it uses no code of `models/` but what the
image has. It is an argument, not a variable, as Kubeflow's cache looks at arguments alone.
`--pipeline_account` says where the task tells how it comes along: see `pipeline.cloud.recording`.
`--pipeline_exit` is of the last task, which writes the run's folder.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import os
import runpy
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from typing import Any

CODE = "--pipeline_code"
ACCOUNT = "--pipeline_account"
"""Its value is a JSON object: `model`, `runs` and `task`."""
EXIT = "--pipeline_exit"
ERROR = "Error: "
"""How the log's last words begin where a task failed for a known reason."""
STOPPED = 4
"""The exit status where anomalous data stopped the task, as on the command line."""
TIMEOUT = "PIPELINE_TIMEOUT_MINUTES"
"""The variable with the minutes after which the task is ended."""
COMMAND = ("python", "-m", "pipeline.cloud.container")

_TFX = "tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor"
_GIVEN = "--json_serialized_invocation_args"
_INPUTS = "--json_serialized_inputs_spec_args"
_at_timeout: list[Callable[[BaseException], None]] = []
"""What is told when the task is ended for taking too long."""


def main() -> None:
    """Runs the executor that the arguments name.

    The last lines of the log say in words what went wrong.
    """
    from components import code_bundle
    from models.common.errors import ProjectError as ImageError

    own, rest = _arguments(sys.argv[1:])
    _end_in_time(os.environ.get(TIMEOUT, ""))
    try:
        if own.code is not None:
            code_bundle.use(own.code)
    except ImageError as error:
        sys.exit(f"{ERROR}{error}")

    # Not before: these classes are now the bundle's; what is loaded raises the image's own.
    from models.common.errors import AnomalyError, ProjectError
    from pipeline.quick_imports import quick_imports

    with quick_imports():
        from pipeline.local import beam_tuning

    beam_tuning.tune()
    try:
        if own.exit:
            _write_run_folder(own.given)
        elif own.given is None:
            _run_tfx(rest)
        else:
            _run_task(own, rest)
    except (ProjectError, ImageError) as error:
        traceback.print_exc()
        print(f"{ERROR}{error}", file=sys.stderr)
        sys.exit(STOPPED if isinstance(error, AnomalyError) else 1)


def _end_in_time(minutes: str) -> None:
    """Ends the process after some minutes, whatever it does by then."""
    if not minutes:
        return

    def end() -> None:
        told = f"the task took longer than {minutes} minutes"
        print(f"{ERROR}{told}", file=sys.stderr, flush=True)
        for tell in _at_timeout:
            tell(TimeoutError(told))
        os._exit(1)  # The thread that hangs would not see an exception.

    timer = threading.Timer(float(minutes) * 60, end)
    timer.daemon = True
    timer.start()


def _arguments(line: list[str]) -> tuple[argparse.Namespace, list[str]]:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument(CODE, dest="code")
    parser.add_argument(ACCOUNT, dest="account")
    parser.add_argument(EXIT, dest="exit", action="store_true")
    parser.add_argument(_GIVEN, dest="given")
    parser.add_argument(_INPUTS, dest="inputs", default="{}")
    return parser.parse_known_args(line)


def _run_task(own: argparse.Namespace, rest: list[str]) -> None:
    """Runs TFX's executor on what the platform has handed to the task, made readable to TFX.

    Raises:
        RunError: It is not what a platform hands to a task.
    """
    from pipeline.cloud.task import artifact_types, staging
    from pipeline.config.beam import arguments as beam_arguments

    inputs_spec = _json(own.inputs, _INPUTS)
    given = artifact_types.complete(_json(own.given, _GIVEN), inputs_spec)
    with _account(own.account, given) as tell:
        to_tfx = given
        publish: Callable[[], None] = lambda: None  # noqa: E731
        if staging.applies(given):
            # Workers elsewhere cannot see this machine's disk.
            here = beam_arguments.runs_here(rest)
            staged = staging.Staging(given) if here else staging.InPlace(given)
            to_tfx, publish = staged.local(), staged.publish
        _run_tfx([*rest, _GIVEN, json.dumps(to_tfx), _INPUTS, json.dumps(inputs_spec)])
        publish()
        tell(given["outputs"]["outputFile"])


@contextlib.contextmanager
def _account(where: str | None, given: dict[str, Any]) -> Iterator[Callable[[str], None]]:
    """Has the task tell the run's folder that it begins, what it trains, and how it ends.

    Args:
        where: The argument; None: it tells nobody.
        given: The task's executor input.

    Yields:
        What is called when all is well, with the file that has the task's outputs.
    """
    uris = [
        artifact["uri"]
        for found in given.get("outputs", {}).get("artifacts", {}).values()
        for artifact in found["artifacts"]
    ]
    if where is None or not uris:
        yield lambda _: None
        return
    from pipeline.cloud.recording import task

    recorder = task.TaskRecorder(**_json(where, ACCOUNT), uri=uris[0])
    recorder.started()
    _at_timeout.append(recorder.failed)
    try:
        with recorder.listening():
            yield lambda file: recorder.done(task.written(file))
    except BaseException as error:  # A model's code may ask for an end of the process.
        recorder.failed(error)
        raise


def _write_run_folder(given_json: str | None) -> None:
    """Writes what the run leaves."""
    from pipeline.cloud.recording import exit_handler

    exit_handler.run(_json(given_json or "", _GIVEN))


def _run_tfx(arguments: list[str]) -> None:
    """TFX's own container with these arguments; it leaves this process where it fails."""
    from pipeline.quick_imports import quick_imports

    with quick_imports():
        importlib.import_module("tfx.components")  # TFX's container imports it for its Evaluator.
    sys.argv[1:] = arguments
    try:
        runpy.run_module(_TFX, run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        if ended.code:
            raise


def _json(text: str, argument: str) -> dict[str, Any]:
    from models.common.errors import RunError

    try:
        value = json.loads(text)
        if isinstance(value, dict):
            return value
    except ValueError:
        pass
    raise RunError(
        f"{argument} is not a JSON object",
        f"Received: {text:.200}",
        "The platform makes it from the compiled specification; compile and submit it again.",
    )


if __name__ == "__main__":
    main()
