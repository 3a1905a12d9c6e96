"""A round of watching: new windows are looked at, people are told, the loop makes its step."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Protocol

from monitoring.core.errors import MonitoringError
from monitoring.core.settings import Settings
from monitoring.look.look import Look
from monitoring.watch.events import Event
from monitoring.watch.gauges import Gauges
from monitoring.watch.log_lines import log
from monitoring.watch.telling import Teller
from monitoring.watch.watcher import Watcher


class Acting(Protocol):
    """What follows from alarms; `loop/loop.py` has it."""

    @property
    def state(self) -> str:
        """Where it is."""
        ...

    def step(self, settings: Settings) -> list[Event]:
        """Does what is to be done now."""
        ...


class Rounds:
    """What a watcher does again and again.

    Args:
        watcher: Looks at windows.
        acting: Acts on alarms; None: nothing does.
        teller: Tells people.
        gauges: Tells Prometheus.
        settings: Gives the model's settings, which may change meanwhile.
    """

    def __init__(
        self,
        watcher: Watcher,
        acting: Acting | None,
        teller: Teller,
        gauges: Gauges,
        settings: Callable[[], Settings],
    ) -> None:
        self._watcher = watcher
        self._acting = acting
        self._teller = teller
        self._gauges = gauges
        self._settings = settings
        self._failure = ""
        if watcher.last is not None:
            gauges.look(watcher.last)

    def round(self, ended: Callable[[], bool] = lambda: False) -> list[Look]:
        """Makes a round.

        Args:
            ended: Says after each look whether to end.

        Returns:
            The looks that were made.

        Raises:
            MonitoringError: Something cannot be read or written. The next round begins where this
                one ended.
        """
        settings = self._settings()
        self._tell(self._watcher.unfinished(), settings)
        looks = []
        # What goes on is to go on also while many windows are looked at, or none can be.
        problem = self._act(settings)
        for look, events in self._watcher.round(settings):
            looks.append(look)
            self._gauges.look(look)
            level = "warning" if look.verdict == "alarm" else "info"
            log(
                "look", level, model=look.model, version=look.version, number=look.number,
                verdict=look.verdict, rows=look.rows, requests=look.requests,
                headline=look.headline,
            )  # fmt: skip
            self._tell(events, settings)
            if ended():
                break
        if looks:
            problem = self._act(settings)
        if problem is not None:
            raise problem
        self._gauges.round(time.time(), failed=False)
        self._failure = ""
        return looks

    def failed(self, error: MonitoringError) -> None:
        """Tells of a round that ended in an error; of the same one again, once."""
        if str(error) != self._failure:
            log("error", "error", why=str(error))
        self._failure = str(error)
        try:
            self._gauges.round(time.time(), failed=True)
        except MonitoringError as also:
            log("error", "error", why=str(also))

    def _act(self, settings: Settings) -> MonitoringError | None:
        """Makes the loop's step; what it failed with, as that must not keep from looking."""
        if self._acting is None:
            return None
        try:
            self._tell(self._acting.step(settings), settings)
        except MonitoringError as error:
            return error
        finally:
            self._gauges.step(self._acting.state)
        return None

    def _tell(self, events: Iterable[Event], settings: Settings) -> None:
        for event in events:
            log(event.event, version=event.version, alarm=event.alarm, **event.detail)
            if settings.on_alarm != "nothing":
                self._teller.tell(event)
