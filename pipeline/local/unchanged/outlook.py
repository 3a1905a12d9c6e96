"""What the next run will record if nothing changes: noted by a run when it has ended.

It is read from the run's artifacts by the same functions as ever, as the next run would do when all
of them come from the cache. So it differs from what this run has recorded in the same ways: data
has not drifted since this run, for one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from components import pusher
from components.content import artifact
from pipeline import nodes
from pipeline.config import project
from pipeline.local.unchanged import repetition
from pipeline.local.unchanged.repetition import Repetition
from pipeline.record import run_record
from pipeline.record.run_details import RunDetails
from pipeline.record.run_record import Dataset, RunRecord
from pipeline.results.readers import Artifacts
from pipeline.results.record_results import record_results


def note(
    record: RunRecord,
    outputs: Mapping[str, Artifacts],
    charts: Mapping[str, str],
    runs: Path = project.RUNS,
) -> None:
    """Writes down what the next run would record; nothing where that cannot be foretold.

    Args:
        record: The record of a run that has ended.
        outputs: The output artifacts of each node by key, by the node's name.
        charts: What `Drawings` knows of the run's report.
        runs: The folder of all runs.

    Raises:
        RunError: It cannot be written.
    """
    artifacts = _artifacts(outputs)
    if record.status != "pushed" or record.to or not _is_complete(record, outputs, artifacts):
        repetition.forget(record.model, runs)
        return
    assert record.pushed_to is not None, "it was pushed"
    following = run_record.new(record.model, record.config)
    following.hyperparameters = record.hyperparameters
    if record.data:
        following.data = Dataset(path=record.data.path, hash=record.data.hash)
    details = RunDetails(run=following.id)
    for name in outputs:
        record_results(following, details, name, outputs[name], runs)
    repetition.write(
        Repetition(
            run=record.id,
            artifacts=artifacts,
            version=artifact.described(record.pushed_to),
            record=following,
            details=details,
            charts=dict(charts),
        ),
        runs,
    )


def _is_complete(
    record: RunRecord, outputs: Mapping[str, Artifacts], artifacts: Mapping[str, str]
) -> bool:
    """Whether the cache would have every node's result, and compare what is in all of them."""
    pushed = record.pushed_to or ""
    archive = next((one.uri for one in outputs.get(nodes.PUSHER, {}).values()), "")
    return (
        all(node.status in ("done", "cached") and node.name in outputs for node in record.nodes)
        and all(artifacts.values())
        and Path(pushed).is_dir()
        and pusher.damage(archive, pushed) is None
    )


def _artifacts(outputs: Mapping[str, Artifacts]) -> dict[str, str]:
    """The content's hash of each artifact that a cache is asked for, by its address."""
    return {
        one.uri: one.custom_properties[artifact.HASH].string_value
        for name, found in outputs.items()
        if not nodes.SPECS[name].reason_to_run
        for one in found.values()
    }
