"""The request log's way to the bucket, from machines whose disk goes with them.

Every few seconds what was logged since is written to `.request_log/` there, as log files that are
never changed. A file's range of rows stands in `uploaded.json` beside the log before it is written,
so that after an interruption the same file is written again, and no entry is in two.

An entry is acknowledged (`X-Request-Logged`) only while the bucket keeps up: a machine that is lost
takes no more with it than what it acknowledged within `BOUND` seconds. One that is stopped takes
nothing: it uploads the rest.
"""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from serving.core import logs
from serving.core.errors import ServingError
from serving.core.files.atomic_file import write_whole
from serving.core.hooks import Entry
from serving.release.store import Store
from serving.request_log import database
from serving.request_log.log import RequestLog
from serving.request_log.settings import LogSettings

FOLDER = ".request_log"
"""In the serving folder in the bucket."""
BOUND = 15.0
"""Seconds without a complete upload after which nothing is acknowledged until there is one."""
SECONDS = 5.0
"""Between two uploads."""
_MOST_ROWS = 20_000
_FILE_MB, _KEEP_MB = 32, 256
_PROGRESS = "uploaded.json"
_RECORD = re.compile(r"[^/.][^/]*/[0-9]+\.json")


def on_a_small_disk(settings: LogSettings) -> LogSettings:
    """Settings for a disk that is the machine's memory, as far as they are not smaller already."""
    file_mb, keep_mb = min(settings.file_mb, _FILE_MB), min(settings.keep_mb, _KEEP_MB)
    return settings.model_copy(update={"file_mb": file_mb, "keep_mb": keep_mb})


class Uploads:
    """Uploads a log folder.

    Args:
        log_folder: The log's folder on this machine.
        store: The serving folder in the bucket.
    """

    def __init__(self, log_folder: Path, store: Store) -> None:
        self._folder = log_folder
        self._store = store
        self._lock = threading.Lock()
        self._upto = time.monotonic()
        """When what is in the bucket was complete."""
        self._failed = False
        progress = self._progress()
        self._machine = str(progress.get("machine") or secrets.token_hex(6))
        self._files: dict[str, dict[str, int]] = progress.get("files", {})

    @property
    def seconds_behind(self) -> float:
        """For how long nothing that was logged has got into the bucket."""
        return time.monotonic() - self._upto

    def upload(self) -> bool:
        """Uploads what was logged so far; returns whether all of it is there now."""
        with self._lock:
            began = time.monotonic()
            try:
                for path in database.files(self._folder):
                    self._upload(path)
                self._upto = began
            except (ServingError, OSError, sqlite3.Error) as error:
                if not self._failed:
                    logs.event("request log not uploaded", "error", error=str(error))
                self._failed = True
                return False
            if self._failed:
                logs.event("request log uploaded again")
            self._failed = False
            return True

    def _upload(self, path: Path) -> None:
        closed = not database.in_use(path)  # Before its end is looked for: it has no more after it.
        done = self._files.setdefault(path.name, {"loaded": 0, "upto": 0})
        while (upto := done["upto"]) > done["loaded"] or (
            upto := min(database.last_row(path), done["loaded"] + _MOST_ROWS)
        ) > done["loaded"]:
            done["upto"] = upto
            self._save()
            with tempfile.TemporaryDirectory(prefix="upload-") as folder:
                part = Path(folder, "part.sqlite")
                database.write_part(path, part, done["loaded"], upto)
                name = f"{path.stem}-{self._machine}-{done['loaded']}-{upto}.sqlite"
                self._store.write(f"{FOLDER}/{name}", part.read_bytes())
            done["loaded"] = upto
            self._save()
        if closed:
            database.remove(path)
            del self._files[path.name]
            self._save()

    def _progress(self) -> dict[str, Any]:
        try:
            found = json.loads((self._folder / _PROGRESS).read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _save(self) -> None:
        content = {"machine": self._machine, "files": self._files}
        write_whole(self._folder / _PROGRESS, json.dumps(content))


def fetch(store: Store, serving_folder: Path, log_folder: Path) -> int:
    """Copies a log in a bucket here, and the registry's files, which have the features' types.

    Args:
        store: The serving folder in the bucket.
        serving_folder: The one here.
        log_folder: The log's folder here; made, for its owner alone, where it is missing.

    Returns:
        How many files of the log were not here.

    Raises:
        ServingError: The bucket cannot be read.
    """
    log_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    count = 0
    for name in store.names():
        folder, _, file = name.rpartition("/")
        to = log_folder / file if folder == FOLDER else serving_folder / name
        is_record = bool(_RECORD.fullmatch(name))
        if (folder == FOLDER and not to.exists()) or is_record:
            part = to.with_name(f".{to.name}.part")
            part.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(store.read(name) or b"")
            part.replace(to)
            count += not is_record
    return count


class UploadedLog:
    """A request log that acknowledges what survives the machine, but for the last seconds.

    Args:
        log: The log on this machine.
        uploads: Takes it to the bucket.
    """

    def __init__(self, log: RequestLog, uploads: Uploads) -> None:
        self._log = log
        self._uploads = uploads
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="request-log-uploads", daemon=True)
        self._thread.start()

    async def submit(self, entry: Entry) -> bool:
        """Stores an entry; see `serving.core.hooks.RequestLog`."""
        return await self._log.submit(entry) and self._uploads.seconds_behind < BOUND

    def close(self) -> None:
        """Stores what it still holds and uploads it, within the ten seconds Cloud Run gives."""
        self._log.close(2)
        self._closed.set()
        last = threading.Thread(target=self._uploads.upload, daemon=True)
        last.start()
        last.join(5)

    def _run(self) -> None:
        while not self._closed.wait(SECONDS):
            self._uploads.upload()
