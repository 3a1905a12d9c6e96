"""A run in the cloud on this machine: a plan, accounts of tasks, and artifacts of some."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from components import data_gate
from pipeline import nodes
from pipeline.cloud.recording import account, plan
from pipeline.cloud.recording.account import Account, Status
from pipeline.cloud.recording.collect import Collection
from pipeline.cloud.recording.final_status import FinalStatus
from pipeline.cloud.recording.plan import Plan, Task
from pipeline.config import loading
from pipeline.record import run_record

JOB = "taxi-20261127093000"
START = datetime(2026, 11, 27, 9, 30, tzinfo=timezone.utc)
DONE = {"done", "cached"}


def plan_of(folder: Path, **changes: Any) -> Plan:
    record = run_record.new("taxi", loading.load("taxi"))
    record.cloud = plan.cloud("vertex", f"https://console/{plan.JOB}?project=p", "i@1", {}, 60.0)
    tree = json.loads(record.model_dump_json(exclude={"id", "started", "process"}))
    tasks = {node.name: Task(node.name, f"recipe-{node.name}") for node in record.nodes}
    tasks[nodes.RESOLVER] = Task(nodes.RESOLVER, "", is_resolver=True)
    given = {"runs": str(folder), "record": tree, "tasks": tasks, "data_hash": "d" * 32}
    return Plan(**{**given, "code": {"models/taxi/model.py": b"network"}, **changes})


class Job:
    """A run whose tasks tell of themselves."""

    def __init__(self, folder: Path, **changes: Any) -> None:
        self.runs = folder
        self.plan = plan_of(folder, **changes)
        self.folder = folder / JOB
        self.names = [node["name"] for node in self.plan.record["nodes"]]

    def tell(
        self, task: str, status: Status = "done", minute: int | None = None, **more: Any
    ) -> Account:
        """Writes an account; a task that has ended took half a minute."""
        minute = self.names.index(task) if minute is None else minute
        began = START + timedelta(minutes=minute)
        ended = None if status == "running" else (began + timedelta(seconds=30)).isoformat()
        told = Account(task, JOB, began.isoformat(), status, ended, **more)
        account.write(told, str(self.folder))
        return told

    def until(self, last: str, status: Status = "done", **more: Any) -> None:
        """All tasks in front of one have ended well, and that one so."""
        for name in self.names[: self.names.index(last)]:
            if name != nodes.RESOLVER:
                self.tell(name)
        self.tell(last, status, **more)

    def gate_report(self, folder: Path, anomalies: list[dict[str, str]]) -> dict[str, Any]:
        """The gate's outputs, as they are in an account."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / data_gate.REPORT).write_text(json.dumps(anomalies))
        return {"report": {"uri": str(folder), "metadata": {}}}

    def collected(self, state: str = "SUCCEEDED", message: str = "") -> tuple[Any, Any]:
        final = FinalStatus(state, message)
        found = Collection(self.plan, final, str(self.runs), JOB, JOB)
        return found.collect(self.runs / "none")


ANOMALY = {
    "feature": "fare",
    "split": "train",
    "severity": "error",
    "headline": "Out of range",
    "detail": "-3",
}
