"""Requests of one round of the event loop run together, and none waits for more to come."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.helpers import small_model

pytestmark = pytest.mark.slow  # The conformance models are made with TensorFlow.


class Harness:
    """A batcher of the model `half_plus_two`, and what it ran."""

    def __init__(self, models: Path, name: str = "half_plus_two", **limits: int) -> None:
        from serving.core.settings import Limits
        from serving.engine.batcher import Batcher
        from serving.model.loaded_model import LoadedModel

        (folder,) = (models / name).glob("[0-9]*")
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


ENDLESS = float("inf")


@pytest.fixture(scope="module")
def counting_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    models = tmp_path_factory.mktemp("counting")
    small_model.write_counting(models / "counting" / "1")
    return models


def count(harness: Harness, *to: float) -> asyncio.Future[Any]:
    return harness.batcher.submit(harness.signature, {"x": np.array(to, np.float32)})


def counted(result: Any) -> list[float]:
    return list(result["y"].tolist())


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come to that in 10 s")


def expire(harness: Harness, future: asyncio.Future[Any]) -> None:
    """As the engine does when a request's time is up."""
    future.cancel()
    harness.batcher.expired(future)


@pytest.mark.parametrize("parallel", [1, 2])
def test_a_run_that_nobody_waits_for_is_cancelled(counting_models: Path, parallel: int) -> None:
    harness = Harness(counting_models, "counting", parallel=parallel)

    async def ask() -> None:
        for _ in range(2):  # The version must be as good as before.
            endless = [count(harness, ENDLESS) for _ in range(parallel)]
            await until(lambda: bool(harness.batcher._running))
            await asyncio.sleep(0.1)
            waiting = count(harness, 3)
            for future in endless:
                expire(harness, future)
            assert counted(await asyncio.wait_for(waiting, 20)) == [6]
            await until(lambda: not harness.batcher.stuck)

    asyncio.run(ask())
    harness.batcher.close(10)
    assert not any(thread.is_alive() for thread in harness.batcher._threads)


def test_what_somebody_waits_for_goes_on(counting_models: Path) -> None:
    """A request whose time is up leaves those alone that run with it."""
    harness = Harness(counting_models, "counting")

    async def ask() -> None:
        gone, waiting = count(harness, 300_000), count(harness, 300_001)
        await until(lambda: bool(harness.batcher._running))
        expire(harness, gone)
        assert not harness.batcher.stuck
        assert counted(await asyncio.wait_for(waiting, 30)) == [600_002]

    asyncio.run(ask())
    assert harness.ran == [2]
    harness.batcher.close()


def test_a_run_that_is_cancelled_with_another_is_run_again(counting_models: Path) -> None:
    harness = Harness(counting_models, "counting", parallel=2)

    async def ask() -> None:
        endless = count(harness, ENDLESS)
        await until(lambda: len(harness.batcher._running) == 1)
        other = count(harness, 200_000)
        await until(lambda: len(harness.batcher._running) == 2)
        expire(harness, endless)
        assert counted(await asyncio.wait_for(other, 30)) == [400_000]

    asyncio.run(ask())
    harness.batcher.close()


def test_a_light_request_runs_beside_a_heavy_one(counting_models: Path) -> None:
    harness = Harness(counting_models, "counting", parallel=2)

    async def ask() -> None:
        # Of one round of the event loop, so that one thread gets both: they cannot be one batch.
        heavy, light = (
            count(harness, ENDLESS),
            harness.batcher.submit(harness.signature, {"x": np.zeros((1, 1), np.float32)}),
        )
        await asyncio.wait_for(light, 10)
        assert counted(await asyncio.wait_for(count(harness, 1), 10)) == [2]
        assert not heavy.done()
        expire(harness, heavy)

    asyncio.run(ask())
    harness.batcher.close(10)


def test_a_run_that_cannot_be_cancelled_is_told_of(
    counting_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    harness = Harness(counting_models, "counting")
    cancel = harness.batcher._model.cancel
    monkeypatch.setattr(harness.batcher._model, "cancel", lambda: None)

    async def ask() -> None:
        endless = count(harness, ENDLESS)
        await until(lambda: bool(harness.batcher._running))
        expire(harness, endless)
        await asyncio.sleep(0.1)
        assert harness.batcher.stuck
        cancel()
        await until(lambda: not harness.batcher.stuck)

    asyncio.run(ask())
    harness.batcher.close()


def test_closing_waits_for_no_endless_run(counting_models: Path) -> None:
    harness = Harness(counting_models, "counting")

    async def ask() -> None:
        count(harness, ENDLESS)
        await until(lambda: bool(harness.batcher._running))

    asyncio.run(ask())
    started = time.monotonic()
    harness.batcher.close(0.2)
    assert time.monotonic() - started < 5
    for thread in harness.batcher._threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in harness.batcher._threads)
