"""What a server does with a serving folder in a bucket: takes over changes, and reports.

Labels, shares and versions come from the bucket to a folder on this machine, where the server finds
them as it always does; what it has observed, and a canary that it has rolled back, go there.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from pathlib import Path

from serving.core import logs
from serving.model import models_config
from serving.release import endings
from serving.release.folder import Copy
from serving.release.store import Store
from serving.routing import observations

SECONDS = 3.0
"""Between two looks at the bucket."""


class Follower:
    """Keeps a folder on this machine up to date with one in a bucket.

    Args:
        store: The serving folder in the bucket.
        folder: The server's own.

    Raises:
        ServingError: The bucket cannot be read, or what is in it is not usable. Later it is only
            told, and the server goes on by what it has.
    """

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self._copy = Copy(store, folder)
        self._folder = folder
        # All containers of a service may have the same host's name and process number.
        self._name = f"{observations.FOLDER}/{secrets.token_hex(8)}.json"
        self._pushed: bytes | None = None
        self._told: dict[str, str] = {}
        self._waiting: list[tuple[endings.Ending, Callable[[], None] | None]] = []
        self._stop, self._wake = threading.Event(), threading.Event()
        self._copy.pull_log_settings()
        self._copy.pull()
        if not (folder / models_config.FILE).exists():
            remedy = "Check the address, or release a version: python -m serving release --help"
            logs.event("nothing released", "warning", bucket=store.address, remedy=remedy)
        self._thread = threading.Thread(target=self._run, name="bucket", daemon=True)
        self._thread.start()

    def rolled_back(
        self, model: str, version: int, why: str, tell: Callable[[], None] | None
    ) -> None:
        """Has a canary that this server has taken out taken out everywhere; comes back at once.

        Args:
            model: The model.
            version: The version that was the canary.
            why: What it did.
            tell: Called once it is in the bucket, unless another server was first; None: nobody is
                told by this server.
        """
        told = tell is not None
        made = endings.ending(model, version, "rolled back", "automatic", why, told)
        self._copy.own.append(made)
        self._waiting.append((made, tell))
        self._wake.set()

    def close(self) -> None:
        """Reports what has not been reported yet."""
        self._stop.set()
        self._wake.set()
        self._thread.join(5)

    def _run(self) -> None:
        while True:
            self._wake.wait(SECONDS)
            self._wake.clear()
            last = self._stop.is_set()
            self._try("canary's end not reported", self._report_endings)
            self._try("observations not reported", self._report_observations)
            if last:
                return
            self._try("bucket not read", self._pull)

    def _pull(self) -> None:
        if self._copy.pull():
            logs.event("serving folder changed", bucket=self.store.address)

    def _report_endings(self) -> None:
        while self._waiting:
            made, tell = self._waiting[0]
            new = endings.add(self.store, made)
            self._waiting.pop(0)
            if new and tell is not None:
                tell()

    def _report_observations(self) -> None:
        files = list((self._folder / observations.FOLDER).glob("*.json"))
        if files:
            content = max(files, key=lambda path: path.stat().st_mtime).read_bytes()
            if content != self._pushed:
                self.store.write(self._name, content)
                self._pushed = content

    def _try(self, what: str, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # The server goes on by what it has, whatever happens here.
            # Once for each way in which it fails, not every few seconds.
            if self._told.get(what) != str(error):
                logs.event(what, "error", error=str(error))
            self._told[what] = str(error)
        else:
            self._told.pop(what, None)
