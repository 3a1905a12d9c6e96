"""From an alarm to a new version, a step at a time; see `loop/state.py` for the states."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from monitoring.core.errors import MonitoringError
from monitoring.core.settings import Settings
from monitoring.loop import dispatch, retraining, rule
from monitoring.loop.dispatch import DispatchError
from monitoring.loop.programs import Done, Programs, Route
from monitoring.loop.retraining import Retraining
from monitoring.loop.state import TRANSITIONS, LoopState, State, read, write
from monitoring.watch import policy
from monitoring.watch.events import Event, EventName
from monitoring.watch.folder import ModelFolder, versions_of
from monitoring.watch.log_lines import log, redactor

MOST_TRIES = 6
"""How often GitHub is asked, in all half an hour, before it is given up."""
_LONGEST_WHY = 300


@dataclass(frozen=True)
class Places:
    """Where the loop finds what it works with.

    Args:
        source: The folder of the models' folders.
        runs: The folder of the pipeline's runs.
        release: The file with the canary's rule.
        repository: The repository whose workflow trains; empty: the pipeline is run here.
    """

    source: Path
    runs: Path
    release: Path = rule.FILE
    repository: str = ""


class Loop:
    """A model's way from an alarm to a new version.

    Args:
        folder: What is kept of the model.
        programs: The commands of the other rooms.
        places: Where it finds what it works with.
        clock: Gives the time.
    """

    def __init__(
        self,
        folder: ModelFolder,
        programs: Programs,
        places: Places,
        clock: Callable[[], datetime] = lambda: datetime.now(timezone.utc),
    ) -> None:
        self._folder = folder
        self._model = folder.model
        self._programs = programs
        self._places = places
        self._clock = clock
        self._job: Retraining | None = None
        self._state = read(folder.loop)

    @property
    def state(self) -> State:
        """Where it is."""
        return self._state.state

    def unfinished(self) -> list[Event]:
        """Adds the events of the last change that a kill has kept from the history."""
        if not self._state.events:
            return []
        there = {(each.time, each.event) for each in self._folder.history.read()}
        added = [each for each in self._state.events if (each.time, each.event) not in there]
        for each in added:
            self._folder.history.append(each)
        self._enter(self._with(events=()))
        return added

    def step(self, settings: Settings) -> list[Event]:
        """Does what is to be done now, until something has to be waited for.

        Args:
            settings: The model's, as they are now.

        Returns:
            What has happened.

        Raises:
            MonitoringError: Something cannot be read, written or run. The next step tries again.
        """
        happened = self.unfinished()
        while True:
            before = self._state.state
            self._enter(self._next(settings))
            happened += self.unfinished()
            if self._state.state == before:
                return happened

    def _next(self, settings: Settings) -> LoopState:
        return {
            "idle": self._idle,
            "dispatching": self._dispatching,
            "retraining": self._retraining,
            "pushed": self._pushed,
            "canary": self._canary,
            "promoting": self._promoting,
            "rolling back": self._rolling_back,
        }[self._state.state](settings)

    def _enter(self, state: LoopState) -> None:
        """Writes a state, if it is another."""
        if state == self._state:
            return
        changed = state.state != self._state.state
        assert not changed or state.state in TRANSITIONS[self._state.state]
        if changed:
            state = state.model_copy(update={"since": self._clock()})
        write(self._folder.loop, state)
        self._state = state
        if changed:
            log("loop", model=self._model, step=state.state, version=state.candidate)

    # What is done in each state; each gives the next one.

    def _idle(self, settings: Settings) -> LoopState:
        state = self._state
        events = self._folder.history.read()
        alarms = [
            each
            for each in events
            if each.event == "alarm" and each.alarm and Path(each.alarm).name > state.considered
        ]
        if not alarms:
            return state
        done = self._with(considered=max(Path(each.alarm or "").name for each in alarms))
        if why := policy.why_not_retrain(settings, self._clock(), events):
            return self._leave(done, why)
        route = self._route()
        versions = versions_of(self._folder.models / self._model)
        served = route.stable if route.stable is not None else max(versions, default=None)
        of_served = [each for each in alarms if each.version == served]
        if route.canary is not None:
            return self._leave(done, f"version {route.canary} is a canary")
        if not of_served or served is None:
            return self._leave(done, f"version {served} is served now")
        alarm = of_served[-1]
        cool_down = timedelta(hours=settings.cool_down_hours)
        if cool_down and self._clock() - alarm.time > cool_down:
            # It would have been told of again, had it lasted.
            return self._leave(done, "the alarm is older than cool_down_hours")
        name = self._clock().strftime("%Y%m%dT%H%M%S.%fZ")
        begun = done.model_copy(
            update={
                "state": "dispatching" if self._places.repository else "retraining",
                "version": served,
                "alarm": alarm.alarm,
                "reason": redactor().text(alarm.text),
                "job": name,
                "last_run": retraining.highest_run(self._places.runs),
                "last_version": max(versions, default=0),
                "candidate": None,
                "tries": 0,
                "next_try": None,
                "sending": False,
            }
        )
        if self._places.repository:
            return begun
        text = f"The pipeline runs here; its output is in {self._job_of(name).log}"
        return self._with_event(begun, "retraining started", served, text)

    def _dispatching(self, settings: Settings) -> LoopState:
        state, now = self._state, self._clock()
        repository = self._places.repository
        if not repository:
            return self._end("retraining ended", "failed", "--dispatch was left out meanwhile.")
        if state.sending:
            text = f"{repository} was asked; whether it took the event is not known."
            return self._with_event(
                self._with(state="idle", sending=False), "retraining started", state.version, text
            )
        if state.next_try is not None and now < state.next_try:
            return state
        self._enter(self._with(sending=True))
        try:
            dispatch.dispatch(repository, self._model, state.version or 0, state.alarm or "")
        except DispatchError as error:
            tries = state.tries + 1
            if error.again and tries < MOST_TRIES:
                log("not dispatched", "warning", model=self._model, why=str(error), tries=tries)
                wait = timedelta(minutes=2 ** (tries - 1))
                return self._with(sending=False, tries=tries, next_try=now + wait)
            return self._end("retraining ended", "failed", " ".join(str(error).split("\n")))
        text = f"{repository} was sent the event '{dispatch.EVENT}'."
        return self._with_event(
            self._with(state="idle", sending=False), "retraining started", state.version, text
        )

    def _retraining(self, settings: Settings) -> LoopState:
        state, job = self._state, self._job_of(self._state.job)
        if not job.begun():
            self._pin(state.version)
            export = settings.export_labelled is not None
            job.start(self._programs.retraining(self._model, self._places.source, export))
            return self._state
        if job.running():
            return self._state
        found = retraining.outcome(
            job.status(), self._places.runs, self._model, state.last_run, state.last_version,
            job.log,
        )  # fmt: skip
        detail = {"outcome": found.outcome, "status": found.status, "run": found.run}
        if found.outcome == "pushed":
            pushed = self._with(state="pushed", candidate=found.version)
            return self._with_event(pushed, "retraining ended", found.version, found.text, detail)
        return self._end("retraining ended", found.outcome, found.text, detail)

    def _pushed(self, settings: Settings) -> LoopState:
        candidate = self._candidate()
        route = self._programs.route(self._model)
        if route.stable == candidate:
            return self._end("promoted", "promoted", "Somebody has promoted it.", version=candidate)
        if route.canary != candidate:
            share = settings.canary_share
            done = self._programs.canary(self._model, candidate, share, self._why())
            if done.status:
                return self._refused("It cannot be a canary.", done)
        text = f"It has {settings.canary_share:.0%} of the requests."
        return self._with_event(self._with(state="canary"), "canary", candidate, text)

    def _canary(self, settings: Settings) -> LoopState:
        candidate = self._candidate()
        done, compared = self._programs.compare(self._model)
        route = self._programs.route(self._model)
        if route.canary != candidate:
            return self._taken_out(route)
        if done.status not in (0, 1, 3):
            raise MonitoringError(
                "`python -m serving compare` does not compare the canary",
                f"Received: {done.words}",
                "It is tried again; correct what it says.",
            )
        release = rule.read(self._places.release)
        try:
            action, words = rule.decide(compared, candidate, release, route, self._clock())
        except (KeyError, TypeError, ValueError) as error:
            raise MonitoringError(
                "What `python -m serving compare --json` says cannot be read",
                f"Received: {type(error).__name__}: {error}.",
                "Have both rooms from the same release.",
            ) from error
        if action == "promote":
            return self._with(state="promoting", reason=self._short(words))
        if action == "roll back":
            return self._with(state="rolling back", reason=self._short(words))
        return self._state

    def _promoting(self, settings: Settings) -> LoopState:
        candidate = self._candidate()
        route = self._programs.route(self._model)
        if route.stable != candidate:
            if route.canary != candidate:
                return self._taken_out(route)
            done = self._programs.promote(self._model, candidate, self._why())
            if done.status:
                return self._refused("It cannot be promoted.", done)
        return self._end("promoted", "promoted", self._state.reason, version=candidate)

    def _rolling_back(self, settings: Settings) -> LoopState:
        candidate = self._candidate()
        route = self._programs.route(self._model)
        if route.canary == candidate:
            done = self._programs.rollback(self._model, candidate, self._why())
            route = self._programs.route(self._model)
            if route.canary == candidate:
                raise MonitoringError(
                    f"Version {candidate} cannot be taken out of the traffic",
                    f"Received: {done.words}",
                    f"Do it by hand: python -m serving rollback {self._model}",
                )
        if route.stable == candidate:
            return self._taken_out(route)
        return self._end("rolled back", "rolled back", self._state.reason, version=candidate)

    # What several states need.

    def _route(self) -> Route:
        """Which versions get traffic; where the workflow trains, the server may not be here."""
        try:
            return self._programs.route(self._model)
        except MonitoringError:
            if not self._places.repository:
                raise
            return Route(None, None, 0.0, math.inf)

    def _pin(self, version: int | None) -> None:
        """Keeps the present version the served one: without labels, the server takes the newest."""
        if version is not None and self._programs.route(self._model).stable is None:
            done = self._programs.promote(self._model, version, self._why(), load=False)
            if done.status:
                raise MonitoringError(
                    f"Version {version} cannot be kept while '{self._model}' is trained again",
                    f"Received: {done.words}",
                    "Correct what it says; it is tried again.",
                )

    def _taken_out(self, route: Route) -> LoopState:
        """Ends what somebody, or the server, has ended meanwhile."""
        candidate = self._candidate()
        if route.stable == candidate:
            return self._end("promoted", "promoted", "Somebody has promoted it.", version=candidate)
        text = self._programs.rolled_back(self._model, candidate)
        text = text or "The server or somebody has taken it out of the traffic."
        return self._end("rolled back", "rolled back", text, version=candidate)

    def _refused(self, what: str, done: Done) -> LoopState:
        if done.status == -1:  # It did not run, or not to its end.
            raise MonitoringError(what, f"Received: {done.words}", "It is tried again.")
        text = f"{what} {done.words}"
        return self._end("rolled back", "refused", text, version=self._candidate())

    def _leave(self, state: LoopState, why: str) -> LoopState:
        log("nothing started", model=self._model, alarm=state.considered, why=why)
        return state

    def _end(
        self,
        event: EventName,
        outcome: str,
        text: str,
        detail: dict[str, Any] | None = None,
        version: int | None = None,
    ) -> LoopState:
        more = {"outcome": outcome, **(detail or {})}
        ended = self._with(state="idle", sending=False)
        return self._with_event(ended, event, version or self._state.version, text, more)

    def _with_event(
        self,
        state: LoopState,
        event: EventName,
        version: int | None,
        text: str,
        detail: dict[str, Any] | None = None,
    ) -> LoopState:
        told = {"text": redactor().text(text), **(detail or {})}
        made = Event(
            time=self._clock(), event=event, version=version, alarm=state.alarm, detail=told
        )
        return state.model_copy(update={"events": (made,)})

    def _with(self, **changes: Any) -> LoopState:
        return self._state.model_copy(update=changes)

    def _job_of(self, name: str) -> Retraining:
        if self._job is None or self._job.log.stem != name:
            self._job = Retraining(self._folder.retrainings, name)
        return self._job

    def _candidate(self) -> int:
        assert self._state.candidate is not None
        return self._state.candidate

    def _why(self) -> str:
        return self._short(f"monitoring, alarm {self._state.alarm}: {self._state.reason}")

    def _short(self, text: str) -> str:
        return " ".join(redactor().text(text).split())[:_LONGEST_WHY]
