"""A run's files in the bucket while it goes on: which nodes are done, and the curves so far.

What is written here is provisional: the exit handler writes all of it anew. It is JSON as it is,
without the records' classes, as a task's image has no more of `models/` than the task needs.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timezone
from typing import Any

from pipeline.cloud.recording import account, store
from pipeline.cloud.recording.account import Account
from pipeline.record import run_folder

_EVERY = 3.0
"""Seconds between two writes of the curves, however short an epoch is."""
_STATES = {"running": "running", "done": "done", "failed": "failed", "stopped": "failed"}
_EVAL = "val_"
_LOGGED = {"training": "logged", "tuning": "logged_in_trials"}
"""The key of the details for what the model's code logs, by what has called it."""


def update(folder: str) -> None:
    """Has `run.json` say how far the run has come, where the submission has put one.

    It is made of all tasks' accounts, so that of two that write at once either is right by the
    next one.

    Args:
        folder: The run's folder.
    """
    content = store.read(f"{folder}/{run_folder.RECORD}")
    if content is None:
        return
    record = json.loads(content)
    accounts = account.read_all(folder)
    over = passed(record["nodes"], accounts)
    for node in record["nodes"]:
        own = accounts.get(node["name"])
        if own is not None:
            node.update(status=_STATES[own.status], started=own.started, seconds=own.seconds)
        elif node["name"] in over:
            node["status"] = "done" if node.get("why") else "cached"  # A platform's own task.
    if accounts:
        record["started"] = min(one.started for one in accounts.values())
    if record.get("cloud"):
        record["cloud"]["seen"] = datetime.now(timezone.utc).isoformat()
    text = json.dumps(record, indent=2, ensure_ascii=False) + "\n"
    store.write(f"{folder}/{run_folder.RECORD}", text.encode())


def passed(entries: Sequence[Mapping[str, Any]], accounts: Mapping[str, Account]) -> set[str]:
    """The nodes that must be over, as one that waits for them has begun.

    Args:
        entries: The record's nodes, each after those that it waits for.
        accounts: By node.
    """
    found: set[str] = set()
    for node in reversed(entries):
        if node["name"] in accounts or node["name"] in found:
            found.update(node["upstream"])
    return found


class Progress:
    """Writes what training tells into `details.json`, from a thread of its own.

    Args:
        folder: The run's folder.
        run: The run's id.
    """

    def __init__(self, folder: str, run: str) -> None:
        self._address = f"{folder}/{run_folder.DETAILS}"
        self._details: dict[str, Any] = {"version": 1, "run": run}
        self._begun: set[str] = set()
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, event: Any) -> None:
        """Takes over an event of `models.common.progress`; others are left alone."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, daemon=True)
                self._thread.start()
            if hasattr(event, "metrics"):
                self._add_epoch(self._part("curves"), event.metrics)
            elif hasattr(event, "objective"):
                self._part("trials").append(asdict(event))
            elif hasattr(event, "logged"):
                self._details[_LOGGED[event.during]] = event.logged
            else:
                return
        self._changed.set()

    def close(self, seconds: float = 30.0) -> None:
        """Writes what is left; waits for that for some seconds at most."""
        self._ended.set()
        self._changed.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _part(self, name: str) -> list[Any]:
        """A list of the details, which an earlier try of the same task may have begun."""
        if name not in self._begun:
            self._begun.add(name)
            self._details[name] = []
        found: list[Any] = self._details[name]
        return found

    def _add_epoch(self, curves: list[Any], metrics: Mapping[str, float]) -> None:
        for name, value in metrics.items():
            metric, split = name.removeprefix(_EVAL), "eval" if name.startswith(_EVAL) else "train"
            known = (one for one in curves if (one["metric"], one["split"]) == (metric, split))
            curve = next(known, None)
            if curve is None:
                curves.append(curve := {"metric": metric, "split": split, "values": []})
            curve["values"].append(value if math.isfinite(value) else None)

    def _write(self) -> None:
        before = self._read()
        while True:
            self._changed.wait()
            ended = self._ended.is_set()
            self._changed.clear()
            with self._lock:
                text = json.dumps({**before, **self._details})
            try:
                store.write(self._address, text.encode())
            except Exception as error:
                print(f"The curves cannot be written: {error}", flush=True)
            if ended:
                return
            if not self._ended.wait(_EVERY):
                continue
            self._changed.set()

    def _read(self) -> dict[str, Any]:
        """What other tasks have put there."""
        try:
            found = json.loads(store.read(self._address) or b"{}")
        except Exception:
            found = {}
        return found if isinstance(found, dict) else {}
