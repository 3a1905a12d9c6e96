"""One task's account of itself, kept while its container runs. It never makes a task fail."""

from __future__ import annotations

import contextlib
import json
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from pipeline.cloud.recording import account, live, store
from pipeline.cloud.recording.account import Account
from pipeline.record import redaction

_PATIENCE = 60.0
"""Seconds that a store has to take an account."""


class TaskRecorder:
    """Tells the run's folder how a task comes along.

    Args:
        model: The model's name.
        runs: The folder of all runs of the target.
        task: The task's name.
        uri: The address of one of the task's outputs.
    """

    def __init__(self, model: str, runs: str, task: str, uri: str) -> None:
        job = account.job_of(task, uri)
        self._run = account.run_id(model, job) if job else None
        self._folder = f"{runs}/{self._run}"
        self._account = Account(task, job or "", _now())
        self._progress = live.Progress(self._folder, self._run) if self._run else None

    def started(self) -> None:
        """Says that the task runs."""
        self._tell()

    def done(self, outputs: Mapping[str, dict[str, Any]]) -> None:
        """Says what the task has made.

        Args:
            outputs: Addresses and metadata by key.
        """
        self._account.outputs = dict(outputs)
        self._end("done")

    def failed(self, error: BaseException) -> None:
        """Says what the task failed with; anomalous data has stopped it."""
        anomalies = getattr(error, "anomalies", None)
        told = {key: str(getattr(error, key, "") or "") for key in ("headline", "detail", "remedy")}
        if not told["headline"]:
            told["headline"] = f"{type(error).__name__}: {error}".strip().splitlines()[0]
        self._account.failure = redaction.redactor().tree(told)
        self._account.anomalies = list(anomalies or [])
        self._end("failed" if anomalies is None else "stopped")

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Writes epochs and trials to the run's folder while the context lasts."""
        try:
            from models.common import progress
        except ImportError:  # A task without code of `models/` trains nothing.
            yield
            return
        if self._progress is None:
            yield
            return
        with progress.listening(self._progress.add):
            yield

    def _end(self, status: account.Status) -> None:
        self._account.status, self._account.finished = status, _now()
        if self._progress:
            self._progress.close()
        self._tell()

    def _tell(self) -> None:
        if self._run is None:
            return

        def tell() -> None:
            account.write(self._account, self._folder)
            live.update(self._folder)

        _quietly(tell)


def written(output_file: str) -> dict[str, dict[str, Any]]:
    """The outputs that TFX's container has said to have made; none where it said nothing."""
    try:
        return account.outputs_of(json.loads(store.read(output_file) or b"{}"))
    except Exception:
        traceback.print_exc()
        return {}


def _now() -> str:
    return datetime.now(timezone.utc).isoformat()


def _quietly(call: Callable[[], None]) -> None:
    """Does something for some time at most; what goes wrong is printed, and no more."""

    def run() -> None:
        try:
            call()
        except Exception as error:
            print(f"The run's record was not told: {type(error).__name__}: {error}", flush=True)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(_PATIENCE)
