"""A finished run's Neptune record, written in the format of the client's offline mode.

The client itself takes a second and a half to import, most of it for pandas, boto3 and Swagger,
which a record on this machine needs nothing of. So where a run has ended before there was anything
to follow, the record is written from its snapshot alone: the folder, the operations and the files
that `NeptuneRecord` leaves for the same snapshot, which a test compares, and which the client's
own `neptune sync` reads.
"""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import platform
import secrets
import shutil
import sys
import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from pipeline.record import run_folder
from pipeline.record.atomic_file import write_whole
from pipeline.tracking.neptune_fields import Field, Snapshot, content_of

_STRUCTURE = 3
"""The client's version of the layout: operations lie in the run's own folder."""
_LONGEST = 16384
"""Characters that the client keeps of a text."""
_ASSIGN: dict[type, str] = {
    bool: "AssignBool",
    int: "AssignInt",
    float: "AssignFloat",
    str: "AssignString",
}


def write(run_id: str, model: str, snapshot: Snapshot, folder: Path, *, failed: bool) -> Path:
    """Writes the record of a run that has ended, and returns its folder.

    It is there whole or not at all.

    Args:
        run_id: The run's id.
        model: The model's name.
        snapshot: The run's last state.
        folder: The run folder.
        failed: Whether the run failed.

    Raises:
        OSError: It cannot be written.
        RunError: Likewise.
    """
    record = str(uuid.uuid4())
    name = f"run__{record}__{os.getpid()}__{secrets.token_hex(4)}"
    whole = folder / run_folder.NEPTUNE / "offline" / name
    partial = folder / run_folder.NEPTUNE / f".{name}"
    try:
        (partial / "upload_path").mkdir(parents=True)
        operations = [*_operations(run_id, model, snapshot, partial / "upload_path", failed)]
        lines = (
            json.dumps({"obj": operation, "version": number, "at": _now()})
            for number, operation in enumerate(operations, start=1)
        )
        write_whole(partial / "data-1.log", "".join(f"{line}\n" for line in lines))
        write_whole(partial / "last_put_version", str(len(operations)))
        write_whole(partial / "last_ack_version", "")
        write_whole(partial / "metadata.json", json.dumps(_metadata(record), indent=2))
        whole.parent.mkdir(exist_ok=True)
        partial.rename(whole)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return whole


def _operations(
    run_id: str, model: str, snapshot: Snapshot, uploads: Path, failed: bool
) -> Iterator[dict[str, Any]]:
    """What is done to an empty record, in the client's order and words."""
    yield _assign("sys/name", run_id)
    yield _assign("sys/description", "")
    yield {"type": "AddStrings", "path": ["sys", "tags"], "values": [model]}
    yield _assign("sys/failed", False)
    yield _assign("source_code/entrypoint", "__main__.py")
    files = {"file_globs": [], "reset": "False"}
    yield {"type": "UploadFileSet", "path": ["source_code", "files"], **files}
    for path, value in snapshot.fields.items():
        if _is_kept(value):
            yield _assign(path, value)
    for path, values in snapshot.series.items():
        for epoch, number in enumerate(values, start=1):
            if number is not None and math.isfinite(number):
                point = {"value": number, "step": epoch, "ts": _now()}
                yield {"type": "LogFloats", "path": _parts(path), "values": [point]}
    for path, points in snapshot.points.items():
        for step, number in points:
            if number is not None:
                point = {"value": number, "step": step, "ts": _now()}
                yield {"type": "LogFloats", "path": _parts(path), "values": [point]}
    for path, file in snapshot.files.items():
        yield _upload(path, file, uploads)
    yield _assign("sys/failed", failed)
    yield _assign("run/complete", True)


def _is_kept(value: Field) -> bool:
    """The client leaves out what a server of Neptune's could not take."""
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or -(2**31) <= value < 2**31


def _assign(path: str, value: Field) -> dict[str, Any]:
    kept = value[:_LONGEST] if isinstance(value, str) else value
    return {"type": _ASSIGN[type(value)], "path": _parts(path), "value": kept}


def _upload(path: str, file: Path | bytes, uploads: Path) -> dict[str, Any]:
    """A file by its content, under a name like the client's."""
    content, extension = content_of(file)
    now = datetime.now(timezone.utc)
    name = f"{path.replace('/', '_')}-{now.timestamp()}-{now:%Y-%m-%d_%H.%M.%S.%f}.{extension}"
    (uploads / name).write_bytes(content)
    return {
        "type": "UploadFile",
        "path": _parts(path),
        "ext": extension,
        "file_path": None,
        "tmp_file_name": name,
        "clean_after_upload": False,
    }


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part]


def _metadata(record: str) -> dict[str, Any]:
    return {
        "mode": "offline",
        "containerId": record,
        "containerType": "run",
        "structureVersion": _STRUCTURE,
        "os": platform.platform(),
        "pythonVersion": sys.version,
        "neptuneClientVersion": importlib.metadata.version("neptune-client"),
        "createdAt": datetime.now(timezone.utc).isoformat(),
    }


def _now() -> float:
    return datetime.now(timezone.utc).timestamp()
