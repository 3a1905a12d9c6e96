"""The copy of a run's record on a Neptune server, which may refuse, hang or answer nonsense."""

from __future__ import annotations

import queue
import threading
import time

from pipeline.tracking import WARNING
from pipeline.tracking.neptune_fields import Snapshot
from pipeline.tracking.neptune_record import NeptuneRecord


class Server:
    """Sends snapshots from a thread of its own, and tells once if that does not work.

    Args:
        run_id: The run's id.
        model: The model's name.
    """

    PATIENCE = 15.0
    """Seconds that the server has to accept the run, and at the end to take what is left."""

    def __init__(self, run_id: str, model: str) -> None:
        self._snapshots: queue.SimpleQueue[Snapshot | bool] = queue.SimpleQueue()
        self._accepted = threading.Event()
        self._error: Exception | None = None
        self._warned = False
        self._began = time.monotonic()
        self._thread = threading.Thread(target=self._send, args=(run_id, model), daemon=True)
        self._thread.start()

    def update(self, snapshot: Snapshot) -> None:
        """Sends a snapshot when its turn comes; returns at once."""
        self._snapshots.put(snapshot)

    def warn(self) -> None:
        """Prints what is wrong with the server, the first time that something is."""
        late = not self._accepted.is_set() and time.monotonic() - self._began >= self.PATIENCE
        if self._warned or not (self._error or late):
            return
        self._warned = True
        problem = f"did not answer within {self.PATIENCE:.0f} s"
        if self._error:
            lines = str(self._error).strip().splitlines() or [""]
            first = next((line for line in lines if line.strip(" -")), "")
            problem = f"did not take the run: {type(self._error).__name__} {first}".rstrip()
        print(f"{WARNING}Neptune {problem}; the run is recorded in its folder alone.", flush=True)

    def close(self, failed: bool) -> None:
        """Ends the record; waits a while for the server to take what is left."""
        self._snapshots.put(failed)
        self._thread.join(max(0.0, self._began + self.PATIENCE - time.monotonic()))
        if self._accepted.is_set():
            self._thread.join(self.PATIENCE)
            if self._thread.is_alive() and not self._error:
                self._error = TimeoutError("it has not taken the end")
        self.warn()

    def _send(self, run_id: str, model: str) -> None:
        try:
            record = NeptuneRecord(run_id, model, "async")
            self._accepted.set()
            while not isinstance(snapshot := self._snapshots.get(), bool):
                record.update(snapshot)
            record.close(failed=snapshot)
        except Exception as error:  # What a bad answer raises is not always Neptune's own.
            self._error = error
