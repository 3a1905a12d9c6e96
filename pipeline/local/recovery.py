"""Puts in order what a run has left behind that was killed or interrupted.

ML Metadata goes on calling its last execution running, and the execution's folders may hold half of
what was to be written. TFX never takes these for results: an artifact is in ML Metadata only once
its execution is complete, and another attempt is another execution, with folders of its own.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from ml_metadata.metadata_store import ListOptions, MetadataStore, OrderByField
from ml_metadata.proto import metadata_store_pb2

from pipeline.local.repair.set_aside import SetAside

UNFINISHED = (metadata_store_pb2.Execution.NEW, metadata_store_pb2.Execution.RUNNING)
_LATEST = 500
"""So many executions are looked at, the latest ones. Each run looks, and has about a dozen of its
own, so no older one can be unfinished. Newer ML Metadata has no query to ask for them alone."""


def recover(store: MetadataStore, pipeline_root: Path) -> None:
    """Marks executions that nobody runs any more as failed, and removes what they have written.

    Only the process that has the model's lock may do this: to it, whatever still counts as
    running is dead.

    Args:
        store: The model's ML Metadata.
        pipeline_root: The folder with a folder for each node of the model's pipeline.
    """
    latest = store.get_executions(
        ListOptions(limit=_LATEST, order_by=OrderByField.ID, is_asc=False)
    )
    dead = [execution for execution in latest if execution.last_known_state in UNFINISHED]
    for execution in dead:
        written = (f"*/*/{execution.id}", f"*/.system/executor_execution/{execution.id}")
        for path in (path for pattern in written for path in pipeline_root.glob(pattern)):
            shutil.rmtree(path)
    mark_failed(store, [execution.id for execution in dead])
    for path in pipeline_root.glob("*/.system/stateful_working_dir/*"):
        shutil.rmtree(path)
    if not latest:
        _set_aside(pipeline_root)


def mark_failed(store: MetadataStore, dead: Collection[int]) -> None:
    """Has executions that nobody runs any more count as failed.

    Args:
        store: The model's ML Metadata.
        dead: The executions' numbers.
    """
    executions = store.get_executions_by_id(sorted(dead)) if dead else []
    for execution in executions:
        execution.last_known_state = metadata_store_pb2.Execution.FAILED
    if executions:
        store.put_executions(executions)


def _set_aside(pipeline_root: Path) -> None:
    """Moves away the artifacts that ML Metadata does not know, as its file was removed or is new.

    Its numbers begin again at 1, and so would be given to folders that are there already.
    """
    folders = [path for path in pipeline_root.glob("*") if path.is_dir()]
    aside = SetAside(pipeline_root.name, pipeline_root.parent)
    for path in folders:
        aside.move(path, pipeline_root)
