"""How to go on with a run that failed, was interrupted, or was killed.

Going on is a new run with the old one's config. What was finished is in the cache, so that it comes
from there by the same rules as ever: a file that was edited since runs its nodes again. TFX could
also take the old run's id once more, but would then write into the folders that the failed node
left half filled.

The Tuner and the Trainer begin anew where they were in the middle; they keep no checkpoints.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from models.common.errors import ConfigError, RunError
from pipeline import nodes
from pipeline.config import loading, project
from pipeline.config.differences import differences, listed
from pipeline.config.model_config import ModelConfig
from pipeline.record import provenance, redaction, run_record
from pipeline.record.liveness import status
from pipeline.record.run_record import RunRecord
from pipeline.show import formatting

_ENDS = {
    "pushed": "was blessed and pushed",
    "not_blessed": "came to its end; its model was not blessed",
    "partial": "ran as far as it was asked to",
    "stopped": "was stopped by anomalies in the data",
    "running": "is still going",
}


@dataclass(frozen=True)
class Resumption:
    """What a run needs to go on with another."""

    run: str
    """The other run's id."""
    config: ModelConfig
    overrides: list[str]
    no_cache: list[str]
    """The nodes that it was to run whatever the cache has, and has not run."""
    to: str | None = None
    """The last node that it was to run; None: all of them."""
    notices: list[str] = field(default_factory=list)
    """What has changed since."""


def resumption(model: str, root: Path = project.ROOT, runs: Path = project.RUNS) -> Resumption:
    """Prepares to go on with a model's last run.

    Args:
        model: The model's name.
        root: The project's root.
        runs: The folder of all runs.

    Raises:
        ConfigError: There is no such model.
        RunError: There is nothing to go on with, or the run's config is not known any more.
    """
    loading.check_model(model, root)
    record = _unfinished(model, runs)
    config, notices = _config(record, root)
    return Resumption(
        run=record.id,
        config=config,
        overrides=record.overrides,
        no_cache=_still_to_run(record),
        to=record.to,
        notices=[*notices, *_edited(record, root)],
    )


def _unfinished(model: str, runs: Path) -> RunRecord:
    """The model's last run, if it did not come to an end."""
    again = f"Start a run with: {formatting.command(f'run {model}')}"
    last = next(run_record.of_model(model, runs), None)
    if last is None:
        raise RunError(f"There is no run of '{model}' to resume", f"Looked in {runs}.", again)
    ended = _ENDS.get(status(last, runs))
    if last.is_mistake:
        ended = "failed before any node ran"
    if ended is not None:
        raise RunError(
            "There is nothing to resume", f"The last run of '{model}', {last.id}, {ended}.", again
        )
    return last


def left_out(model: str, overrides: Sequence[str], runs: Path = project.RUNS) -> list[str]:
    """What to tell of settings that the last run had, which did not end, and a new one has not.

    Args:
        model: The model's name.
        overrides: The new run's `key=value` settings.
        runs: The folder of all runs.
    """
    last = next(run_record.of_model(model, runs), None)
    if last is None or status(last, runs) in _ENDS or last.is_mistake:
        return []
    settings = [setting for setting in last.overrides if setting not in overrides]
    if not settings:
        return []
    had = " ".join(f"--set {shlex.quote(setting)}" for setting in settings)
    return [
        f"The last run, {last.id}, did not come to its end and had {had}, which this one has not. "
        f"To go on with it: {formatting.command(f'run {model} --resume')}"
    ]


def _config(record: RunRecord, root: Path) -> tuple[ModelConfig, list[str]]:
    """The config that a run had, and what is different in the model's folder now."""
    again = (
        f"Run it again: {formatting.command(f'run {record.model}')}. The cache has what was done."
    )
    if redaction.HIDDEN in json.dumps(record.overrides):
        raise RunError(
            f"The run {record.id} cannot be resumed",
            "It was given a secret with --set, and records keep no secrets.",
            again,
        )
    then = record.config.model_dump(mode="json")
    try:
        present = loading.load(record.model, record.overrides, root)
    except ConfigError as error:
        change = f"models/{record.model}/config.yaml cannot be used any more: {error.headline}"
    else:
        tree = present.model_dump(mode="json")
        hidden = redaction.redactor(tree, record.overrides).tree(tree)
        changes = [text for _, text in differences(then, hidden)]
        if not changes:
            return present, []
        change = f"models/{record.model}/config.yaml has changed since: {listed(changes)}"
    if redaction.HIDDEN in json.dumps(then):
        raise RunError(
            f"The run {record.id} cannot be resumed",
            f"Its config had a secret, which records do not keep. {change}.",
            again,
        )
    return record.config, [f"{change}. This run keeps the config of {record.id}."]


def _still_to_run(record: RunRecord) -> list[str]:
    names = [node.name for node in record.nodes]
    done = {node.name for node in record.nodes if node.status == "done"}
    left = nodes.followers(record.no_cache, names) - done
    # The others follow from these.
    return [name for name in names if name in left and not left & {*nodes.upstream(name, names)}]


def _edited(record: RunRecord, root: Path) -> list[str]:
    """The model's code that differs from what the run had."""
    then, now = record.code.files, provenance.code(record.model, root).files
    config = f"models/{record.model}/config.yaml"  # Whatever it says now is not used.
    edited = sorted(path for path in {*then, *now} - {config} if then.get(path) != now.get(path))
    if not edited:
        return []
    return [f"Edited since: {listed(edited)}. What uses them runs again."]
