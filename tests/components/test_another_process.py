"""Another process is there while somebody offers one."""

from __future__ import annotations

from typing import Any

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
