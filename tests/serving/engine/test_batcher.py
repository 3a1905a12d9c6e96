"""Requests of one round of the event loop run together, and none waits for more to come."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow  # The conformance models are made with TensorFlow.


class Harness:
    """A batcher of the model `half_plus_two`, and what it ran."""

    def __init__(self, models: Path, **limits: int) -> None:
        from serving.core.settings import Limits
        from serving.engine.batcher import Batcher
        from serving.model.loaded_model import LoadedModel

        (folder,) = (models / "half_plus_two").glob("[0-9]*")
        model = LoadedModel(folder)
        self.signature = model.signature("serving_default")
        self.ran: list[int] = []
        self.batcher = Batcher(model, Limits(**limits), lambda rows, _: self.ran.append(rows))

    def submit(self, *values: float) -> asyncio.Future[Any]:
        (name,) = self.signature.inputs
        return self.batcher.submit(self.signature, {name: np.array([values], np.float32).T})


@pytest.fixture
def harness(conformance_models: Path) -> Iterator[Harness]:
    made = Harness(conformance_models)
    yield made
    made.batcher.close()


def outputs(results: list[Any]) -> list[list[float]]:
    return [next(iter(result.values()))[:, 0].tolist() for result in results]


def test_requests_of_a_round_are_one_batch(harness: Harness) -> None:
    async def ask() -> list[Any]:
        return await asyncio.gather(*[harness.submit(number, number) for number in range(5)])

    assert outputs(asyncio.run(ask())) == [[n / 2 + 2] * 2 for n in range(5)]
    assert harness.ran == [10]


def test_a_request_alone_runs_at_once(harness: Harness) -> None:
    async def ask() -> list[Any]:
        return [await harness.submit(2.0), await harness.submit(4.0)]

    assert outputs(asyncio.run(ask())) == [[3.0], [4.0]]
    assert harness.ran == [1, 1]


def test_a_batch_has_no_more_rows_than_a_request_may(conformance_models: Path) -> None:
    harness = Harness(conformance_models, rows=4)

    async def ask() -> list[Any]:
        return await asyncio.gather(*[harness.submit(1, 2, 3) for _ in range(3)], harness.submit(0))

    assert outputs(asyncio.run(ask()))[-1] == [2.0]
    harness.batcher.close()
    assert max(harness.ran) <= 4 and sum(harness.ran) == 10


def test_more_than_may_wait_are_refused(conformance_models: Path) -> None:
    from serving.core.errors import ServingError

    harness = Harness(conformance_models, queue=2)

    async def ask() -> list[Any]:
        accepted = [harness.submit(2.0), harness.submit(2.0)]
        with pytest.raises(ServingError) as refusal:
            harness.submit(2.0)
        assert refusal.value.http_status == 429
        await asyncio.gather(*accepted)
        # Those have been answered, so there is room.
        return [await harness.submit(2.0)]

    assert outputs(asyncio.run(ask())) == [[3.0]]
    harness.batcher.close()


def test_closing_answers_what_was_accepted_in_this_round(conformance_models: Path) -> None:
    from serving.engine.batcher import Closed

    harness = Harness(conformance_models)

    async def ask() -> list[Any]:
        accepted = [harness.submit(2.0), harness.submit(4.0)]
        harness.batcher.close()
        with pytest.raises(Closed):
            harness.submit(2.0)
        return await asyncio.wait_for(asyncio.gather(*accepted), 10)

    assert outputs(asyncio.run(ask())) == [[3.0], [4.0]]


def test_one_requests_fault_does_not_fail_the_others(harness: Harness) -> None:
    from serving.core.errors import ServingError

    async def ask() -> list[Any]:
        (name,) = harness.signature.inputs
        wrong = {name: np.array(["a"], dtype=object)}
        return await asyncio.gather(
            harness.submit(2.0),
            harness.batcher.submit(harness.signature, wrong),
            return_exceptions=True,
        )

    good, bad = asyncio.run(ask())
    assert outputs([good]) == [[3.0]]
    assert isinstance(bad, ServingError)
