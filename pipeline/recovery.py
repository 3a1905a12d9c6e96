"""Puts in order what a run has left behind that was killed or interrupted.

ML Metadata goes on calling its last execution running, and the execution's folders may hold half of
what was to be written. TFX never takes these for results: an artifact is in ML Metadata only once
its execution is complete, and another attempt is another execution, with folders of its own.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from ml_metadata.metadata_store import ListOptions, MetadataStore
from ml_metadata.proto import metadata_store_pb2

_UNFINISHED = "last_known_state = NEW OR last_known_state = RUNNING"


def recover(store: MetadataStore, pipeline_root: Path) -> None:
    """Marks executions that nobody runs any more as failed, and removes what they have written.

    Only the process that has the model's lock may do this: to it, whatever still counts as
    running is dead.

    Args:
        store: The model's ML Metadata.
        pipeline_root: The folder with a folder for each node of the model's pipeline.
    """
    dead = store.get_executions(ListOptions(filter_query=_UNFINISHED))
    for execution in dead:
        written = (f"*/*/{execution.id}", f"*/.system/executor_execution/{execution.id}")
        for path in (path for pattern in written for path in pipeline_root.glob(pattern)):
            shutil.rmtree(path)
        execution.last_known_state = metadata_store_pb2.Execution.FAILED
    if dead:
        store.put_executions(dead)
    for path in pipeline_root.glob("*/.system/stateful_working_dir/*"):
        shutil.rmtree(path)
    if not store.get_executions(ListOptions(limit=1)):
        _set_aside(pipeline_root)


def _set_aside(pipeline_root: Path) -> None:
    """Moves away the artifacts that ML Metadata does not know, as its file was removed or is new.

    Its numbers begin again at 1, and so would be given to folders that are there already.
    """
    folders = [path for path in pipeline_root.glob("*") if path.is_dir()]
    if folders:
        aside = pipeline_root.with_name(f"{pipeline_root.name}.orphaned-{time.time_ns()}")
        aside.mkdir()
        for path in folders:
            path.rename(aside / path.name)
