"""Work away from the event loop."""

from __future__ import annotations

import asyncio
import time

import pytest

from serving.core import background


def test_the_event_loop_runs_meanwhile() -> None:
    async def run() -> tuple[str, float]:
        longest, done = 0.0, asyncio.ensure_future(background.run(work))
        while not done.done():
            start = time.perf_counter()
            await asyncio.sleep(0.001)
            longest = max(longest, time.perf_counter() - start)
        return await done, longest

    def work() -> str:
        end = time.perf_counter() + 0.3
        while time.perf_counter() < end:
            background.pause()
        return "done"

    result, longest = asyncio.run(run())
    assert result == "done" and longest < 0.2


def test_an_error_reaches_who_waits() -> None:
    def fail() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        asyncio.run(background.run(fail))
