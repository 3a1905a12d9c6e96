"""One Neptune record of a run, offline or on a server, kept equal to snapshots of the run."""

from __future__ import annotations

import math
import time
import warnings
from typing import Any, Literal

from pipeline.tracking.neptune_fields import Field, Snapshot, content_of

# The client names its successor at each import; no server is left that would need it.
with warnings.catch_warnings(record=True):
    import neptune
    from neptune.types import File

_COMPLETE = "run/complete"
_STOP = 30.0
"""Seconds that a server has at the end to take what is left."""
_PAUSE = 0.5
"""Seconds between two questions whether it has."""


class NeptuneRecord:
    """A Neptune run that takes over what has changed since the last snapshot.

    Args:
        run_id: The run's id, which becomes its name.
        model: The model's name, which becomes a tag.
        mode: `offline` writes to Neptune's folder alone; `async` sends to a server as well.

    Raises:
        Exception: Of many kinds, when the server does not answer as it should.
    """

    def __init__(self, run_id: str, model: str, mode: Literal["offline", "async"]) -> None:
        self._run = neptune.init_run(
            mode=mode,
            name=run_id,
            custom_run_id=run_id,
            tags=[model],
            # These either need files that Neptune reads later, or say what a snapshot says.
            source_files=[],
            git_ref=False,
            capture_stdout=False,
            capture_stderr=False,
            capture_traceback=False,
            capture_hardware_metrics=False,
        )
        self._on_server = mode == "async"
        self._fields: dict[str, Field] = {}
        self._logged: dict[str, int] = {}
        self._steps: dict[str, float] = {}
        self._files: set[str] = set()

    def update(self, snapshot: Snapshot) -> None:
        """Logs what is new, and returns when it is on disk."""
        for path, value in snapshot.fields.items():
            if self._fields.get(path) != value:
                self._assign(path, value)
        for path, values in snapshot.series.items():
            known = self._logged.get(path, 0)
            for epoch, point in enumerate(values[known:], start=known + 1):
                if point is not None and math.isfinite(point):
                    self._run[path].append(point, step=epoch)
            self._logged[path] = len(values)
        for path, points in snapshot.points.items():
            last = self._steps.get(path, -math.inf)
            for step, number in points:
                if step > last and number is not None:
                    self._run[path].append(number, step=step)
            if points:
                self._steps[path] = points[-1][0]
        for path, file in snapshot.files.items():
            if path not in self._files:
                self._files.add(path)
                # By content: offline, Neptune keeps only the path of a file that is given by path.
                content, extension = content_of(file)
                self._run[path].upload(File.from_content(content, extension=extension))
        self._run.wait(disk_only=True)

    def close(self, failed: bool) -> None:
        """Marks the end, which Neptune's own record does not, and sends what is left.

        Raises:
            Exception: The server did not take it, or does not know the end when it is asked again.
        """
        self._run["sys/failed"] = failed
        self._run[_COMPLETE] = True
        self._run.wait(disk_only=True)
        try:
            if self._on_server:
                self._confirm()
        finally:
            self._run.stop(seconds=_STOP)

    def _confirm(self) -> None:
        """Waits until the server itself knows the end, which was sent last."""
        until = time.monotonic() + _STOP
        while True:
            self._run.sync(wait=False)  # What is known is now what the server says.
            if self._run.exists(_COMPLETE):
                return
            if time.monotonic() >= until:
                raise ValueError("it does not know the run's end when it is asked for it again")
            time.sleep(_PAUSE)

    def _assign(self, path: str, value: Any) -> None:
        self._fields[path] = value
        self._run[path] = value
