"""What the supervisor knows of its workers, as one server: versions, readiness, metrics."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from serving.core import metrics
from serving.core.errors import ServingError
from serving.core.metrics import Family

Answer = Callable[[ServingError | None], None]
Served = frozenset[tuple[str, int]]
"""Models with the versions that answer."""
Loaded = tuple[str, int, Hashable]
"""Model, version, and its folder's fingerprint."""


class Agreements:
    """Versions that workers have loaded, and do not serve before all have.

    A round for a version ends when each worker has told what came of it, or serves it already;
    then all serve it, or none.
    """

    def __init__(self) -> None:
        self._rounds: dict[Loaded, dict[int, ServingError | Answer]] = {}

    def loaded(self, worker: int, version: Loaded, answer: Answer) -> None:
        """A worker has loaded a version and waits.

        Args:
            worker: Its number.
            version: What it has loaded.
            answer: Called with None once all have, or with an error of one that refuses it.
        """
        self._rounds.setdefault(version, {})[worker] = answer

    def refused(self, worker: int, version: Loaded, error: ServingError) -> None:
        """A worker refuses a version."""
        self._rounds.setdefault(version, {})[worker] = error

    def settle(self, workers: Mapping[int, Served]) -> None:
        """Ends the rounds in which all have told.

        Args:
            workers: Those that matter, each with what it serves.
        """
        for version, told in list(self._rounds.items()):
            waits_for = [worker for worker in workers if worker not in told]
            if any(version[:2] not in workers[worker] for worker in waits_for):
                continue
            del self._rounds[version]
            errors = [each for each in told.values() if isinstance(each, ServingError)]
            for each in told.values():
                if not isinstance(each, ServingError):
                    each(errors[0] if errors else None)


def unready(by_worker: Mapping[int, Sequence[str]]) -> list[str]:
    """Why not every worker can answer: each reason once, with its worker if not all have it.

    Args:
        by_worker: Each worker's reasons, by its number.
    """
    reasons = dict.fromkeys(reason for told in by_worker.values() for reason in told)
    return [
        reason
        if all(reason in told for told in by_worker.values())
        else f"Worker {', '.join(str(n) for n, told in by_worker.items() if reason in told)}: "
        f"{reason}"
        for reason in reasons
    ]


@dataclass
class Counted:
    """What workers have counted, those that have ended included."""

    ended: list[Family] = field(default_factory=list)
    """The sums of those that have ended."""
    latest: dict[int, list[Family]] = field(default_factory=dict)
    """By process, what it last told."""

    def end(self, process: int) -> None:
        """Keeps what a process has counted, which has ended."""
        sums = [family for family in self.latest.pop(process, []) if family.sums]
        self.ended = metrics.together([self.ended, sums])

    def text(self, own: Sequence[Family]) -> str:
        """All of it, in Prometheus' text format.

        Args:
            own: What the supervisor knows.
        """
        return metrics.text(metrics.together([*self.latest.values(), self.ended, own]))


class Questions:
    """Questions to several workers, each of which ends when all have answered or have ended."""

    def __init__(self) -> None:
        self._numbers = itertools.count()
        self._open: dict[int, tuple[set[int], Callable[[], None]]] = {}

    def ask(self, workers: set[int], done: Callable[[], None]) -> int:
        """Begins a question, and gives its number.

        Args:
            workers: Who is to answer.
            done: Called once, when they have.
        """
        number = next(self._numbers)
        self._open[number] = workers, done
        return number

    def answered(self, number: int, worker: int) -> None:
        """A worker has answered."""
        if number in self._open:
            self._open[number][0].discard(worker)
            if not self._open[number][0]:
                self.end(number)

    def gone(self, worker: int) -> None:
        """A worker has ended, and answers nothing."""
        for number in list(self._open):
            self.answered(number, worker)

    def end(self, number: int) -> None:
        """Waits for no more answers."""
        if number in self._open:
            self._open.pop(number)[1]()
