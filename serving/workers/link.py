"""A worker's side: what it asks of the supervisor, and what that tells it."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import TimeoutError as NotInTime

from serving.core import logs
from serving.core.errors import ServingError
from serving.core.hooks import Choice, Outcome, Peers
from serving.core.metrics import Metrics
from serving.routing.observations import brief
from serving.routing.router import Plans
from serving.workers.channel import Channel, Gone
from serving.workers.hub import Served

_SECONDS_BETWEEN_REPORTS = 0.2
_SECONDS_FOR_OTHERS = 300.0
"""To load a version; as long as a warm-up may take."""
_SECONDS_FOR_SCANS = 15.0
_SECONDS_FOR_METRICS = 5.0
_MOST_OBSERVED = 100_000
"""Between two reports; more are not told."""

State = tuple[bool, Served, list[str]]
"""Whether the serving folder has been looked at, what is served, and why that is not all."""


class Link(Peers):
    """The other workers, by way of the supervisor.

    Args:
        channel: To the supervisor.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._unready: list[str] = []
        self._loaded: object = None
        """The version that this process has loaded, and that others may refuse."""

    def agree(self, model: str, version: int, fingerprint: object) -> None:
        """Waits until every worker has loaded a version. See `Peers`."""
        self._loaded = model, version, fingerprint
        error = None
        try:
            error = self._channel.ask("loaded", self._loaded, _SECONDS_FOR_OTHERS)
        except Gone:
            pass
        except NotInTime:
            logs.event("other workers do not load", "error", model=model, version=version)
        if error is not None:
            raise error
        self._loaded = None

    def refuse(self, model: str, version: int, fingerprint: object, error: ServingError) -> None:
        """Tells that this process refuses a version, unless it is because others do."""
        refused = model, version, fingerprint
        if self._loaded != refused:
            self._channel.tell("refused", (refused, error))
        self._loaded = None

    def unready(self, own: list[str]) -> list[str]:
        """Why not every worker can answer for every model."""
        return self._unready or own

    def tell_unready(self, unready: list[str]) -> None:
        """Takes what the supervisor knows of all."""
        self._unready = unready

    def scan(self) -> None:
        """Has every worker look at the serving folder."""
        with contextlib.suppress(Gone, NotInTime):
            self._channel.ask("scan", seconds=_SECONDS_FOR_SCANS)

    async def metrics(self, own: Metrics) -> str:
        """What all workers have counted; what this one has, where the supervisor has ended."""
        ask = self._channel.ask
        loop = asyncio.get_running_loop()
        try:
            return str(await loop.run_in_executor(None, ask, "metrics", None, _SECONDS_FOR_METRICS))
        except (Gone, NotInTime, asyncio.TimeoutError):
            return own.text()


class SharedRouter:
    """Chooses by the supervisor's plans, and tells it what comes of that.

    Args:
        channel: To the supervisor.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._plans: Plans = {}
        self._observed: collections.deque[Outcome] = collections.deque()
        self._reporting = threading.Lock()

    def choose(self, model: str, key: str | None) -> Choice | None:
        """Chooses; None leaves it to the server. See `serving.core.hooks.Router`."""
        plan = self._plans.get(model)
        return None if plan is None else plan.choose(model, key)

    def observe(self, outcome: Outcome) -> None:
        """Takes note of an outcome. See `serving.core.hooks.Router`."""
        if len(self._observed) < _MOST_OBSERVED:
            self._observed.append(brief(outcome))

    def tell_plans(self, plans: Plans) -> None:
        """Takes the plans of now."""
        self._plans = plans

    def report(self) -> None:
        """Tells the supervisor what was observed since the last time."""
        with self._reporting:
            observed = [self._observed.popleft() for _ in range(len(self._observed))]
            if observed:
                self._channel.tell("observed", observed)
        if len(observed) >= _MOST_OBSERVED:
            logs.event("outcomes not observed", "warning", more_than=_MOST_OBSERVED)

    def close(self) -> None:
        """Tells the rest."""
        self.report()


class Reports:
    """Tells the supervisor what has changed, at intervals.

    Args:
        channel: To the supervisor.
        router: What it has observed is told.
        state: What this process serves, and why it is not ready.
    """

    def __init__(
        self,
        channel: Channel,
        router: SharedRouter,
        state: Callable[[], State],
    ) -> None:
        self._channel, self._router, self._state = channel, router, state
        self._told: State | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._report, name="reports", daemon=True)

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Tells no more."""
        self._end.set()

    def _report(self) -> None:
        while True:
            self._router.report()
            state = self._state()
            if state != self._told:
                self._told = state
                self._channel.tell("state", state)
            if self._end.wait(_SECONDS_BETWEEN_REPORTS):
                return
