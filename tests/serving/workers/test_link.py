"""What a worker asks and tells."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from multiprocessing.connection import Pipe
from typing import Any

import numpy as np
import pytest

from serving.core.errors import Code, ServingError
from serving.core.hooks import Choice, Outcome
from serving.core.metrics import Metrics
from serving.routing.router import Plan
from serving.routing.state import Route
from serving.workers.channel import Channel, Message
from serving.workers.link import Link, Reports, SharedRouter


class Supervisor:
    """Answers as it is told to."""

    def __init__(self) -> None:
        ours, theirs = Pipe()
        self.channel, self.workers = Channel(ours), Channel(theirs)
        self.received: list[Message] = []
        self.answers: dict[str, Any] = {}
        self.channel.start(self._receive, lambda: None)
        self.workers.start(lambda message: None, lambda: None)

    def _receive(self, message: Message) -> None:
        self.received.append(message)
        if message.question is not None:
            self.channel.reply(message, self.answers.get(message.what))

    def has(self, what: str) -> list[Any]:
        """The values of the messages of a kind; waits for the first."""
        deadline = time.monotonic() + 5
        while not (found := [each.value for each in self.received if each.what == what]):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return found


@pytest.fixture
def supervisor() -> Iterator[Supervisor]:
    one = Supervisor()
    yield one
    one.channel.close()
    one.workers.close()


def test_who_is_refused_by_others_does_not_say_that_it_refuses(supervisor: Supervisor) -> None:
    link = Link(supervisor.workers)
    error = ServingError(Code.INTERNAL, "Worker 1 cannot")
    supervisor.answers["loaded"] = error
    with pytest.raises(ServingError, match="Worker 1 cannot"):
        link.agree("taxi", 2, "files")
    link.refuse("taxi", 2, "files", error)
    supervisor.answers.clear()
    link.agree("taxi", 2, "files")
    own = ServingError(Code.INTERNAL, "This one cannot")
    link.refuse("taxi", 2, "files", own)
    ((version, told),) = supervisor.has("refused")
    assert (version, str(told)) == (("taxi", 2, "files"), "This one cannot")


def test_readiness_is_that_of_all_and_ones_own(supervisor: Supervisor) -> None:
    link = Link(supervisor.workers)
    assert link.unready(["own"]) == ["own"]
    link.tell_unready(["Worker 1: it is started again."])
    assert link.unready([]) == ["Worker 1: it is started again."]


def test_metrics_are_those_of_all_and_ones_own_without_a_supervisor(
    supervisor: Supervisor,
) -> None:
    link = Link(supervisor.workers)
    supervisor.answers["metrics"] = "all 1\n"
    assert asyncio.run(link.metrics(Metrics())) == "all 1\n"
    supervisor.channel.close()
    supervisor.workers.give_up()
    metrics = Metrics()

    async def ask() -> str:
        asked = asyncio.ensure_future(link.metrics(metrics))
        await asyncio.sleep(0.05)
        supervisor.workers.give_up()
        return await asked

    assert asyncio.run(ask()) == metrics.text()


def test_plans_are_followed_and_outcomes_told(supervisor: Supervisor) -> None:
    router = SharedRouter(supervisor.workers)
    assert router.choose("taxi", None) is None
    router.tell_plans({"taxi": Plan(2, 3, Route(canary_share=1.0))})
    assert router.choose("taxi", "ann") == Choice(3, "canary", other_version=2)
    reports = Reports(supervisor.workers, router, lambda: (True, frozenset(), []))
    reports.start()
    for number in range(3):
        outputs = {"y": np.full((1000, 50), float(number))}
        router.observe(Outcome("taxi", 3, "canary", 0.01, 200, outputs))
    told = [each for batch in supervisor.has("observed") for each in batch]
    reports.stop()
    assert told[0].outputs["y"].shape == (1, 5), "no more than is looked at"
    assert supervisor.has("state") == [(True, frozenset(), [])]
    router.observe(Outcome("taxi", 3, "canary", 0.01, 500))
    router.close()
    deadline = time.monotonic() + 5
    while sum(len(batch) for batch in supervisor.has("observed")) < 4:
        assert time.monotonic() < deadline
        time.sleep(0.01)
