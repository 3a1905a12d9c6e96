"""`log` and `log_image`, and the process that collects what all processes of a training log.

Other processes than that one, such as those that load data, leave lines for it. Where nobody
collects, as in a notebook or a test, nothing is kept.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from models.common import progress
from models.common.tracking import leaving, png
from models.common.tracking.collection import Collection, checked_value

_EVERY = 1.0
"""Seconds between two times at which listeners are told, at the least."""
_SHARE = 20
"""Telling takes a twentieth of a training's time at most."""

During = Literal["training", "tuning"]


def log(name: str, value: float, step: float) -> None:
    """Logs a number into the run's record: a point of the series `name`.

    It never makes a training fail: what cannot be kept is a warning of the run. NaN and infinities
    are kept as a point without a value.

    Args:
        name: 1 to 200 printable characters. In a search it is a series of the trial.
        value: A number, or an array or eager tensor of one.
        step: Such as the epoch or the batch. It rises from call to call of a name.
    """
    collector = _here()
    if collector is not None:
        collector.add_value(name, value, step)
    elif folder := leaving.find_folder():
        try:
            value = checked_value(value)  # type: ignore[assignment]
        except ValueError as error:
            leaving.leave(folder, {"name": _text(name), "problem": str(error)})
        else:
            leaving.leave(folder, {"name": _text(name), "value": value, "step": _text(step)})


def log_image(name: str, png_or_array: Any, step: float) -> None:
    """Logs an image into the run's record. It never makes a training fail, as `log` does not.

    Args:
        name: 1 to 200 printable characters. In a search it is an image of the trial.
        png_or_array: The content of a PNG file, or an array [height, width] or
            [height, width, channels] with 1, 3 or 4 channels: of bytes, of numbers from 0 to 1, or
            of numbers from 0 to 255.
        step: Such as the epoch. Of the same name and step the last image is kept.
    """
    collector = _here()
    if collector is not None:
        collector.add_image(name, png_or_array, step)
    elif folder := leaving.find_folder():
        try:
            content = base64.b64encode(png.encoded(png_or_array)).decode()
        except Exception as error:
            leaving.leave(folder, {"name": _text(name), "problem": str(error)})
        else:
            leaving.leave(folder, {"name": _text(name), "image": content, "step": _text(step)})


class Collector:
    """Collects what is logged, and tells listeners of `models.common.progress`.

    Args:
        during: What logs.
        folder: Where other processes leave what they log; None where there is no room for one.
    """

    def __init__(self, during: During, folder: Path | None) -> None:
        self.process = os.getpid()
        self.trial: int | None = None
        """The trial that goes on, from 1."""
        self._during = during
        self._folder = folder
        self._collection = Collection()
        self._read: dict[str, int] = {}
        self._lock = threading.RLock()
        self._next = 0.0

    def add_value(self, name: Any, value: Any, step: Any) -> None:
        """Takes over a value."""
        with self._lock:
            self._collection.add_value(name, value, step, self.trial)
        self._tell_in_time()

    def add_image(self, name: Any, image: Any, step: Any) -> None:
        """Takes over an image."""
        with self._lock:
            self._collection.add_image(name, image, step, self.trial)
        self._tell_in_time()

    def tell(self) -> None:
        """Tells listeners of what is new, that of other processes too."""
        with self._lock:
            began = time.monotonic()
            with contextlib.suppress(OSError):  # They may have lost their folder.
                self._take_over_what_was_left()
            if self._collection.changed:
                self._collection.changed = False
                progress.notify(progress.ValuesLogged(self._during, self.as_json()))
            ended = time.monotonic()
            self._next = ended + max(_EVERY, _SHARE * (ended - began))

    def as_json(self) -> dict[str, Any]:
        """All of it, as `run_details.Logged` of the pipeline has it."""
        return self._collection.as_json()

    def _tell_in_time(self) -> None:
        # Listeners are called by the thread that trains, as they are with epochs.
        if threading.current_thread() is threading.main_thread() and time.monotonic() > self._next:
            self.tell()

    def _take_over_what_was_left(self) -> None:
        for path in sorted(self._folder.iterdir()) if self._folder else ():
            with path.open("rb") as file:
                file.seek(self._read.get(path.name, 0))
                content = file.read(leaving.MOST)
            whole = content[: content.rfind(b"\n") + 1]
            self._read[path.name] = self._read.get(path.name, 0) + len(whole)
            for line in whole.splitlines():
                with contextlib.suppress(ValueError):  # A full disk may have broken one off.
                    self._take_over(json.loads(line))
            if self._read[path.name] >= leaving.MOST:
                self._collection.warn(
                    "A process logs too much, and what it logs is no longer kept",
                    f"It has logged {leaving.MOST // 2**20} MB. Log less often.",
                )

    def _take_over(self, left: dict[str, Any]) -> None:
        if "problem" in left:
            what = f"What another process logged as {left['name']!r} was left out"
            self._collection.warn(what, left["problem"])
        elif "image" in left:
            image = base64.b64decode(left["image"])
            self._collection.add_image(left["name"], image, left["step"], self.trial)
        else:
            value = float("nan") if left["value"] is None else left["value"]
            self._collection.add_value(left["name"], value, left["step"], self.trial)


_collector: Collector | None = None


@contextlib.contextmanager
def collecting(during: During) -> Iterator[Collector]:
    """Collects what this process and those that it starts log, while the context lasts."""
    global _collector
    before = _collector
    with leaving.open_folder() as folder:
        collector = _collector = Collector(during, folder)
        try:
            yield collector
        finally:
            _collector = before
            collector.tell()


def tell() -> None:
    """Tells listeners of what was logged, as at the end of an epoch."""
    collector = _here()
    if collector is not None:
        collector.tell()


def _here() -> Collector | None:
    """The collector of this process; a process that was forked has a copy that nobody reads."""
    return _collector if _collector and _collector.process == os.getpid() else None


def _text(value: Any) -> Any:
    """A name or a step as JSON has it; what it has not by how Python writes it."""
    if isinstance(value, str | int | float):
        return value
    try:
        return float(value)
    except Exception:
        return repr(value)[:80]
