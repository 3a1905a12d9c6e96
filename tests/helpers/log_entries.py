"""Entries of the request log, and a process that writes them until it is killed."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def entry(number: int = 0, **changes: Any) -> Any:
    """A request with one row, answered."""
    from serving.core.hooks import Entry

    values: dict[str, Any] = {
        "id": f"request-{number}",
        "time": time.time(),
        "model": "taxi",
        "version": 1,
        "label": "stable",
        "seconds": 0.002,
        "request": json.dumps({"instances": [{"fare": float(number), "company": "A"}]}).encode(),
        "response": json.dumps({"predictions": [[0.5]]}).encode(),
        "status": 200,
    }
    return Entry(**(values | changes))


def write(folder: Path, *entries: Any) -> None:
    """Logs entries, one after the other."""
    from serving.request_log.log import RequestLog
    from serving.request_log.settings import LogSettings

    log = RequestLog(folder, LogSettings(wait_ms=1000))

    async def submit() -> None:
        for one in entries:
            assert await log.submit(one)

    asyncio.run(submit())
    log.close()


async def _clients(folder: Path) -> None:
    from serving.request_log.log import RequestLog
    from serving.request_log.settings import LogSettings

    log = RequestLog(folder, LogSettings(wait_ms=1000, file_mb=0.2))

    async def client(name: int) -> None:
        for number in range(1_000_000):
            one = entry(number, id=f"{name}-{number}")
            if await log.submit(one):
                os.write(1, f"{one.id}\n".encode())

    await asyncio.gather(*(client(name) for name in range(16)))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    asyncio.run(_clients(Path(sys.argv[1])))
