"""Writes an export as neptune-exporter's documentation describes it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

START = datetime(2025, 6, 1, 12, tzinfo=timezone.utc)
SCHEMA = pa.schema(
    {
        "project_id": pa.string(),
        "run_id": pa.string(),
        "attribute_path": pa.string(),
        "attribute_type": pa.string(),
        "step": pa.decimal128(18, 6),
        "timestamp": pa.timestamp("ms", "UTC"),
        "int_value": pa.int64(),
        "float_value": pa.float64(),
        "string_value": pa.string(),
        "bool_value": pa.bool_(),
        "datetime_value": pa.timestamp("ms", "UTC"),
        "string_set_value": pa.list_(pa.string()),
        "file_value": pa.struct({"path": pa.string()}),
        "histogram_value": pa.struct(
            {"type": pa.string(), "edges": pa.list_(pa.float64()), "values": pa.list_(pa.float64())}
        ),
    }
)
PROJECT, DIRECTORY = "team/old project", "team_old_project_1a2b3c"


def row(path: str, kind: str, step: float | None = None, **values: Any) -> dict[str, Any]:
    """A row; of a point with a time."""
    found = {"attribute_path": path, "attribute_type": kind, **values}
    if step is not None:
        found["step"] = Decimal(str(step))
        found["timestamp"] = START + timedelta(minutes=step)
    return found


def rows() -> list[dict[str, Any]]:
    """A row of every type there is."""
    histogram = {"type": "COUNTING", "edges": [0.0, 1.0, 2.0], "values": [3.0, 5.0]}
    return [
        row("sys/name", "string", string_value="first try"),
        row("sys/creation_time", "datetime", datetime_value=START),
        row("sys/failed", "bool", bool_value=False),
        row("sys/tags", "string_set", string_set_value=["old", "good"]),
        row("parameters/units", "int", int_value=64),
        row("parameters/optimizer/rate", "float", float_value=0.5),
        row("score", "float", float_value=0.875),
        row("bad", "float", float_value=float("nan")),
        *(row("train/loss", "float_series", n / 2, float_value=1 / (n + 1)) for n in range(4)),
        *(row("log", "string_series", n, string_value=f"line {n}") for n in range(2)),
        *(row("weights", "histogram_series", n, histogram_value=histogram) for n in range(2)),
        row("model", "file", file_value={"path": "RUN-1/model/weights.bin"}),
        row("pictures", "file_series", 3, file_value={"path": "RUN-1/pictures/step_3.png"}),
        row("gone", "file", file_value={"path": "RUN-1/gone.txt"}),
        row("outside", "file", file_value={"path": "../../../secret.txt"}),
    ]


def write(folder: Path, run: str, found: list[dict[str, Any]], part: int = 0) -> Path:
    """Writes a part of a run into the export's folder."""
    whole = [{"project_id": PROJECT, "run_id": run, **one} for one in found]
    path = folder / "data" / DIRECTORY / f"{run}_part_{part}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(whole, SCHEMA), path, compression="snappy")
    return path


def make(folder: Path) -> Path:
    """An export with one run and its files."""
    write(folder, "RUN-1", rows())
    files = folder / "files" / DIRECTORY / "RUN-1"
    for name, content in {
        "model/weights.bin": b"weights",
        "pictures/step_3.png": b"\x89PNG",
    }.items():
        (files / name).parent.mkdir(parents=True, exist_ok=True)
        (files / name).write_bytes(content)
    (folder.parent / "secret.txt").write_text("secret")
    return folder
