"""The REST application over the small model, loaded in the test's own process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from serving.core.hooks import Entry, Hooks
from serving.core.metrics import Metrics
from serving.core.settings import Settings
from tests.helpers import small_model


class Log:
    """A request log that keeps its entries."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    async def submit(self, entry: Entry) -> bool:
        self.entries.append(entry)
        return True

    def close(self) -> None: ...


@contextmanager
def running(folder: Path, log: Log, token: str = "") -> Iterator[Any]:
    """The application, once the model is served."""
    from serving.engine.engine import Engine
    from serving.engine.versions import Versions
    from serving.rest.inference_app import InferenceApp

    small_model.write(folder / "small" / "1")
    metrics, settings = Metrics(), Settings(folder, token=token)
    versions = Versions(folder, settings.limits, metrics, interval=0.05)
    versions.start()
    assert versions.scanned.wait(60)
    yield InferenceApp(Engine(versions, Hooks(request_log=log), metrics, timeout=30), settings)
    versions.stop()
