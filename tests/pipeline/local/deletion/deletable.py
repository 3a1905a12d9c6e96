"""Runs of one model with ML Metadata, artifacts and records, as they are left behind."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2

from pipeline.record import run_record
from tests.pipeline.fake_run import finished
from tests.pipeline.local.repair.history import EVENT, History


class Deletable(History):
    """A history whose executions belong to runs."""

    def run(self, number: int, story: str, days: int = 0) -> str:
        """A run that ended so, that many days ago; returns its id."""
        record = finished(story)
        record.id = f"taxi-20260102-00000{number}-aaaa"
        record.started -= timedelta(days=days)
        record.finished = run_record.now() - timedelta(days=days)
        if story != "pushed":
            record.pushed_version = record.pushed_to = None
        run_record.write(record, self.runs)
        return record.id

    def made(self, run: str, node: str, key: str, kind: str = "Examples") -> Path:
        """What a node of a run wrote."""
        number = self.execution()
        artifact = self.artifact(kind, node, key, number)
        self.belongs(run, number, artifact)
        system = self.root / node / ".system" / "executor_execution" / str(number)
        system.mkdir(parents=True)
        (system / "output").write_text("log")
        return self.root / node / key / str(number)

    def belongs(self, run: str, execution: int, *artifacts: int) -> None:
        """Notes that a run made these, or took them from the cache."""
        kind = metadata_store_pb2.ContextType(name="pipeline_run")
        context = metadata_store_pb2.Context(type_id=self.store.put_context_type(kind), name=run)
        known = {one.name: one for one in self.store.get_contexts_by_type("pipeline_run")}
        if run in known:
            context = known[run]
        else:
            [context.id] = self.store.put_contexts([context])
        link = metadata_store_pb2.Association(context_id=context.id, execution_id=execution)
        owned = [
            metadata_store_pb2.Attribution(context_id=context.id, artifact_id=one)
            for one in artifacts
        ]
        self.store.put_attributions_and_associations(owned, [link])

    def reads(self, run: str, artifact: int) -> None:
        """Notes that a run's node read what another run made."""
        number = self.execution()
        self.belongs(run, number)
        event = EVENT(type=EVENT.INPUT, execution_id=number, artifact_id=artifact)
        self.store.put_events([event])

    def number_of(self, folder: Path) -> int:
        """An artifact's number."""
        [found] = [one.id for one in self.store.get_artifacts() if one.uri == str(folder)]
        return int(found)
