"""Which node is run next, where one may run beside another."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline import nodes


class Schedule:
    """The nodes of a run, of which some run beside the others.

    Each list of nodes is run in its order, a node once all that it waits for has been run. So what
    fails first is what would have failed had they been run one after the other.

    Args:
        names: The nodes, in their order.
        beside: Whether those that may run beside others do.
    """

    def __init__(self, names: Sequence[str], beside: bool) -> None:
        self._names = list(names)
        self._beside = beside
        self._waiting = list(names)
        self._done: set[str] = set()

    def take(self, *, beside: bool = False) -> str | None:
        """The next node that can be run; None: there is none, or it waits for another.

        Args:
            beside: Whether it is to run beside others.
        """
        for name in self._waiting:
            if self.runs_beside(name) == beside:
                if not self._is_ready(name):
                    return None
                self._waiting.remove(name)
                return name
        return None

    def finish(self, name: str) -> None:
        """Notes that a node has been run."""
        self._done.add(name)

    @property
    def is_through(self) -> bool:
        """Whether all nodes have been run."""
        return len(self._done) == len(self._names)

    def runs_beside(self, name: str) -> bool:
        """Whether a node runs beside others."""
        return self._beside and nodes.SPECS[name].runs_beside

    def _is_ready(self, name: str) -> bool:
        early = nodes.SPECS[name].does_not_await if self.runs_beside(name) else ()
        return all(
            self._is_complete(other)
            for other in nodes.upstream(name, self._names)
            if other not in early
        )

    def _is_complete(self, name: str) -> bool:
        """Whether a node has been run, and all that it waits for, as some it may not have."""
        return name in self._done and all(
            self._is_complete(other)
            for other in nodes.upstream(name, self._names)
            if other in nodes.SPECS[name].does_not_await
        )
