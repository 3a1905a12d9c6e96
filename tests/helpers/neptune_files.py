"""Reads an offline Neptune record as anybody can: plain JSON, line by line."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Written:
    """What a record holds."""

    fields: dict[str, Any] = field(default_factory=dict)
    series: dict[str, list[float]] = field(default_factory=dict)
    files: dict[str, Path] = field(default_factory=dict)


def read(run_folder: Path) -> Written:
    """Reads the run's one record; a last line that is not whole is left out."""
    [log] = run_folder.glob(".neptune/offline/run__*/data-1.log")
    written = Written()
    for line in log.read_bytes().split(b"\n")[:-1]:
        operation = json.loads(line)["obj"]
        path = "/".join(operation["path"])
        kind = operation["type"]
        if kind.startswith("Assign"):
            written.fields[path] = operation["value"]
        elif kind == "LogFloats":
            values = [point["value"] for point in operation["values"]]
            written.series.setdefault(path, []).extend(values)
        elif kind == "UploadFile":
            written.files[path] = log.parent / "upload_path" / operation["tmp_file_name"]
    return written


def of_model(series: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """The series without those of the machine, which are each run's own."""
    return {path: values for path, values in series.items() if not path.startswith("monitoring/")}
