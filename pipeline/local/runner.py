"""Runs a compiled pipeline node by node in this process and keeps the run's record true."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import json
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import constants
from tfx.orchestration import metadata
from tfx.orchestration.local import runner_utils
from tfx.orchestration.local.local_dag_runner import LocalDagRunner
from tfx.orchestration.portable import launcher, runtime_parameter_utils
from tfx.orchestration.portable.data_types import ExecutionInfo
from tfx.orchestration.portable.mlmd import execution_lib
from tfx.proto.orchestration import pipeline_pb2
from tfx.proto.orchestration.execution_result_pb2 import ExecutorOutput

from components import another_process, beam_errors, example_gen, pusher, tables
from components.content import verified_cache
from models.common import progress
from models.common.errors import AnomalyError, ProjectError, RunError
from pipeline import nodes, tracking
from pipeline.config import project
from pipeline.config.beam import arguments as beam_arguments
from pipeline.local import beam_tuning, guarded_code, lock, metadata_db, new_run_folder
from pipeline.local.concurrency import garbage, operators
from pipeline.local.concurrency.operators import Operator
from pipeline.local.concurrency.schedule import Schedule
from pipeline.local.concurrency.second_process import SecondProcess
from pipeline.local.interruption import Interruption
from pipeline.local.recovery import recover
from pipeline.local.unchanged import outlook
from pipeline.record import disk, run_details, run_folder, run_record
from pipeline.record.run_details import RunDetails, Trial
from pipeline.record.run_record import Anomaly, Dataset, Failure, RunRecord
from pipeline.results import from_metadata, rerun_reason
from pipeline.results.readers import Artifacts
from pipeline.results.record_results import record_results
from pipeline.show import report
from pipeline.show.report.drawings import Drawings


class RecordedLocalDagRunner(LocalDagRunner):
    """TFX's LocalDagRunner, with a run record that is written at every change.

    Args:
        record: The run's record; its status is the run's result when `run` has returned.
        runs: The folder of all runs.
        interruption: Whether the run was asked to end; None: each KeyboardInterrupt asks for it.
        second: A process for nodes that run beside others; None: one node is run after the other.
    """

    def __init__(
        self,
        record: RunRecord,
        runs: Path = project.RUNS,
        interruption: Interruption | None = None,
        second: SecondProcess | None = None,
    ) -> None:
        super().__init__()
        self._record = record
        self._interruption = interruption
        self._second = second
        self._turn = threading.RLock()
        """Who has it may write to the record and to ML Metadata; not held while a node executes."""
        self._here = threading.Lock()
        """Who has it runs an executor in this process, one at a time."""
        self._runs = runs
        self._details = RunDetails(run=record.id)
        self._redactor = run_record.redactor(record)
        self._outputs: dict[str, Artifacts] = {}
        self._recorded: set[str] = set()
        self.tracker: tracking.Tracker | None = None
        """The run's tracker, if this runner has started it."""

    def run_with_ir(
        self,
        pipeline: pipeline_pb2.Pipeline,
        run_options: pipeline_pb2.RunOptions | None = None,
    ) -> None:
        """Runs the nodes in order; failures end up in the record, not as exceptions.

        Args:
            pipeline: The compiled pipeline.
            run_options: Not used: which nodes run is the cache's to decide.
        """
        record = self._record
        record.take_over()
        prepared = run_folder.path(record.id, self._runs).exists()
        with contextlib.nullcontext() if prepared else lock.held(record, self._runs):
            if not prepared:
                self.tracker = new_run_folder.create(record, runs=self._runs)
            run_record.write(record, self._runs)
            self._run(pipeline)
            # First: whatever comes while the report is made, the run has ended as it did.
            run_record.write(record, self._runs)
            drawings = Drawings()
            if warning := report.write_if_possible(record, self._runs, drawings):
                print(warning)
            self._note_outlook(drawings)

    def _note_outlook(self, drawings: Drawings) -> None:
        """Notes what the next run will record if nothing changes; the run has ended in any case."""
        try:
            # In the nodes' order, as for this run's own record.
            names = [node.name for node in self._record.nodes if node.name in self._outputs]
            outputs = {name: self._outputs[name] for name in names}
            outlook.note(self._record, outputs, drawings.known, self._runs)
        except Exception:
            traceback.print_exc()

    def _run(self, pipeline: pipeline_pb2.Pipeline) -> None:
        """Runs the nodes and records how that ended."""
        record = self._record
        database = self._runs / record.model / metadata_db.FILE
        execution_lib.sort_executions_newest_to_oldest = _newest_first
        beam_tuning.tune()
        garbage.collect_rarely()
        verified_cache.apply(thorough=record.verify)
        try:
            with progress.listening(self._add_event):
                self._run_nodes(pipeline)
        except AnomalyError as error:
            record.anomalies = [Anomaly.model_validate(anomaly) for anomaly in error.anomalies]
            record.fail("stopped", Failure.of(error, record.running_node))
        except BaseException as error:  # A model's code may raise what it likes, SystemExit too.
            if self._was_interrupted(error):
                record.break_off("interrupted")
            else:
                with contextlib.suppress(OSError):  # The log's disk may be the one that is full.
                    traceback.print_exc()
                told = self._of_engine(metadata_db.explained(error, database))
                record.break_off("failed", _failure(told, record.running_node))
        else:
            record.complete()

    def _of_engine(self, error: BaseException) -> BaseException:
        """An error as it is told, if it came from what the data nodes run on."""
        args, node = self._record.config.beam.args, self._record.running_node
        runner = beam_arguments.runner(args)
        if isinstance(error, ProjectError) or runner in beam_arguments.IN_PROCESS or not node:
            return error
        engine = beam_arguments.engine_address(args) or "localhost"
        return beam_errors.engine_failure(error, node, engine) or error

    def _was_interrupted(self, error: BaseException) -> bool:
        if self._interruption is None:
            return isinstance(error, KeyboardInterrupt)
        return self._interruption.asked

    def _run_nodes(self, pipeline: pipeline_pb2.Pipeline) -> None:
        runtime_parameter_utils.substitute_runtime_parameter(
            pipeline, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: self._record.id}
        )
        deployment = runner_utils.extract_local_deployment_config(pipeline)
        connection = getattr(
            deployment.metadata_connection_config,
            deployment.metadata_connection_config.WhichOneof("connection_config"),
        )
        store = metadata_db.opened(Path(connection.sqlite.filename_uri))
        recover(store, Path(pipeline.runtime_spec.pipeline_root.field_value.string_value))
        forced = nodes.followers(self._record.no_cache, [node.name for node in self._record.nodes])
        wanted = {node.name for node in self._record.nodes}
        found = {node.pipeline_node.node_info.id: node.pipeline_node for node in pipeline.nodes}
        names = sorted(wanted & found.keys(), key=nodes.ORDER.index)

        def launch(name: str) -> None:
            node = found[name]
            if name in forced:
                node.execution_options.caching_options.enable_cache = False
            launching = launcher.Launcher(
                pipeline_node=node,
                mlmd_connection=metadata.Metadata(connection),
                pipeline_info=pipeline.pipeline_info,
                pipeline_runtime_spec=pipeline.runtime_spec,
                executor_spec=runner_utils.extract_executor_spec(deployment, name),
                custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, name),
                custom_executor_operators=operators.calling(
                    functools.partial(self._before_execution, store),
                    self._execute,
                    self._after_execution,
                ),
            )
            with self._turn:
                entry = self._record.node(name)
                entry.status, entry.started = "running", run_record.now()
                run_record.write(self._record, self._runs)
                _hash_data_as_it_is_now(node)
                self._attempt(node, launching, store)
                run_record.write(self._record, self._runs)

        self._run_all(Schedule(names, beside=self._second is not None), launch)

    def _run_all(self, schedule: Schedule, launch: Callable[[str], None]) -> None:
        """Runs the nodes, some beside the others; what fails of these is told once it is its turn.

        Args:
            schedule: The nodes.
            launch: Runs one.
        """
        beside: tuple[str, Future[None]] | None = None
        with ThreadPoolExecutor(1) as thread:
            try:
                while not schedule.is_through:
                    if self._interruption and self._interruption.asked:  # Somebody swallowed it.
                        raise KeyboardInterrupt
                    if beside is None and (other := schedule.take(beside=True)):
                        beside = other, thread.submit(launch, other)
                    if name := schedule.take():
                        launch(name)
                        schedule.finish(name)
                    if beside and (name is None or _has_succeeded(beside[1])):
                        beside[1].result()
                        schedule.finish(beside[0])
                        beside = None
            finally:
                if self._second:
                    self._second.end()

    def _attempt(
        self, node: pipeline_pb2.PipelineNode, launching: launcher.Launcher, store: MetadataStore
    ) -> None:
        """Runs a node; what fails in one that no end of a run depends on is told, no more."""
        name, began = node.node_info.id, time.monotonic()
        try:
            self._run_node(node, launching, store)
        except Exception as error:
            if not nodes.SPECS[name].is_optional or self._was_interrupted(error):
                raise
            traceback.print_exc()
            told = _failure(error, name)
            self._record.warn(name, [(told.headline, told.detail)])
            entry = self._record.node(name)
            entry.status, entry.seconds = "failed", round(time.monotonic() - began, 3)

    def _run_node(
        self, node: pipeline_pb2.PipelineNode, launching: launcher.Launcher, store: MetadataStore
    ) -> None:
        """Runs one node, or takes its result from the cache, and records what it found."""
        name, began = node.node_info.id, time.monotonic()
        entry = self._record.node(name)
        execution = launching.launch()
        entry.seconds = round(time.monotonic() - began, 3)
        if execution is None or execution.execution_id is None:
            raise RunError(f"{name} did not run", "Its inputs were not there.")
        entry.status = _state(store, execution.execution_id, name)
        entry.why = nodes.SPECS[name].reason_to_run or entry.why
        self._outputs[name] = from_metadata.outputs(store, execution.execution_id)
        if name == nodes.EXAMPLE_GEN:
            data_hash = node.parameters.parameters["data_hash"].field_value.string_value
            path = self._record.config.data.path
            self._record.data = Dataset(path=path, hash=data_hash)
        self._record_in_order()
        if name == nodes.PUSHER and self._record.pushed_to:
            pushed = self._outputs[name]["pushed_model"].uri
            pusher.restore(Path(pushed), Path(self._record.pushed_to))

    def _record_in_order(self) -> None:
        """Takes over what nodes have found, in the nodes' order, whichever ended first.

        Some results take the place of others, as a frozen schema does of the inferred one.
        """
        for node in self._record.nodes:
            if node.status in ("queued", "running"):
                return
            if node.name in self._outputs and node.name not in self._recorded:
                outputs = self._outputs[node.name]
                record_results(self._record, self._details, node.name, outputs, self._runs)
                run_details.write(self._details, self._runs, self._redactor)
                self._recorded.add(node.name)

    def _add_event(self, event: progress.Event) -> None:
        """Adds to the run's details what training tells as it goes on, or notes a push."""
        with self._turn:
            self._add(event)

    def _add(self, event: progress.Event) -> None:
        if isinstance(event, progress.Pushing):
            self._record.pushing = event.folder
            run_record.write(self._record, self._runs)
            return
        if isinstance(event, progress.EpochEnded):
            run_details.add_epoch(self._details, event.metrics)
        elif isinstance(event, progress.ValuesLogged):
            run_details.set_logged(self._details, event.during, event.logged)
        else:
            self._details.trials.append(Trial(**dataclasses.asdict(event)))
        run_details.write(self._details, self._runs, self._redactor)

    def _execute(self, operator: Operator, spec: Any, execution: ExecutionInfo) -> ExecutorOutput:
        """Runs an executor where it belongs, while another node may begin and end."""
        name = execution.pipeline_node.node_info.id
        self._turn.release()
        try:
            second, code = self._second, self._record.code.files
            if not second or second.has_ended:
                with self._here:
                    return operators.run_here(operator, spec, execution)
            if nodes.SPECS[name].runs_beside:
                return second.run(operator, spec, execution, code)
            with self._here, another_process.offered(functools.partial(second.start, code)):
                return operators.run_here(operator, spec, execution)
        finally:
            self._turn.acquire()

    def _before_execution(self, store: MetadataStore, execution: ExecutionInfo) -> None:
        """Says why a node is run, and that it runs the code that the cache's key has."""
        self._record_reason(store, execution)
        guarded_code.check(execution.exec_properties, self._record.code.files)

    def _after_execution(self, execution: ExecutionInfo, output: ExecutorOutput) -> None:
        """Keeps nothing that other code has made, and has later runs see what was written."""
        guarded_code.check(execution.exec_properties, self._record.code.files)
        verified_cache.seal(output)

    def _record_reason(self, store: MetadataStore, execution: ExecutionInfo) -> None:
        """Records why a node is run; whatever happens here, the node is run."""
        try:
            reason = rerun_reason.rerun_reason(store, execution, self._record, self._runs)
        except Exception:
            traceback.print_exc()
            reason = rerun_reason.UNKNOWN
        self._record.node(execution.pipeline_node.node_info.id).why = reason
        run_record.write(self._record, self._runs)


def _hash_data_as_it_is_now(node: pipeline_pb2.PipelineNode) -> None:
    """Has a node that reads a table look in the cache for what the table holds now.

    It may have been written to since the graph was built; rows to predict for come late in a run.
    """
    parameters = node.parameters.parameters
    if "data_hash" in parameters:
        source = tables.TableSource.from_json(parameters["source"].field_value.string_value)
        parameters["data_hash"].field_value.string_value = example_gen.fingerprint(source)


def _newest_first(
    executions: Iterable[metadata_store_pb2.Execution],
) -> list[metadata_store_pb2.Execution]:
    """TFX's order for the cache, in which it goes by time: by number, as clocks may be wrong."""
    return sorted(executions, key=lambda execution: execution.id, reverse=True)


def _has_succeeded(running: Future[None]) -> bool:
    return running.done() and running.exception() is None


def _state(store: MetadataStore, execution_id: int, name: str) -> run_record.NodeStatus:
    """How an execution ended.

    Raises:
        RunError: TFX recorded a failure without raising it, as for inputs that it cannot resolve.
    """
    [execution] = store.get_executions_by_id([execution_id])
    if execution.last_known_state == metadata_store_pb2.Execution.CACHED:
        return "cached"
    if execution.last_known_state == metadata_store_pb2.Execution.COMPLETE:
        return "done"
    result = json.loads(execution.custom_properties["__execution_result__"].string_value or "{}")
    lines = result.get("resultMessage", "").strip().splitlines()
    raise RunError(f"{name} could not get its inputs", lines[-1] if lines else "")


def _failure(error: BaseException, node: str | None) -> Failure:
    """What an error says; one that is not the project's own, by its type and first lines."""
    if isinstance(error, ProjectError):
        return Failure.of(error, node)
    if disk.is_full(error):
        return _full_disk(error, node)
    return Failure(
        node=node,
        headline=f"{node or 'The pipeline'} failed with {type(error).__name__}",
        detail="\n".join(str(error).strip().splitlines()[:10]),
        remedy="The full traceback is in the run's log.",
    )


def _full_disk(error: BaseException, node: str | None) -> Failure:
    """A full disk, whichever library found out."""
    file = disk.file_of(error)
    places = [file] if file else [project.RUNS, project.SERVING_MODELS, Path(tempfile.gettempdir())]
    first = str(error).strip().splitlines()[:1]
    return Failure(
        node=node,
        headline=f"{node or 'The pipeline'} could not write {file or 'a file'}: the disk is full",
        detail="\n".join([*first, *dict.fromkeys(disk.space(place) for place in places)]),
        remedy="Free some space on it and go on with --resume; what was finished is not repeated.",
    )
