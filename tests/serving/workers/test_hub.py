"""What workers tell becomes one server's answer: versions, readiness, counts, questions."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.core.errors import Code, ServingError
from serving.core.metrics import Gauge, Metrics, families
from serving.workers import hub
from serving.workers.hub import Agreements, Counted, Loaded, Questions, Served

V2: Loaded = ("taxi", 2, "files")
V1_SERVED: Served = frozenset({("taxi", 1)})


class Rounds:
    """Agreements of two workers, and what they were answered."""

    def __init__(self) -> None:
        self.agreements = Agreements()
        self.serves: dict[int, Served] = {1: V1_SERVED, 2: V1_SERVED}
        self.told: list[tuple[int, ServingError | None]] = []

    def loaded(self, worker: int, version: Loaded = V2) -> None:
        self.agreements.loaded(worker, version, lambda error: self.told.append((worker, error)))
        self.agreements.settle(self.serves)

    def refused(self, worker: int, version: Loaded = V2) -> ServingError:
        error = ServingError(Code.INTERNAL, f"{worker} cannot")
        self.agreements.refused(worker, version, error)
        self.agreements.settle(self.serves)
        return error


def test_a_version_is_served_once_all_have_loaded_it() -> None:
    rounds = Rounds()
    rounds.loaded(1)
    assert rounds.told == []
    rounds.loaded(2)
    assert rounds.told == [(1, None), (2, None)]


@pytest.mark.parametrize("first", ["refuses", "loads"])
def test_what_one_refuses_none_serves_and_all_may_try_again(first: str) -> None:
    rounds = Rounds()
    if first == "refuses":
        error = rounds.refused(2)
        rounds.loaded(1)
    else:
        rounds.loaded(1)
        error = rounds.refused(2)
    assert rounds.told == [(1, error)]
    # What was told of the last try does not count for the next.
    rounds.loaded(2)
    assert len(rounds.told) == 1
    rounds.loaded(1)
    assert rounds.told[1:] == [(2, None), (1, None)]


def test_other_files_are_another_version() -> None:
    rounds = Rounds()
    rounds.refused(1)
    rounds.loaded(2, ("taxi", 2, "other files"))
    rounds.loaded(1, ("taxi", 2, "other files"))
    assert rounds.told == [(2, None), (1, None)]


def test_nobody_waits_for_a_worker_that_ends_or_serves_it_already() -> None:
    rounds = Rounds()
    rounds.loaded(1)
    rounds.serves[2] |= {("taxi", 2)}
    rounds.agreements.settle(rounds.serves)
    assert rounds.told == [(1, None)]
    rounds.loaded(1, ("taxi", 3, ""))
    del rounds.serves[2]
    rounds.agreements.settle(rounds.serves)
    assert rounds.told == [(1, None)] * 2


def test_reasons_are_told_once_with_the_worker_if_it_is_not_all() -> None:
    assert hub.unready({0: [], 1: []}) == []
    assert hub.unready({0: ["a"], 1: ["a"], 2: ["a"]}) == ["a"]
    assert hub.unready({0: ["a", "b"], 1: [], 2: ["b"]}) == ["Worker 0: a", "Worker 0, 2: b"]


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from("ab"), st.floats(1, 1e6))))
def test_processes_count_as_one_would(requests: list[tuple[int, str, float]]) -> None:
    """Whichever of them answers, and whichever of them has ended."""
    one, several = Metrics(), [Metrics() for _ in range(3)]
    counted = Counted()
    for process, model, microseconds in requests:
        for metrics in (one, several[process]):
            metrics.requests.add(model, "OK")
            metrics.latency.observe(microseconds, model, "Predict", "REST")
    counted.latest = {number: metrics.families() for number, metrics in enumerate(several)}
    for number in range(random.randrange(4)):
        counted.end(number)
    told = dict(line.rsplit(" ", 1) for line in counted.text([]).splitlines() if line[0] != "#")
    for line in one.text().splitlines():
        if line[0] != "#":
            sample, value = line.rsplit(" ", 1)
            assert float(told.pop(sample)) == pytest.approx(float(value))
    assert not told


def test_a_state_is_the_highest_and_goes_with_its_process() -> None:
    counted = Counted()
    for number, state in enumerate((20, 30)):
        gauge = Gauge("state", "A state.", ("model",), lambda state=state: [(("m",), state)])  # type: ignore[misc]
        counted.latest[number] = families([gauge])
    assert 'state{model="m"} 30' in counted.text([])
    counted.end(1)
    assert 'state{model="m"} 20' in counted.text([])


def test_a_question_ends_once() -> None:
    done: list[str] = []
    questions = Questions()
    first = questions.ask({1, 2}, lambda: done.append("first"))
    second = questions.ask({1, 2}, lambda: done.append("second"))
    questions.answered(first, 1)
    questions.answered(first, 1)
    assert done == []
    questions.gone(2)
    assert done == ["first"]
    questions.end(second)
    questions.answered(second, 1)
    questions.end(first)
    assert done == ["first", "second"]
