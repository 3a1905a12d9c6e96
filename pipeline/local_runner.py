"""Runs one model's pipeline on this machine: the entry point for the `tfx` command line.

    tfx pipeline create --engine local --pipeline_path pipeline/local_runner.py
    tfx run create --engine local --pipeline_name taxi

The model is PIPELINE_MODEL (default `taxi`). `python -m pipeline run` starts this file too, with
the record that it has prepared (see pipeline/local/handover.py).
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if not __package__:  # `tfx` takes this file by its path, and Python then looks beside it.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import pipeline  # noqa: F401  (settings that TensorFlow reads when it is imported)
from models.common.errors import MISTAKE, ProjectError, RunError
from pipeline.config import loading
from pipeline.config.beam import arguments as beam_arguments
from pipeline.local import handover
from pipeline.local.interruption import Interruption, leave
from pipeline.quick_imports import quick_imports
from pipeline.record import filtered_log, run_folder, run_record
from pipeline.record.run_record import EXIT_CODES, RunRecord
from pipeline.show import terminal
from pipeline.show.summary import summary

if TYPE_CHECKING:
    from pipeline.local.concurrency.second_process import SecondProcess


def main() -> None:
    """Runs the pipeline and leaves with the run's exit status."""
    with _without_garbage_collection():
        _main()


def _main() -> None:
    second = _import_meanwhile() if handover.is_expected() else None
    prepared = handover.take_over()
    record = prepared or _new_record()
    if not prepared:  # Else whoever prepared it sees to what is printed.
        filtered_log.hide_in_descriptors(run_record.redactor(record))
    interruption = Interruption(record)
    if prepared:
        if record.status != "running":  # It was interrupted while this process started.
            os._exit(EXIT_CODES[record.status])
        record.take_over()
        run_record.write(record)
    try:
        interruption.listen()
        status = _run(record, interruption, second, prepared=prepared is not None)
    except BaseException as error:
        if interruption.asked and run_folder.path(record.id).exists():
            interruption.end()
        if isinstance(error, SystemExit):  # A model's code asked for it, with whatever status.
            traceback.print_exc()
            status = EXIT_CODES["failed"]
        elif isinstance(error, KeyboardInterrupt):
            status = EXIT_CODES["interrupted"]
        else:
            raise
    if status is None:  # The `tfx` command line compiles without running.
        return
    leave(status)


def _import_meanwhile() -> SecondProcess | None:
    """Imports what running takes, while another process prepares the run.

    Returns:
        A copy of this process, which has imported it too, where it may be of use.
    """
    try:
        with quick_imports():
            import pipeline.graph.pipeline
            import pipeline.local.runner  # noqa: F401
            from pipeline.local.concurrency import second_process
    except Exception:
        handover.take_over()  # Whoever prepares it tells of this, once the run has a record.
        raise
    return second_process.start()


@contextlib.contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Leaves garbage alone until the nodes are run, before which the runner switches it on again.

    What is imported stays, and searching millions of such objects again and again takes a fifth of
    the time of the imports.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def _run(
    record: RunRecord,
    interruption: Interruption,
    second: SecondProcess | None,
    *,
    prepared: bool,
) -> int | None:
    """Runs the pipeline; returns the exit status, or None where it was not to run."""
    try:
        # Imported here, so that what cannot be imported is recorded too.
        from pipeline.graph.pipeline import create_pipeline
        from pipeline.graph.training import fixed_hyperparameters
        from pipeline.local import guarded_code
        from pipeline.local.runner import RecordedLocalDagRunner

        runner_of_beam = beam_arguments.runner(record.config.beam.args)
        if second and runner_of_beam not in beam_arguments.IN_PROCESS:
            # Which errors mean that an engine was lost does not pass from process to process.
            second.end()
            second = None
        if second:
            second.prepare(record.model)
        guarded_code.start(record.model)
        runner = RecordedLocalDagRunner(record, interruption=interruption, second=second)
        graph = create_pipeline(record.model, record.config)
        record.hyperparameters = fixed_hyperparameters(record.model, record.config) or {}
    except ProjectError as error:
        if not prepared:
            return _mistake(error)
        traceback.print_exc()
        record.fail("failed", run_record.Failure.of(error))
        run_record.write(record)
        return MISTAKE
    try:
        runner.run(graph)
    except RunError as error:
        if record.status == "running":  # Another run is going, or there is no room for a record.
            return _mistake(error)
        print(f"Error: {error}", file=sys.stderr)
    if record.status == "running":
        return None
    if not prepared:
        warning = runner.tracker.finish() if runner.tracker else None
        console = terminal.console()
        terminal.show(console, summary(record, console), *filter(None, [warning]))
    return EXIT_CODES[record.status]


def _mistake(error: ProjectError) -> int:
    print(f"Error: {error}", file=sys.stderr)
    return MISTAKE


def _new_record() -> RunRecord:
    try:
        model = loading.model_of_environment()
        return run_record.new(model, loading.load(model))
    except ProjectError as error:
        sys.exit(_mistake(error))


if __name__ == "__main__":
    main()
