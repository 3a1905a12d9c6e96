"""Some of a log's entries, of one file, in the order in which they were written."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import numpy as np

from monitoring.log.bodies import Names
from monitoring.summary.rows import Rows

NO_VERSION = -1
ANSWERED, REFUSED, FAILED, OTHER = range(4)

NamesOf = Callable[[int], Names | None]
"""The names of a version; None: it is not compared."""


class Chunk(ABC):
    """Arrays of shape [entries]. An entry is a request, or in Parquet one of its rows."""

    whole_requests: bool
    """Whether each entry is a request with all of its rows."""
    times: np.ndarray
    """Float64: when the request came, in seconds since 1970."""
    versions: np.ndarray
    """Int64: which version answered; `NO_VERSION` where none did."""
    outcomes: np.ndarray
    """Int8: `ANSWERED`, `REFUSED`, `FAILED` or `OTHER`."""
    requests: np.ndarray
    """Int64: 1 where it counts as a request, 0 for the second row of one."""
    sizes: np.ndarray
    """Int64: how many rows it has."""
    reads: np.ndarray
    """Int64, ascending: how far the file has been read after it."""

    @abstractmethod
    def ids(self) -> list[str]:
        """[entries]: the request's id, which its answer has as `X-Request-Id`.

        Of chunks that `LogFile.entries` gives.
        """

    @abstractmethod
    def rows(self, entries: np.ndarray) -> list[Rows]:
        """The rows of some answered entries of one version, without counts of requests.

        Args:
            entries: [n]: which, ascending.
        """


def outcomes(statuses: np.ndarray, versions: np.ndarray) -> np.ndarray:
    """What became of requests, from HTTP's statuses."""
    found = np.full(len(statuses), OTHER, dtype=np.int8)
    found[(statuses < 300) & (versions != NO_VERSION)] = ANSWERED
    # 429 says that the server is busy, not that the request is wrong.
    found[(statuses >= 400) & (statuses < 500) & (statuses != 429)] = REFUSED
    found[statuses >= 500] = FAILED
    return found
