"""Calls in another process, for what has several things to do at once.

Whoever has such a process that waits offers it, as a run on this machine does. Nobody does in a
cluster's container, and then the caller does all of it by itself, one after the other.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any


class Lost(Exception):  # noqa: N818  (it is no error of the call)
    """The process has ended; what it was to do is the caller's again."""


Started = Callable[[], Any]
"""A call that goes on: it gives what the function has returned, once it has, or raises what that
raised, or `Lost`."""
Start = Callable[..., Started | None]
_offered: Start | None = None


@contextlib.contextmanager
def offered(start: Start) -> Iterator[None]:
    """Offers a process, while the context lasts.

    Args:
        start: Starts a function of a module with arguments that can be pickled, as `start` does.
    """
    global _offered
    before, _offered = _offered, start
    try:
        yield
    finally:
        _offered = before


def start(function: Callable[..., Any], *arguments: Any) -> Started | None:
    """Starts a call there.

    Args:
        function: One that a module has under its name.
        arguments: Values that can be pickled.

    Returns:
        The call, of which somebody has to ask for the result before another can be started; None:
        there is no process that waits.
    """
    return _offered(function, *arguments) if _offered else None
