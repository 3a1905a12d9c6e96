"""Calls in another process, for what has several things to do at once.

Whoever has such a process that waits offers it, as a run on this machine does. Nobody does in a
cluster's container, and then the caller does all of it by itself, one after the other.
"""

from __future__ import annotations

import collections
import contextlib
import functools
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")


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


def each(function: Callable[..., Any], items: Iterable[Item], *arguments: Any) -> list[Any]:
    """Calls a function with each item, here and in every process that waits.

    Items are begun in their order. Once a call has raised, no further one is begun.

    Args:
        function: One that a module has under its name.
        items: Values that can be pickled, the first argument of each call.
        arguments: The others, the same in each call; they can be pickled too.

    Returns:
        What each call has returned, in the items' order.

    Raises:
        Exception: What the call with the first of the items that failed has raised.
    """
    return _Shared(function, items, arguments).results()


class _Shared(Generic[Item]):
    """Calls that are yet to be made, and what came of the others, by the number of the item."""

    def __init__(
        self, function: Callable[..., Any], items: Iterable[Item], arguments: tuple[Any, ...]
    ) -> None:
        self._function = function
        self._arguments = arguments
        self._waiting = collections.deque(enumerate(items))
        self._found: dict[int, Any] = {}
        self._failed: dict[int, BaseException] = {}

    def results(self) -> list[Any]:
        elsewhere: list[threading.Thread] = []
        try:
            while self._waiting and not self._failed:
                while started := self._start_next():
                    thread = threading.Thread(target=self._follow, args=started, daemon=True)
                    elsewhere.append(thread)
                    thread.start()
                if taken := self._next():
                    number, item = taken
                    self._keep(number, functools.partial(self._function, item, *self._arguments))
                if not self._waiting:  # What a process was lost with comes back.
                    while elsewhere:
                        elsewhere.pop().join()
        finally:
            self._waiting.clear()
            for thread in elsewhere:
                thread.join()
        if self._failed:
            raise self._failed[min(self._failed)]
        return [self._found[number] for number in sorted(self._found)]

    def _follow(self, number: int, item: Item, call: Started) -> None:
        """Waits for a call elsewhere, and for those that are begun there after it."""
        while True:
            try:
                self._keep(number, call)
            except Lost:
                self._waiting.appendleft((number, item))
                return
            started = None if self._failed else self._start_next()
            if started is None:
                return
            number, item, call = started

    def _keep(self, number: int, call: Callable[[], Any]) -> None:
        try:
            self._found[number] = call()
        except Lost:
            raise
        except Exception as error:
            self._failed[number] = error

    def _start_next(self) -> tuple[int, Item, Started] | None:
        """Begins the next call elsewhere; None: there is none, or no process waits."""
        if (taken := self._next()) is None:
            return None
        call = start(self._function, taken[1], *self._arguments)
        if call is None:
            self._waiting.appendleft(taken)
            return None
        return *taken, call

    def _next(self) -> tuple[int, Item] | None:
        try:
            return self._waiting.popleft()
        except IndexError:
            return None
