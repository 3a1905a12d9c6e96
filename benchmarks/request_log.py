"""Entries a second that the request log stores, beside two plain ways to store them.

    python benchmarks/request_log.py [--entries N] [--clients N]

Each client waits for its entry's commit before it sends the next, as the server's answers do.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from serving.core.hooks import Entry  # noqa: E402
from serving.request_log.log import RequestLog  # noqa: E402
from serving.request_log.settings import LogSettings  # noqa: E402

FEATURES = {f"feature_{number}": number * 1.5 for number in range(15)}


def main() -> None:
    """Prints entries a second of each way, and the log's ratio to it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--entries", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=64)
    arguments = parser.parse_args()
    entries = [_entry(number) for number in range(arguments.entries)]
    ways: dict[str, Callable[[Path], None]] = {
        "request log": lambda folder: asyncio.run(_log(folder, entries, arguments.clients)),
        "request log, durability: power": lambda folder: asyncio.run(
            _log(folder, entries, arguments.clients, durability="power")
        ),
        "SQLite, one commit a row": lambda folder: _a_commit_a_row(folder, entries),
        "JSON lines with fsync": lambda folder: _json_lines(folder, entries),
    }
    rates = {}
    for name, way in ways.items():
        with tempfile.TemporaryDirectory() as folder:
            started = time.perf_counter()
            way(Path(folder))
            rates[name] = len(entries) / (time.perf_counter() - started)
    ours = rates["request log"]
    for name, rate in rates.items():
        print(f"{name:32} {rate:9,.0f} entries/s   the request log: {ours / rate:.1f} times")


def _entry(number: int) -> Entry:
    request = json.dumps({"instances": [FEATURES]}).encode()
    return Entry(
        f"{number:032x}", time.time(), "taxi", 1, "stable", 0.002,
        request, b'{"predictions": [[0.25]]}', 200,
    )  # fmt: skip


async def _log(folder: Path, entries: Sequence[Entry], clients: int, **settings: Any) -> None:
    log = RequestLog(folder, LogSettings(wait_ms=1000, **settings))

    async def client(first: int) -> None:
        for entry in entries[first::clients]:
            if not await log.submit(entry):
                raise RuntimeError("an entry was not stored")

    await asyncio.gather(*(client(number) for number in range(clients)))
    log.close()


def _a_commit_a_row(folder: Path, entries: Sequence[Entry]) -> None:
    connection = sqlite3.connect(folder / "log.sqlite", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("CREATE TABLE requests (id, time, model, version, label, seconds, a, b, c)")
    for entry in entries:
        values = tuple(vars(entry).values())
        connection.execute("INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)
    connection.close()


def _json_lines(folder: Path, entries: Sequence[Entry]) -> None:
    with (folder / "log.jsonl").open("wb") as file:
        for entry in entries:
            values = vars(entry) | {
                "request": entry.request.decode(),
                "response": entry.response.decode(),
            }
            file.write(json.dumps(values).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


if __name__ == "__main__":
    main()
