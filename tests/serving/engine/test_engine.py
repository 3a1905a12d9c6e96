"""From a request to a version's outputs: which version, in what time, and what the router hears."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from serving.core.errors import Code, ServingError
from serving.core.hooks import Choice, Hooks, Outcome
from serving.core.metrics import Metrics
from serving.core.model_spec import ModelSpec

pytestmark = pytest.mark.tfx


class Batcher:
    """Answers with the version's number; or late, or not at all."""

    def __init__(self, number: int, closed: int = 0, late: bool = False) -> None:
        self.number, self.closed, self.late = number, closed, late
        self.error: ServingError | None = None
        self.cancelled: list[asyncio.Future[Any]] = []

    def submit(self, signature: Any, arrays: Any) -> asyncio.Future[Any]:
        from serving.engine.batcher import Closed

        if self.closed:
            self.closed -= 1
            raise Closed
        future = asyncio.get_running_loop().create_future()
        if self.error:
            future.set_exception(self.error)
        elif not self.late:
            future.set_result({"y": np.array([self.number])})
        return future

    def expired(self, future: asyncio.Future[Any]) -> None:
        self.cancelled.append(future)


class Router:
    def __init__(self, choice: Choice | None) -> None:
        self.choice = choice
        self.outcomes: list[Outcome] = []

    def choose(self, model: str, key: str | None) -> Choice | None:
        return self.choice

    def observe(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def close(self) -> None:
        pass


def engine(*batchers: Batcher, router: Router | None = None, timeout: float = 5) -> Any:
    from serving.core.settings import Limits
    from serving.engine.engine import Engine
    from serving.engine.versions import Served, Version, Versions

    metrics = Metrics()
    versions = Versions(Path(), Limits(), metrics)
    loaded: Any = SimpleNamespace(signatures={})
    made = {b.number: Version("taxi", b.number, loaded, b, None) for b in batchers}  # type: ignore[arg-type]
    versions.snapshot = {"taxi": Served(made, {"stable": 1, "gone": 9})}
    return Engine(versions, Hooks(router), metrics, timeout)


def run(used: Any, spec: ModelSpec, prepare: Any = lambda version: ("signature", {})) -> Any:
    async def main() -> Any:
        result = await used.run(spec, prepare)
        await asyncio.sleep(0.01)
        return result

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("spec", "version", "label"),
    [
        (ModelSpec("taxi"), 1, None),
        (ModelSpec("taxi", 1), 1, None),
        (ModelSpec("taxi", label="stable"), 1, "stable"),
    ],
)
def test_who_answers(spec: ModelSpec, version: int, label: str | None) -> None:
    result = run(engine(Batcher(1), Batcher(2)), spec)
    assert (result.version, result.label, result.signature) == (version, label, "signature")
    assert result.outputs["y"].tolist() == [version]


@pytest.mark.parametrize(
    ("spec", "code", "message"),
    [
        (ModelSpec("other"), Code.NOT_FOUND, "Latest(other)"),
        (ModelSpec("taxi", 7), Code.NOT_FOUND, "Specific(taxi, 7)"),
        (ModelSpec("taxi", label="gone"), Code.NOT_FOUND, "Specific(taxi, 9)"),
        (ModelSpec("taxi", label="new"), Code.INVALID_ARGUMENT, "Unrecognized servable version"),
        (ModelSpec("taxi", 1, "stable"), Code.INVALID_ARGUMENT, "cannot be supplied"),
    ],
)
def test_what_is_not_served_is_refused(spec: ModelSpec, code: Code, message: str) -> None:
    with pytest.raises(ServingError) as refused:
        run(engine(Batcher(1)), spec)
    assert (refused.value.code, message in refused.value.message) == (code, True)


def test_a_version_that_is_unloaded_at_that_moment_is_looked_for_again() -> None:
    prepared: list[int] = []

    def prepare(version: Any) -> tuple[str, dict[str, Any]]:
        prepared.append(version.number)
        return "signature", {}

    assert run(engine(Batcher(1, closed=2)), ModelSpec("taxi"), prepare).version == 1
    assert prepared == [1, 1, 1]
    with pytest.raises(ServingError, match="being unloaded") as refused:
        run(engine(Batcher(1, closed=1000)), ModelSpec("taxi"))
    assert refused.value.code == Code.UNAVAILABLE


def test_an_answer_that_is_late_is_given_up() -> None:
    with pytest.raises(ServingError, match="in time") as refused:
        run(engine(Batcher(1, late=True), timeout=0.01), ModelSpec("taxi"))
    assert refused.value.code == Code.DEADLINE_EXCEEDED


def test_the_routers_choice_is_followed_mirrored_and_told() -> None:
    router = Router(Choice(1, "stable", mirror_version=2))
    result = run(engine(Batcher(1), Batcher(2), router=router), ModelSpec("taxi"))
    assert (result.version, result.label) == (1, "stable")
    told = sorted((one.version, one.variant, one.status) for one in router.outcomes)
    assert told == [(1, "stable", 200), (2, "mirror", 200)]
    assert all(one.outputs["y"].tolist() == [one.version] for one in router.outcomes)


def test_a_choice_that_is_not_loaded_fails_no_request() -> None:
    router = Router(Choice(5, "canary"))
    result = run(engine(Batcher(1), Batcher(2), router=router), ModelSpec("taxi"))
    assert (result.version, result.label, router.outcomes) == (1, None, [])


def test_a_chosen_version_that_fails_is_told() -> None:
    router, batcher = Router(Choice(1, "canary")), Batcher(1)
    batcher.error = ServingError(Code.RESOURCE_EXHAUSTED, "full")
    with pytest.raises(ServingError, match="full"):
        run(engine(batcher, router=router), ModelSpec("taxi"))
    assert [(one.variant, one.status) for one in router.outcomes] == [("canary", 429)]
