"""Another process is there while somebody offers one, and calls are shared with all that are."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from components import another_process


def test_a_call_goes_to_who_offers_last() -> None:
    calls: list[tuple[Any, ...]] = []

    def offer(name: str) -> another_process.Start:
        return lambda *call: calls.append((name, *call))

    assert another_process.start(print, 1) is None
    with another_process.offered(offer("outer")):
        with another_process.offered(offer("inner")):
            another_process.start(print, 1)
        another_process.start(max, 2, 3)
    assert another_process.start(print, 1) is None
    assert calls == [("inner", print, 1), ("outer", max, 2, 3)]


class Processes:
    """Processes that wait, each of which makes a call when its result is asked for."""

    def __init__(self, number: int, lost: int = 0) -> None:
        self._free = threading.Semaphore(number)
        self._lost = lost
        self.calls = 0

    def start(self, function: Any, *arguments: Any) -> Any:
        if not self._free.acquire(blocking=False):
            return None
        self.calls += 1
        is_lost = self.calls <= self._lost

        def result() -> Any:
            try:
                if is_lost:
                    raise another_process.Lost
                return function(*arguments)
            finally:
                if not is_lost:
                    self._free.release()

        return result


def slowly(item: int, more: int) -> int:
    """What takes long enough for others to take a turn."""
    time.sleep(0.002)
    if item == 7 or item > 20:
        raise ValueError(item)
    return item + more


@pytest.mark.parametrize(("number", "lost"), [(0, 0), (1, 0), (3, 0), (1, 1), (3, 2), (3, 3)])
def test_each_item_has_its_result_whoever_makes_the_call(number: int, lost: int) -> None:
    processes = Processes(number, lost)
    with another_process.offered(processes.start):
        assert another_process.each(slowly, [5, 1, 4, 2, 3, 1], 10) == [15, 11, 14, 12, 13, 11]
        assert another_process.each(slowly, []) == []
    assert (processes.calls > 0) == (number > 0)


@pytest.mark.parametrize("number", [0, 1, 3])
def test_the_first_item_that_fails_is_told(number: int) -> None:
    processes = Processes(number)
    items = [1, 2, 7, *range(21, 200)]
    with another_process.offered(processes.start), pytest.raises(ValueError, match=r"^7$"):
        another_process.each(slowly, items, 0)
    assert processes.calls < 20, "calls were begun after one had failed"


def test_nobody_is_left_waiting_when_the_caller_is_interrupted() -> None:
    before = threading.active_count()
    made: list[int] = []

    def interrupted(item: int) -> int:
        made.append(item)
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        time.sleep(0.05)
        return item

    with another_process.offered(Processes(2).start), pytest.raises(KeyboardInterrupt):
        another_process.each(interrupted, range(100))
    assert threading.active_count() == before
    assert len(made) <= 3
