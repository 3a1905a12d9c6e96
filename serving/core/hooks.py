"""Where routing, the request log and other processes plug into the server; it does without them.

Router and log are called on the server's event loop or from gRPC's threads, between a request and
its answer: they must be thread-safe, must not block, and must not raise.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np

from serving.core.errors import ServingError
from serving.core.metrics import Gauge, Metrics

MIRROR = "mirror"
"""The variant of a mirrored copy."""


@dataclass(frozen=True)
class Choice:
    """Where a request goes that named neither version nor label."""

    version: int
    variant: str
    """Under which name its outcome counts, such as `stable` or `canary`."""
    mirror_version: int | None = None
    """A version that gets the same request as well; its answer reaches no client."""
    other_version: int | None = None
    """The version that it is compared with: it is asked the same when this one refuses a request,
    which tells the client's mistakes from the version's."""


@dataclass(frozen=True)
class Outcome:
    """What became of one request, or of its mirrored copy."""

    model: str
    version: int
    variant: str
    """The choice's, or `MIRROR`."""
    seconds: float
    status: int
    """The HTTP status, also for gRPC requests."""
    outputs: Mapping[str, np.ndarray] = field(default_factory=dict)
    """By output name, first axis the batch; empty if the request failed."""
    key: str | None = None
    """What made the choice sticky, if anything did."""
    clients_mistake: bool = False
    """Whether both versions refuse the request."""


class Entry(NamedTuple):
    """A request and its answer, for the request log."""

    id: str
    """The answer's `X-Request-Id`."""
    time: float
    """When the request came, in seconds since 1970."""
    model: str
    version: int | None
    """None if no version answered, such as for an unknown one."""
    label: str | None
    """The label that the client named, or the variant that the router chose."""
    seconds: float
    request: bytes
    """The request as JSON, as it came, decompressed."""
    response: bytes
    """The answer as JSON."""
    status: int


class Router(Protocol):
    """Decides which version answers."""

    def choose(self, model: str, key: str | None) -> Choice | None:
        """Chooses for a request that names neither version nor label.

        Args:
            model: The model's name.
            key: What makes a choice sticky (the header `X-Routing-Key`), if the client sent it.

        Returns:
            None leaves it to the server, which takes the highest version.
        """
        ...

    def observe(self, outcome: Outcome) -> None:
        """Takes note of an outcome of a request that this router chose a version for."""
        ...

    def close(self) -> None:
        """Ends what it started; called once, when nothing is asked any more."""
        ...


class RequestLog(Protocol):
    """Stores requests and answers."""

    async def submit(self, entry: Entry) -> bool:
        """Stores an entry; True means that it is stored, and will be there after a SIGKILL.

        Comes back within milliseconds, with False if the entry could not be stored by then.
        """
        ...

    def close(self) -> None:
        """Stores what it still holds; called once, when nothing is submitted any more."""
        ...


@dataclass(frozen=True)
class Hooks:
    """What is plugged in."""

    router: Router | None = None
    request_log: RequestLog | None = None
    gauges: tuple[Gauge, ...] = ()
    """What they count, for the server's metrics."""
    unknown_names: Callable[[Mapping[str, frozenset[str]]], list[str]] = lambda known: []
    """What their settings name and no model has, given each model's inputs and outputs."""

    last: Callable[[], None] = lambda: None
    """Called when they are closed, such as to report what they have seen."""

    def close(self) -> None:
        """Ends what they started."""
        for hook in (self.router, self.request_log):
            if hook is not None:
                hook.close()
        self.last()


class Peers:
    """The other processes that serve on the same ports; here, none."""

    def agree(self, model: str, version: int, fingerprint: object) -> None:
        """Waits until every process has loaded a version, so that all begin at once to serve it.

        Args:
            model: The model's name.
            version: The version, which this process has loaded.
            fingerprint: Of the version's folder.

        Raises:
            ServingError: Another process refuses the version.
        """

    def refuse(self, model: str, version: int, fingerprint: object, error: ServingError) -> None:
        """Tells that this process refuses a version."""

    def unready(self, own: list[str]) -> list[str]:
        """Why not every process can answer for every model.

        Args:
            own: Why this one cannot.
        """
        return own

    def scan(self) -> None:
        """Has every process look at the serving folder, and waits until they have."""

    async def metrics(self, own: Metrics) -> str:
        """What all processes have counted, in Prometheus' text format.

        Args:
            own: What this one has.
        """
        return own.text()


ALONE = Peers()
