"""Every model, with the runs that came as far as a verdict on it."""

from __future__ import annotations

from typing import Any

from dashboard.records.index import Snapshot
from dashboard.records.runs import Run

MAX_JUDGED = 200


def models(snapshot: Snapshot) -> list[dict[str, Any]]:
    """The models in order of the alphabet, each with its versions, newest first.

    Returns:
        For each its `name`, how many `runs` it has and how many versions they `pushed`, the
        `latest` version, and `judged`: the rows of at most the latest 200 runs whose model was
        judged.
    """
    by_model: dict[str, list[Run]] = {}
    for run in snapshot.runs:
        if run.model:
            by_model.setdefault(run.model, []).append(run)
    return [_model(name, by_model[name]) for name in sorted(by_model)]


def _model(name: str, runs: list[Run]) -> dict[str, Any]:
    judged = [run for run in runs if run.blessed is not None or run.pushed_version is not None]
    # A run whose Pusher came from the cache has the version of an earlier one.
    pushed = {run.pushed_version for run in judged if run.pushed_version is not None}
    return {
        "name": name,
        "runs": len(runs),
        "pushed": len(pushed),
        "latest": max(pushed, default=None),
        "judged": [run.as_json() for run in judged[:MAX_JUDGED]],
        "left_out": max(len(judged) - MAX_JUDGED, 0),
    }
