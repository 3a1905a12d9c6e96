"""Several files of a log in the order of time: servers, or a server's processes, write at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import numpy as np

from monitoring.core.errors import MonitoringError
from monitoring.log.chunk import Chunk, NamesOf
from monitoring.summary.rows import Rows

_T = TypeVar("_T")


class LogFile(Protocol):
    """A file of the log, of whatever format."""

    def first_id(self) -> str:
        """The id of the first entry, by which a file is known; empty where there is none yet."""
        ...

    def last(self) -> int:
        """How far it can be read."""
        ...

    def next_time(self, after: int) -> float | None:
        """The time of the next entry; None: there is none."""
        ...

    def chunk(self, after: int, names_of: NamesOf) -> Chunk | None:
        """The next entries; None: there are none."""
        ...

    def ids(self, after: int, upto: int) -> Iterator[tuple[np.ndarray, list[str]]]:
        """Numbers and ids of the model's entries, many at a time, without what they hold.

        A number is how far the file has been read after the entry.
        """
        ...

    def entries(self, numbers: np.ndarray, names_of: NamesOf) -> Iterator[Chunk]:
        """The entries of these numbers, which ascend."""
        ...


@dataclass
class Stream:
    """What is new in a file."""

    name: str
    file: LogFile
    read: int
    """Up to where it has been read before."""
    tell: Callable[[MonitoringError], None]
    """Gets what is wrong with the file; if it comes back, the file is left alone."""
    first: str
    """The id of its first entry."""
    last: int
    """How far it could be read when it was opened."""
    chunk: Chunk | None = None
    at: int = 0
    """The chunk's first entry that has not been given."""
    next: float | None = None
    """The time of the next entry; None: there is none."""
    clamped: np.ndarray = field(default_factory=lambda: np.empty(0))
    """[entries] of the chunk: times that do not go back, so that a file's order stays."""
    failed: bool = False
    """Whether it could not be read to its end."""

    def load(self, names_of: NamesOf) -> None:
        """Reads the next chunk."""
        self.chunk, self.at, self.next = None, 0, None
        try:
            self.chunk = self.file.chunk(self.read, names_of)
        except FileNotFoundError:  # It was rotated away.
            self.failed = True
        except MonitoringError as error:
            self.failed = True
            self.tell(error)
        if self.chunk is None:
            return
        self.read = int(self.chunk.reads[-1])
        self.clamped = np.maximum.accumulate(self.chunk.times)
        self.next = float(self.clamped[0])

    def ids(self) -> Iterator[tuple[np.ndarray, list[str]]]:
        """Of what is new, see `LogFile.ids`."""
        return self._until_it_fails(self.file.ids(self.read, self.last))

    def entries(self, numbers: np.ndarray, names_of: NamesOf) -> Iterator[Chunk]:
        """See `LogFile.entries`."""
        return self._until_it_fails(self.file.entries(numbers, names_of))

    def _until_it_fails(self, found: Iterator[_T]) -> Iterator[_T]:
        try:
            yield from found
        except FileNotFoundError:  # It was rotated away.
            self.failed = True
        except MonitoringError as error:
            self.failed = True
            self.tell(error)


class Block:
    """Entries of several files, in the order of time.

    Args:
        parts: For each file its name, and the chunk and which of its entries, ascending.
        order: [entries]: where each entry stands in the parts, one behind the other.
    """

    def __init__(self, parts: Sequence[tuple[str, Chunk, np.ndarray]], order: np.ndarray) -> None:
        self._parts = parts
        sizes = [len(entries) for _, _, entries in parts]
        self._part = np.repeat(np.arange(len(parts)), sizes)[order]
        self._entry = np.concatenate([entries for _, _, entries in parts])[order]

        def joined(array: Callable[[Chunk], np.ndarray]) -> np.ndarray:
            found: np.ndarray = np.concatenate([array(chunk)[e] for _, chunk, e in parts])[order]
            return found

        self.times = joined(lambda chunk: chunk.times)
        self.versions = joined(lambda chunk: chunk.versions)
        self.outcomes = joined(lambda chunk: chunk.outcomes)
        self.requests = joined(lambda chunk: chunk.requests)
        self.sizes = joined(lambda chunk: chunk.sizes)
        self._reads = joined(lambda chunk: chunk.reads)

    def __len__(self) -> int:
        return len(self.times)

    def rows(self, entries: np.ndarray) -> Iterator[Rows]:
        """The rows of some answered entries of one version; see `Chunk.rows`."""
        for number, (_, chunk, _) in enumerate(self._parts):
            some = self._entry[entries[self._part[entries] == number]]
            if len(some):
                yield from chunk.rows(some)

    def reads(self, upto: int) -> dict[str, int]:
        """How far each file has been read after so many entries."""
        found = {}
        for number, (name, _, _) in enumerate(self._parts):
            mine = np.flatnonzero(self._part[:upto] == number)
            if len(mine):
                found[name] = int(self._reads[mine[-1]])
        return found


def merged(streams: Sequence[Stream], names_of: NamesOf) -> Iterator[Block]:
    """The new entries of all files, as blocks that follow each other in time.

    No more chunks are held than files overlap in time.
    """
    live = [stream for stream in streams if stream.next is not None]
    while live:
        live.sort(key=lambda stream: (stream.next, stream.name))
        if live[0].chunk is None:
            live[0].load(names_of)
            live = [stream for stream in live if stream.next is not None]
            continue
        # What is not loaded may begin there; behind a chunk's end its file may go on.
        unloaded = min(
            (s.next for s in live if s.chunk is None and s.next is not None), default=np.inf
        )
        loaded = [stream for stream in live if stream.chunk is not None]
        bound = min(unloaded, *(float(stream.clamped[-1]) for stream in loaded))
        block = _block(loaded, bound)
        if block is not None:
            yield block
        for stream in loaded:
            assert stream.chunk is not None
            if stream.at == len(stream.clamped):
                stream.load(names_of)
            else:
                stream.next = float(stream.clamped[stream.at])
        live = [stream for stream in live if stream.next is not None]


def _block(streams: Sequence[Stream], bound: float) -> Block | None:
    """The entries up to a time, taken from their streams."""
    parts, times = [], []
    for stream in streams:
        assert stream.chunk is not None
        stop = int(np.searchsorted(stream.clamped, bound, side="right"))
        if stop > stream.at:
            parts.append((stream.name, stream.chunk, np.arange(stream.at, stop)))
            times.append(stream.clamped[stream.at : stop])
            stream.at = stop
    if not parts:
        return None
    return Block(parts, np.argsort(np.concatenate(times), kind="stable"))
