"""Who is asked when the router has chosen, and what the router is told of it."""

from __future__ import annotations

import asyncio
import contextlib

import numpy as np
import pytest

from serving.core.errors import Code, ServingError
from serving.core.hooks import Choice, Outcome
from serving.core.model_spec import ModelSpec
from serving.core.variants import Computed, Variants


class Router:
    """Gives one choice, and notes what it is told."""

    def __init__(self, choice: Choice | None) -> None:
        self.choice = choice
        self.asked: list[tuple[str, str | None]] = []
        self.outcomes: list[Outcome] = []

    def choose(self, model: str, key: str | None) -> Choice | None:
        self.asked.append((model, key))
        return self.choice

    def observe(self, outcome: Outcome) -> None:
        self.outcomes.append(outcome)

    def close(self) -> None:
        pass


STABLE = Choice(1, "stable")
MIRRORED = Choice(1, "stable", mirror_version=2)


@pytest.mark.parametrize(
    ("spec", "asked"),
    [
        (ModelSpec("taxi"), [("taxi", None)]),
        (ModelSpec("taxi", routing_key="ann"), [("taxi", "ann")]),
        (ModelSpec("taxi", version=0), []),
        (ModelSpec("taxi", label="stable"), []),
        (ModelSpec("taxi", label=""), []),
    ],
)
def test_who_names_a_version_is_not_routed(
    spec: ModelSpec, asked: list[tuple[str, str | None]]
) -> None:
    router = Router(STABLE)
    assert Variants(router, 1).choose(spec) == (STABLE if asked else None)
    assert router.asked == asked
    assert Variants(None, 1).choose(spec) is None


def run(router: Router, choice: Choice, failing: int | None = None, most: int = 8) -> object:
    async def compute(version: int) -> Computed[str]:
        if version == failing:
            raise ServingError(Code.UNAVAILABLE, "no")
        return Computed(f"of {version}", {"y": np.array([version])}, 200)

    async def main() -> object:
        try:
            return await Variants(router, most).run("taxi", choice, compute)
        except ServingError as error:
            return error.code
        finally:
            await asyncio.sleep(0.01)

    return asyncio.run(main())


def told(router: Router) -> list[tuple[int, str, int, list[str]]]:
    return sorted(
        (one.version, one.variant, one.status, list(one.outputs)) for one in router.outcomes
    )


def test_the_router_is_told_of_the_answer_and_of_the_mirrored_copy() -> None:
    router = Router(MIRRORED)
    assert run(router, MIRRORED) == "of 1"
    assert told(router) == [(1, "stable", 200, ["y"]), (2, "mirror", 200, ["y"])]
    assert all(0 <= one.seconds < 5 and one.model == "taxi" for one in router.outcomes)


def test_a_mirrored_copy_that_fails_is_counted_and_fails_no_request() -> None:
    router = Router(MIRRORED)
    assert run(router, MIRRORED, failing=2) == "of 1"
    assert told(router) == [(1, "stable", 200, ["y"]), (2, "mirror", 503, [])]


def test_a_version_that_fails_is_counted_and_told() -> None:
    router = Router(STABLE)
    assert run(router, STABLE, failing=1) == Code.UNAVAILABLE
    assert told(router) == [(1, "stable", 503, [])]


def test_what_another_server_answers_with_an_error_is_counted_as_one() -> None:
    async def compute(version: int) -> Computed[str]:
        return Computed("its body", {}, 429)

    router = Router(STABLE)
    assert asyncio.run(Variants(router, 1).run("taxi", STABLE, compute)) == "its body"
    assert told(router) == [(1, "stable", 429, [])]


def test_no_more_copies_are_on_their_way_than_allowed() -> None:
    router = Router(MIRRORED)
    assert run(router, MIRRORED, most=0) == "of 1"
    assert told(router) == [(1, "stable", 200, ["y"])]


@pytest.mark.parametrize(
    ("statuses", "mistake"),
    [
        ({2: 400, 3: 400}, True),
        ({2: 200, 3: 400}, False),
        ({2: 500, 3: 400}, False),
        ({2: 404, 3: 413}, True),
    ],
)
@pytest.mark.parametrize("raises", [False, True])
def test_a_refusal_is_the_clients_mistake_if_the_other_version_refuses_too(
    statuses: dict[int, int], mistake: bool, raises: bool
) -> None:
    from serving.core.variants import Computed, Variants

    seen: list[Outcome] = []

    class Watching:
        def choose(self, model: str, key: str | None) -> Choice | None:
            return None

        def observe(self, outcome: Outcome) -> None:
            seen.append(outcome)

        def close(self) -> None:
            pass

    async def compute(version: int) -> Computed[str]:
        status = statuses[version]
        if raises and status >= 400:
            raise ServingError(Code.INVALID_ARGUMENT, "no", http_status=status)
        return Computed("", {}, status)

    async def ask() -> None:
        choice = Choice(3, "canary", other_version=2)
        with contextlib.suppress(ServingError):
            await Variants(Watching(), 10).run("taxi", choice, compute, "ann")
        await asyncio.sleep(0.01)

    asyncio.run(ask())
    assert [(one.version, one.key, one.clients_mistake) for one in seen] == [(3, "ann", mistake)]
