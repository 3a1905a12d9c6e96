"""What a look costs: rows per CPU second, and the most memory, beside the peers on the same rows.

Ours reads a request log, as the server writes it or exported to Parquet, in one window. The peers
read a Parquet file of the same rows into memory, which is what they ask for. Imports are not
counted, reading is.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.monitoring.peers import peak_megabytes
from benchmarks.monitoring.running import run

REFERENCE = 10_000
_BATCH = 100_000
_TEXTS = np.array([f"value {number}" for number in range(20)], dtype=object)


class Size(NamedTuple):
    """What is measured."""

    rows: int
    features: int
    rows_of_a_request: int
    """In SQLite; in Parquet there is a row for each anyway."""


SIZES = (Size(1_000_000, 10, 1), Size(10_000_000, 10, 10), Size(200_000, 200, 1))


def measure(peers: str) -> None:
    """Prints a line for each size and program."""
    for size in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            print(f"{size.rows:,} rows, {size.features} features", flush=True)
            _write(size, folder)
            for log in ("log/requests-1.sqlite", "export.parquet"):
                _print(f"ours, {Path(log).suffix}", size, _ours(folder, folder / log))
            for peer in ("nannyml", "evidently"):
                _print(peer, size, _peer(peers, peer, folder))


def _print(name: str, size: Size, found: Mapping[str, float] | None) -> None:
    if found is None:
        print(f"  {name:14} did not end", flush=True)
        return
    rate = size.rows / found["seconds"]
    print(f"  {name:14} {rate:12,.0f} rows/CPU s, {found['megabytes']:8,.0f} MB", flush=True)


def _ours(folder: Path, log: Path) -> Mapping[str, float]:
    program = [sys.executable, "-m", "benchmarks.monitoring.cost", str(folder), str(log)]
    ended = subprocess.run(program, stdout=subprocess.PIPE, text=True, check=True)
    found: Mapping[str, float] = json.loads(ended.stdout)
    return found


def _peer(python: str, peer: str, folder: Path) -> Mapping[str, float] | None:
    try:
        found: Mapping[str, float] = json.loads(run(python, "cost", peer, folder).splitlines()[-1])
    except subprocess.CalledProcessError:  # Such as for want of memory.
        return None
    return found


def _columns(generator: np.random.Generator, rows: int, features: int) -> dict[str, np.ndarray]:
    """Half of the features are numbers, half are texts of 20 values."""
    found: dict[str, np.ndarray] = {}
    for number in range(features):
        if number % 2:
            found[f"x{number}"] = _TEXTS[generator.integers(0, len(_TEXTS), rows)]
        else:
            found[f"x{number}"] = generator.lognormal(size=rows).astype(np.float32).astype(float)
    return found


def _batches(size: Size) -> Iterator[tuple[int, dict[str, np.ndarray], np.ndarray]]:
    generator = np.random.default_rng(1)
    batch = min(_BATCH, max(1_000, 10 * _BATCH // size.features))
    for first in range(0, size.rows, batch):
        rows = min(batch, size.rows - first)
        yield first, _columns(generator, rows, size.features), generator.random(rows)


def _write(size: Size, folder: Path) -> None:
    """The profile, and the same rows as a log, an export and the peers' table."""
    from serving.core.hooks import Entry
    from serving.request_log.database import Database
    from tests.monitoring.sampled import profile

    generator = np.random.default_rng(0)
    reference = _columns(generator, REFERENCE, size.features)
    of = profile(reference, {"score": generator.random(REFERENCE)}, sample=1_000)
    (folder / "profile.json").write_text(of.model_dump_json())
    pq.write_table(pa.table(reference), folder / "reference.parquet")
    database = Database(folder / "log", "process")
    writers: list[pq.ParquetWriter] = []
    for first, columns, scores in _batches(size):
        tables = pa.table(columns), _exported(first, columns, scores)
        if not writers:
            paths = folder / "rows.parquet", folder / "export.parquet"
            writers = [pq.ParquetWriter(p, t.schema) for p, t in zip(paths, tables, strict=True)]
        for writer, table in zip(writers, tables, strict=True):
            writer.write_table(table)
        database.add([Entry(*each) for each in _entries(size, first, columns, scores)])
    for writer in writers:
        writer.close()
    database.close()
    database.path.rename(folder / "log" / "requests-1.sqlite")


def _exported(first: int, columns: Mapping[str, np.ndarray], scores: np.ndarray) -> pa.Table:
    rows = len(scores)
    times = (np.arange(first, first + rows) * 1_000).astype("datetime64[us]")
    return pa.table(
        {
            "id": [f"{number:032x}" for number in range(first, first + rows)],
            "time": pa.array(times).cast(pa.timestamp("us", tz="UTC")),
            "model": pa.array(["taxi"] * rows),
            "version": pa.array([1] * rows),
            "status": pa.array([200] * rows),
            "row": pa.array([0] * rows),
            **{f"input_{name}": values for name, values in columns.items()},
            "output_score": scores,
        }
    )


def _entries(
    size: Size, first: int, columns: Mapping[str, np.ndarray], scores: np.ndarray
) -> Iterator[tuple[Any, ...]]:
    lists = [values.tolist() for values in columns.values()]
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]
    step = size.rows_of_a_request
    for start in range(0, len(rows), step):
        number = first + start
        request = orjson.dumps({"instances": rows[start : start + step]})
        response = orjson.dumps({"predictions": scores[start : start + step].tolist()})
        yield (
            f"{number:032x}", number / 1_000, "taxi", 1, "stable", 0.001, request, response, 200
        )  # fmt: skip


def _look(folder: Path, log: Path) -> None:
    """Makes a look in this process, and prints what it has cost."""
    # Which are imported when they are needed first; imports are not counted.
    import pandas  # noqa: F401
    import sklearn.ensemble
    import sklearn.metrics  # noqa: F401

    from monitoring.core.settings import Settings
    from monitoring.log.source import LogSource
    from monitoring.look import classifier  # noqa: F401
    from monitoring.look.chosen import chosen
    from monitoring.look.looking import look
    from monitoring.profile.reference_profile import ReferenceProfile

    of = ReferenceProfile.model_validate_json((folder / "profile.json").read_bytes())
    settings = Settings(window_rows=10**12, window_hours=1e6)
    start = time.process_time()
    found = chosen(LogSource(log), "taxi", lambda version: of, settings)
    assert found is not None
    made = look(of, found.window, None, settings)
    seconds = time.process_time() - start
    print(json.dumps({"seconds": seconds, "megabytes": peak_megabytes(), "rows": made.rows}))


if __name__ == "__main__":
    _look(*map(Path, sys.argv[1:]))
