"""What a task's container says of its execution: `<runs>/<run id>/tasks/<task>.json`.

A task that the cache stands for runs no container, so its account is that of the execution whose
result it is: `<runs>/.results/<recipe>.json`, where the exit handler of that run has kept it. A
recipe is a hash of all that a task's cache key depends on, that of the tasks before it included; it
is known when the pipeline is compiled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, Literal

from pipeline.cloud.recording import store

TASKS = "tasks"
"""The folder of the accounts, in a run's folder."""
_RESULTS = ".results"

Status = Literal["running", "done", "failed", "stopped"]


@dataclass
class Account:
    """One task's execution."""

    task: str
    job: str
    """What the platform calls the run of the pipeline."""
    started: str
    """In ISO 8601, in UTC."""
    status: Status = "running"
    finished: str | None = None
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By key: the `uri` of the artifact, and its `metadata`."""
    failure: dict[str, str] = field(default_factory=dict)
    """`headline`, `detail` and `remedy` of what it failed with."""
    anomalies: list[dict[str, Any]] = field(default_factory=list)
    """What stopped it, where anomalous data did."""

    @property
    def seconds(self) -> float | None:
        """How long it took; None where it has not ended."""
        if self.finished is None:
            return None
        took = datetime.fromisoformat(self.finished) - datetime.fromisoformat(self.started)
        return max(took.total_seconds(), 0.0)


def run_id(model: str, job: str) -> str:
    """The id of a run in the cloud: the job's name, behind the model's where it does not say it."""
    called = model.lower().replace("_", "-").strip("-")
    return job if job.startswith((f"{model}-", f"{called}-")) else f"{model}-{job}"


def job_of(task: str, uri: str) -> str | None:
    """What the platform calls the run, as one of the task's output addresses has it.

    Kubeflow: `<root>/<run id>/<task>/<execution>/<key>`; Vertex AI:
    `<root>/<project number>/<job>/<task>_<number>/<key>`.

    Args:
        task: The task's name.
        uri: The address of an output.
    """
    parts = uri.rstrip("/").split("/")
    for place in range(len(parts) - 2, 0, -1):
        if parts[place] == task or parts[place].startswith(f"{task}_"):
            return parts[place - 1]
    return None


def write(account: Account, folder: str) -> None:
    """Writes a task's account into its run's folder."""
    store.write(f"{folder}/{TASKS}/{account.task}.json", _encoded(account))


def keep_as_result(account: Account, runs: str, recipe: str) -> None:
    """Keeps an account of success for later runs, in which the cache may stand for the task."""
    store.write(f"{runs}/{_RESULTS}/{recipe}.json", _encoded(account))


def result(runs: str, recipe: str) -> Account | None:
    """The latest successful execution of this recipe; None where none is known."""
    return _decoded(store.read(f"{runs}/{_RESULTS}/{recipe}.json"))


def read_all(folder: str) -> dict[str, Account]:
    """The accounts in a run's folder, by task."""
    found = {}
    for name in store.names(f"{folder}/{TASKS}"):
        if name.endswith(".json") and (account := _decoded(store.read(f"{folder}/{TASKS}/{name}"))):
            found[account.task] = account
    return found


def _encoded(account: Account) -> bytes:
    return (json.dumps({"version": 1, **asdict(account)}, indent=1) + "\n").encode()


def _decoded(content: bytes | None) -> Account | None:
    try:
        tree = json.loads(content or b"null")
        known = Account.__dataclass_fields__
        return Account(**{key: value for key, value in tree.items() if key in known})
    except (ValueError, TypeError, AttributeError):  # None, or damaged: there is no account.
        return None


def outputs_of(written: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The outputs in what TFX's container wrote, a KFP `ExecutorOutput` in JSON."""
    return {
        key: {
            "uri": found["artifacts"][0]["uri"],
            "metadata": found["artifacts"][0].get("metadata", {}),
        }
        for key, found in written.get("artifacts", {}).items()
        if found.get("artifacts")
    }
