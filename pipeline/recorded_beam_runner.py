"""Beam as the orchestrator, with a run record: written at the start, and complete at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfx.orchestration.beam.beam_dag_runner import BeamDagRunner
from tfx.proto.orchestration import pipeline_pb2

from models.common.errors import AnomalyError, ProjectError
from pipeline import tracking
from pipeline.config import project
from pipeline.local import lock, metadata_db, new_run_folder
from pipeline.record import run_details, run_record
from pipeline.record.run_details import RunDetails
from pipeline.record.run_record import Anomaly, Failure, RunRecord
from pipeline.results import from_metadata
from pipeline.show import report


class RecordedBeamDagRunner(BeamDagRunner):
    """TFX's BeamDagRunner, whose run leaves a run folder as any other does.

    Beam tells nothing of its steps while they run, so what the nodes found is read from ML Metadata
    when all are over.

    Args:
        record: The run's record; its status is the run's result when `run` has returned.
        runs: The folder of all runs.
    """

    def __new__(cls, *_: Any) -> RecordedBeamDagRunner:
        """A runner of this class: with arguments TFX's own would give one of an older kind."""
        made: RecordedBeamDagRunner = super().__new__(cls)
        return made

    def __init__(self, record: RunRecord, runs: Path = project.RUNS) -> None:
        super().__init__()
        self._record = record
        self._runs = runs
        self.tracker: tracking.Tracker | None = None
        """The run's tracker, once it runs."""

    def run_with_ir(
        self,
        pipeline: pipeline_pb2.Pipeline,
        run_options: pipeline_pb2.RunOptions | None = None,
    ) -> None:
        """Runs the pipeline, and records how that ended.

        Args:
            pipeline: The compiled pipeline.
            run_options: As TFX's own runner takes them.

        Raises:
            RunError: Another run of the model is going, or its folder cannot be written.
            Exception: What a node failed with, when it is in the record.
        """
        record, details = self._record, RunDetails(run=self._record.id)
        store = metadata_db.opened(self._runs / record.model / metadata_db.FILE)
        with lock.held(record, self._runs):
            record.take_over()
            self.tracker = new_run_folder.create(record, runs=self._runs)
            since = from_metadata.latest(store)
            try:
                super().run_with_ir(pipeline, run_options)
            except BaseException as error:  # A model's code may ask for an end of the process.
                from_metadata.take_over(record, details, store, since, self._runs)
                self._fail(error, from_metadata.failure(record, store, since))
                raise
            else:
                from_metadata.take_over(record, details, store, since, self._runs)
                record.complete()
            finally:
                run_details.write(details, self._runs, run_record.redactor(record))
                run_record.write(record, self._runs)
                if warning := report.write_if_possible(record, self._runs):
                    print(warning)

    def _fail(self, error: BaseException, recorded: Failure | None) -> None:
        """Records what a run has failed with, as the project's own errors say it."""
        record, node = self._record, recorded.node if recorded else None
        if node is not None:
            record.node(node).status = "running"
        chain = list(_causes(error))
        anomalous = next((one for one in chain if isinstance(one, AnomalyError)), None)
        told = next((one for one in chain if isinstance(one, ProjectError)), None)
        if anomalous is not None:
            record.anomalies = [Anomaly.model_validate(one) for one in anomalous.anomalies]
            record.break_off("stopped", Failure.of(anomalous, node))
        elif any(isinstance(one, KeyboardInterrupt) for one in chain):
            record.break_off("interrupted")
        elif told is not None:
            record.break_off("failed", Failure.of(told, node))
        else:
            other = Failure(node=node, headline=f"{type(error).__name__}: {error}".splitlines()[0])
            record.break_off("failed", recorded or other)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and those that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
