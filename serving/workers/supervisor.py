"""Starts workers on one port, watches them, and is the one place of what they have in common.

All that happens is an event on one queue, which one thread handles: what workers tell and ask,
their ends, and signals. Routing is decided here, on what all workers have observed together.
"""

from __future__ import annotations

import heapq
import itertools
import queue
import signal
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from serving.core import logs
from serving.core.listening import tell_of_listening, tls
from serving.core.metrics import Counter, Family, Gauge, families
from serving.core.settings import Settings
from serving.routing import gauges as routing_gauges
from serving.routing.router import Plans, Router
from serving.workers import hub, process
from serving.workers.channel import Message
from serving.workers.ports import bind
from serving.workers.process import Worker

_SECONDS_BETWEEN_COUNTS = 5.0
"""What a worker has counted since is lost when it is killed."""
_SECONDS_FOR = {"counts?": 1.0, "scan?": 10.0}
"""For which an answer of all is waited."""
_SHORT_LIFE = 10.0
"""Seconds; what ends sooner is started again after a pause that grows."""
_LONGEST_PAUSE = 30.0
_SECONDS_BEYOND_GRACE = 10.0
_MISTAKE = 2
"""The exit status of a worker that has told of a mistake in the settings."""


class Supervisor:
    """Serves by several processes; SIGUSR1 replaces them one after the other.

    Args:
        settings: How to serve.
        rolled_back: Told of a canary that was taken out: its model, its version and why.

    Raises:
        ServingError: A port is taken, or a file of the settings cannot be read.
    """

    def __init__(
        self,
        settings: Settings,
        rolled_back: Callable[[str, int, str], None] = lambda *_: None,
    ) -> None:
        tls(settings)  # A mistake is told once, and not by each worker.
        self._settings = settings
        self._ports = bind(settings.host, settings.rest_port, settings.grpc_port, settings.workers)
        self._events: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._timers: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._workers: list[Worker] = []
        self._short_lives = [0] * settings.workers
        self._to_replace: list[int] = []
        """Slots whose workers a rolling restart has still to replace."""
        self._all_have_listened = False
        self._stopping = False
        self._status = 0
        self._plans: Plans = {}
        self._unready: list[str] = []
        self._agreements = hub.Agreements()
        self._questions = hub.Questions()
        self._counted = hub.Counted()
        self._restarts = Counter(
            "serving_worker_restarts", "Workers that ended and were started again.", ("worker",)
        )
        self._handlers: Mapping[str, Callable[[Worker, Message], None]] = {
            "observed": self._observed,
            "state": self._state,
            "listens": self._listens,
            "leaves": self._leaves,
            "loaded": self._loaded,
            "refused": self._refused,
            "metrics": self._metrics,
            "scan": self._scan,
            "answer": self._answer,
        }
        self._router = Router(
            settings.models,
            rolled_back,
            lambda plans: self._events.put(lambda: self._tell_plans(plans)),
        )

    def run(self) -> int:
        """Serves until SIGINT or SIGTERM, and returns the exit status."""
        for number, event in (
            (signal.SIGTERM, self._stop), (signal.SIGINT, self._stop), (signal.SIGUSR1, self._roll)
        ):  # fmt: skip
            signal.signal(number, lambda *_, event=event: self._events.put(event))
        for slot in range(self._settings.workers):
            self._start(slot)
        self._later(_SECONDS_BETWEEN_COUNTS, self._count)
        while self._workers or not self._stopping:
            self._handle_next()
        self._router.close()
        logs.event("stopped")
        return self._status

    def _handle_next(self) -> None:
        wait = max(0.0, self._timers[0][0] - time.monotonic()) if self._timers else None
        try:
            event = self._events.get(timeout=wait)
        except queue.Empty:
            event = heapq.heappop(self._timers)[2]
        try:
            event()
        except Exception as error:  # the workers go on serving whatever happens here
            logs.event("supervisor failed", "error", error=f"{type(error).__name__}: {error}")

    def _later(self, seconds: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._timers, (time.monotonic() + seconds, next(self._numbers), event))

    # Starts and ends

    def _start(self, slot: int) -> None:
        if self._stopping or any(w.slot == slot and not w.listens for w in self._workers):
            return
        worker = process.start(
            slot, next(self._numbers), self._ports,
            lambda worker, message: self._events.put(
                lambda: self._handlers[message.what](worker, message)
            ),
        )  # fmt: skip
        self._workers.append(worker)
        worker.channel.tell("settings", (self._settings, self._ports.grpc_port, slot))
        worker.channel.tell("plans", self._plans)
        self._tell_unready()
        threading.Thread(target=self._wait_for, args=(worker,), daemon=True).start()

    def _wait_for(self, worker: Worker) -> None:
        worker.process.wait()
        self._events.put(lambda: self._ended(worker))

    def _ended(self, worker: Worker) -> None:
        self._workers.remove(worker)
        worker.channel.close()
        self._counted.end(worker.number)
        self._questions.gone(worker.number)
        self._settle()
        if self._stopping:
            return
        self._admit()
        planned = worker.leaves and worker.process.returncode == 0
        if not planned:
            logs.event("worker ended", "error", worker=worker.slot, status=worker.end_in_words())
        if worker.process.returncode == _MISTAKE and not self._all_have_listened:
            self._status = _MISTAKE
            self._stop()
            return
        if self._to_replace[:1] == [worker.slot] and not worker.listens:
            logs.event("rolling restart given up", "error", worker=worker.slot)
            self._to_replace.clear()
        if not any(other.slot == worker.slot for other in self._workers):
            self._start_again(worker, planned)
        self._share_sockets()
        self._tell_unready()

    def _start_again(self, worker: Worker, planned: bool) -> None:
        slot, short = worker.slot, time.monotonic() - worker.started < _SHORT_LIFE and not planned
        self._short_lives[slot] = self._short_lives[slot] + 1 if short else 0
        pause = min(_LONGEST_PAUSE, 2.0 ** (self._short_lives[slot] - 1)) if short else 0.0
        self._restarts.add(str(slot))
        logs.event("worker started again", "warning", worker=slot, seconds_until=pause)
        self._later(pause, lambda: self._start(slot))

    def _stop(self) -> None:
        if self._stopping:
            return
        self._stopping = True
        logs.event("stopping", grace=self._settings.grace)
        self._tell_all("stop")
        # The workers have the sockets, and close them when they have drained.
        self._ports.close()
        patience = self._settings.drain + self._settings.grace + _SECONDS_BEYOND_GRACE
        self._later(patience, self._kill)

    def _kill(self) -> None:
        for worker in self._workers:
            logs.event("worker killed", "error", worker=worker.slot)
            worker.process.kill()

    def _roll(self) -> None:
        """Replaces the workers, each once its successor listens."""
        if self._stopping or self._to_replace:
            return
        logs.event("rolling restart", workers=self._settings.workers)
        self._to_replace = list(range(self._settings.workers))
        self._start(0)

    def _roll_on(self, replaced: int) -> None:
        if self._to_replace[:1] != [replaced]:
            return
        self._to_replace.pop(0)
        if self._to_replace:
            self._start(self._to_replace[0])
        else:
            logs.event("rolling restart done")

    # Who accepts

    def _state(self, worker: Worker, message: Message) -> None:
        worker.scanned, worker.serves, worker.unready = message.value
        worker.reports = True
        self._admit()
        self._settle()
        self._tell_unready()

    def _admit(self) -> None:
        """Has those listen that may: the first at once, a later one when it serves what others do.

        What the others serve changes with their states and their ends, not only with its own.
        """
        others = [worker.serves for worker in self._workers if worker.answers]
        for worker in self._workers:
            equal = all(served <= worker.serves for served in others)
            if worker.reports and not worker.listens and (equal or not self._all_have_listened):
                worker.channel.tell("listen")

    def _listens(self, worker: Worker, _: Message) -> None:
        worker.listens = True
        for other in self._workers:
            if other.slot == worker.slot and other is not worker and not other.leaves:
                other.leaves = True
                other.channel.tell("leave")
        self._admit()
        self._share_sockets()
        if not self._all_have_listened and all(each.listens for each in self._workers):
            self._all_have_listened = True
            ports, workers = self._ports, self._settings.workers
            tell_of_listening(self._settings, ports.rest_port, ports.grpc_port, workers=workers)
        self._tell_unready()
        self._roll_on(worker.slot)

    def _leaves(self, worker: Worker, _: Message) -> None:
        """Somebody else has told it to end."""
        if not worker.leaves:
            worker.leaves = True
            self._admit()
            self._share_sockets()
            self._tell_unready()
            self._start(worker.slot)

    def _share_sockets(self) -> None:
        """Has one worker accept from each socket: its own, or another until that is back."""
        able = [worker for worker in self._workers if worker.answers]
        slots: dict[Worker, set[int]] = {worker: {worker.slot} for worker in able}
        for slot in set(range(self._settings.workers)) - {worker.slot for worker in able}:
            if able:
                min(slots.values(), key=len).add(slot)
        for worker, of_worker in slots.items():
            worker.channel.tell("accept", of_worker)

    # What holds for all

    def _observed(self, _: Worker, message: Message) -> None:
        for outcome in message.value:
            self._router.observe(outcome)

    def _tell_plans(self, plans: Plans) -> None:
        self._plans = plans
        self._tell_all("plans", plans)

    def _tell_unready(self) -> None:
        told = {slot: ["It is started again."] for slot in range(self._settings.workers)}
        # Of two with one slot, that which is being replaced answers.
        for worker in sorted(self._workers, key=lambda each: each.answers):
            told[worker.slot] = worker.unready
            if not worker.answers:
                told[worker.slot] = worker.unready or ["It does not listen."]
        unready = hub.unready(told)
        if unready != self._unready:
            self._unready = unready
            self._tell_all("unready", unready)

    def _tell_all(self, what: str, value: Any = None) -> None:
        for worker in self._workers:
            worker.channel.tell(what, value)

    def _loaded(self, worker: Worker, message: Message) -> None:
        # Who does not serve yet what it found at its start holds nobody up.
        if not worker.agrees:
            worker.channel.reply(message, None)
            return
        self._agreements.loaded(
            worker.number, message.value, lambda error: worker.channel.reply(message, error)
        )
        self._settle()

    def _refused(self, worker: Worker, message: Message) -> None:
        if worker.agrees:
            self._agreements.refused(worker.number, *message.value)
            self._settle()

    def _settle(self) -> None:
        agree = [worker for worker in self._workers if worker.agrees]
        self._agreements.settle({worker.number: worker.serves for worker in agree})

    def _scan(self, worker: Worker, message: Message) -> None:
        self._ask_all("scan?", lambda: worker.channel.reply(message))

    def _metrics(self, worker: Worker, message: Message) -> None:
        def reply() -> None:
            worker.channel.reply(message, self._counted.text(self._own_counts()))

        self._ask_all("counts?", reply)

    def _count(self) -> None:
        self._later(_SECONDS_BETWEEN_COUNTS, self._count)
        self._ask_all("counts?", lambda: None)

    def _ask_all(self, what: str, done: Callable[[], None]) -> None:
        question = self._questions.ask({worker.number for worker in self._workers}, done)
        for worker in self._workers:
            worker.ask(what, question)
        self._later(_SECONDS_FOR[what], lambda: self._questions.end(question))

    def _answer(self, worker: Worker, message: Message) -> None:
        question, counts = message.value
        worker.unanswered -= 1
        if counts is not None:
            self._counted.latest[worker.number] = counts
        self._questions.answered(question, worker.number)

    def _own_counts(self) -> list[Family]:
        number = Gauge("serving_workers", "Workers that take requests.", (), lambda: [
            ((), float(sum(worker.answers for worker in self._workers)))
        ])  # fmt: skip
        return families([*routing_gauges.gauges(self._router), number, self._restarts])
