"""Files in the order of time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.core.errors import MonitoringError
from monitoring.log.chunk import ANSWERED, Chunk, NamesOf
from monitoring.log.merging import Stream, merged
from monitoring.summary.rows import Rows


class Times(Chunk):
    """Entries of which only the times are known."""

    whole_requests = True

    def __init__(self, times: list[float], start: int) -> None:
        self.times = np.array(times, dtype=float)
        self.versions = self.requests = self.sizes = np.ones(len(times), dtype=int)
        self.outcomes = np.full(len(times), ANSWERED)
        self.reads = start + 1 + np.arange(len(times))

    def ids(self) -> list[str]:
        return list(map(str, self.reads))

    def rows(self, entries: np.ndarray) -> list[Rows]:
        return [Rows(size=len(entries), numbers=self.times[entries])]


class File:
    """A file of the log in memory, in chunks of so many entries."""

    def __init__(self, times: list[float], size: int, bad: int = 10**9) -> None:
        self._times, self._size, self._bad = times, size, bad

    def first_id(self) -> str:
        return "first"

    def last(self) -> int:
        return len(self._times)

    def next_time(self, after: int) -> float | None:
        return self._times[after] if after < len(self._times) else None

    def chunk(self, after: int, names_of: NamesOf) -> Chunk | None:
        if after >= self._bad:
            raise MonitoringError("it is damaged")
        some = self._times[after : after + self._size]
        return Times(some, after) if some else None

    def ids(self, after: int, upto: int) -> Iterator[tuple[np.ndarray, list[str]]]:
        for number in range(after, upto):
            if number >= self._bad:
                raise MonitoringError("it is damaged")
            yield np.array([number + 1]), [str(number)]

    def entries(self, numbers: np.ndarray, names_of: NamesOf) -> Iterator[Chunk]:
        yield Times([self._times[number - 1] for number in numbers], 0)


def stream(name: str, file: File, read: int = 0, **changes: object) -> Stream:
    def refuse(error: MonitoringError) -> None:
        raise error

    tell = changes.get("tell", refuse)
    made = Stream(name, file, read, tell, "first", file.last())  # type: ignore[arg-type]
    made.next = file.next_time(read)
    return made


_TIMES = st.lists(st.integers(0, 50), max_size=12)


@settings(max_examples=40, deadline=None)
@given(st.lists(_TIMES, max_size=4), st.integers(1, 5))
def test_all_entries_come_once_in_the_order_of_time(files: list[list[int]], size: int) -> None:
    ordered = [sorted(map(float, times)) for times in files]
    streams = [stream(str(n), File(times, size)) for n, times in enumerate(ordered)]
    times, read = list[float](), dict[str, int]()
    for block in merged(streams, lambda version: None):
        times += block.times.tolist()
        given_rows = [t for rows in block.rows(np.arange(len(block))) for t in rows.numbers]
        assert sorted(given_rows) == block.times.tolist()
        read |= block.reads(len(block))
    assert times == sorted(time for one in ordered for time in one)
    assert read == {str(n): len(t) for n, t in enumerate(ordered) if t}


@settings(max_examples=40, deadline=None)
@given(st.lists(_TIMES, min_size=1, max_size=3), st.integers(1, 5))
def test_where_clocks_were_set_all_entries_still_come_once(
    files: list[list[int]], size: int
) -> None:
    streams = [stream(str(n), File([float(t) for t in f], size)) for n, f in enumerate(files)]
    times = [t for block in merged(streams, lambda version: None) for t in block.times.tolist()]
    assert sorted(times) == sorted(float(t) for one in files for t in one)


def test_says_how_far_each_file_was_read_at_each_entry() -> None:
    streams = [stream("a", File([1, 3, 5], 9)), stream("b", File([2, 4, 6], 9), read=1)]
    blocks = list(merged(streams, lambda version: None))
    assert [time for block in blocks for time in block.times.tolist()] == [1, 3, 4, 5, 6]
    assert blocks[0].reads(1) == {"a": 1}
    assert blocks[1].reads(1) == {"b": 2}
    assert blocks[1].reads(2) == {"a": 3, "b": 2}


def test_a_file_that_cannot_be_read_on_is_told_of_and_the_others_go_on() -> None:
    told: list[MonitoringError] = []
    bad = stream("a", File([1, 2, 3, 4], 2, bad=2), tell=told.append)
    good = stream("b", File([1, 5], 2))
    times = [t for block in merged([bad, good], lambda v: None) for t in block.times.tolist()]
    assert times == [1, 1, 2, 5]
    assert len(told) == 1
    assert (bad.failed, good.failed) == (True, False)
    lost = stream("a", File([1, 2, 3, 4], 2, bad=2), tell=told.append)
    assert [ids for _, ids in lost.ids()] == [["0"], ["1"]]
    assert (lost.failed, len(told)) == (True, 2)
    with pytest.raises(MonitoringError, match="damaged"):
        list(merged([stream("a", File([1, 2, 3], 2, bad=2))], lambda version: None))
