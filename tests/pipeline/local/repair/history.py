"""ML Metadata of one model with artifacts on the disk, as runs leave them."""

from __future__ import annotations

from pathlib import Path

from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from pipeline.local import metadata_db

LIVE = metadata_store_pb2.Artifact.LIVE
STATES = metadata_store_pb2.Execution
EVENT = metadata_store_pb2.Event


class History:
    """Writes `runs/<model>` and `serving_models/<model>`."""

    def __init__(self, runs: Path, model: str = "taxi") -> None:
        self.runs = runs
        self.root = runs / model
        self.root.mkdir(parents=True)
        self.serving = runs.parent / "serving_models" / model
        self.store = MetadataStore(metadata_db.connection(self.root / metadata_db.FILE))
        kind = metadata_store_pb2.ExecutionType(name="Trainer")
        self.execution_type = self.store.put_execution_type(kind)
        context = metadata_store_pb2.ContextType(name="pipeline")
        self.context = metadata_store_pb2.Context(
            type_id=self.store.put_context_type(context), name=model
        )
        [self.context.id] = self.store.put_contexts([self.context])

    def execution(self, state: int = STATES.COMPLETE) -> int:
        one = metadata_store_pb2.Execution(type_id=self.execution_type, last_known_state=state)
        [number] = self.store.put_executions([one])
        return int(number)

    def artifact(self, kind: str, node: str, key: str, number: int, **properties: int | str) -> int:
        """Adds an artifact of an execution, with a file."""
        folder = self.written(node, key, number)
        made = metadata_store_pb2.Artifact(
            type_id=self.store.put_artifact_type(metadata_store_pb2.ArtifactType(name=kind)),
            uri=str(folder),
            state=LIVE,
        )
        for name, value in properties.items():
            if isinstance(value, int):
                made.custom_properties[name].int_value = value
            else:
                made.custom_properties[name].string_value = value
        [made.id] = self.store.put_artifacts([made])
        event = EVENT(type=EVENT.OUTPUT)
        event.path.steps.add().key = key
        [execution] = self.store.get_executions_by_id([number])
        self.store.put_execution(execution, [(made, event)], [self.context])
        return int(made.id)

    def written(self, node: str, key: str, number: int) -> Path:
        """A folder as TFX makes them for an execution."""
        folder = self.root / node / key / str(number)
        export = folder / "Format-Serving" if key == "model" else folder
        export.mkdir(parents=True)
        (export / "saved_model.pb").write_text(f"{key} {number}")
        return folder

    def judged(self, version: str | None = None) -> int:
        """A model that was blessed, and pushed if there is a version."""
        number = self.execution()
        model = self.artifact("Model", "Trainer", "model", number)
        self.artifact(
            "ModelBlessing", "Evaluator", "blessing", number, blessed=1, current_model_id=model
        )
        if version:
            self.artifact(
                "PushedModel", "Pusher", "pushed_model", number, pushed=1, pushed_version=version
            )
            (self.serving / version).mkdir(parents=True)
            (self.serving / version / "saved_model.pb").write_text(f"pushed {version}")
        return model
