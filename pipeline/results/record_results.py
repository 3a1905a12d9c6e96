"""Takes over what a finished node has found into its run's record."""

from __future__ import annotations

from pathlib import Path

from pipeline import nodes
from pipeline.config import project
from pipeline.record.run_details import RunDetails
from pipeline.record.run_record import RunRecord
from pipeline.results import readers
from pipeline.results.readers import Artifacts, NodeResult


def record_results(
    run: RunRecord,
    details: RunDetails,
    node: str,
    outputs: Artifacts,
    runs: Path = project.RUNS,
) -> None:
    """Reads a finished node's artifacts with the reader that its `NodeSpec` names.

    Args:
        run: The record to add to.
        details: The details to add to.
        node: The node's name.
        outputs: Its output artifacts by key.
        runs: The folder of all runs, for what this one is compared with.
    """
    reader = nodes.SPECS[node].results
    if reader is not None:
        getattr(readers, reader)(NodeResult(run, details, outputs, runs))
