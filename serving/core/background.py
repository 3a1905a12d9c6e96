"""Work that takes longer than a few milliseconds, away from the event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

LONG = 64 * 2**10
"""Bytes, or values: what is shorter is read or written within about a millisecond."""

_TO_WAKE_ANOTHER = 5e-5
"""Seconds that a thread needs for that, and some more."""

Made = TypeVar("Made")

# One thread: more would only wait for each other, and for the interpreter's lock that the event
# loop needs.
_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="long requests")


async def run(function: Callable[[], Made]) -> Made:
    """What a function returns; other requests are answered meanwhile.

    The function should call `pause` every few milliseconds.
    """
    return await asyncio.get_running_loop().run_in_executor(_THREAD, function)


def pause() -> None:
    """Lets the event loop run, which would wait for the interpreter's lock for 5 ms otherwise.

    A sleep of nothing would not: its thread has the lock again before another is awake.
    """
    time.sleep(_TO_WAKE_ANOTHER)
