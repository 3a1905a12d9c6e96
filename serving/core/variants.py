"""Runs requests on the versions that the router chooses, and tells it what came of them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np

from serving.core.errors import Code, ServingError
from serving.core.hooks import MIRROR, Choice, Outcome, Router
from serving.core.model_spec import ModelSpec

Content = TypeVar("Content")


@dataclass(frozen=True)
class Computed(Generic[Content]):
    """What a version answered, and what the router wants to know of it."""

    content: Content
    outputs: Mapping[str, np.ndarray]
    """By output name, first axis the batch; empty if the request failed."""
    status: int = 200
    """HTTP's."""


Compute = Callable[[int], Awaitable[Computed[Content]]]
"""Asks a version, by its number; may raise `ServingError`."""


class _Observed(NamedTuple):
    """Whose answer is observed."""

    model: str
    version: int
    variant: str
    other: int | None
    """The version that is asked the same after a refusal."""
    key: str | None


_REFUSED = frozenset(range(400, 500)) - {401, 403, 429}
"""Statuses that the client or the version may be the reason of."""


class Variants:
    """The stable version, the canary, and mirrored copies.

    Args:
        router: Chooses; None if no request is routed.
        most_mirrored: How many mirrored copies are on their way at a time, at most.
    """

    def __init__(self, router: Router | None, most_mirrored: int) -> None:
        self._router = router
        self._most_mirrored = most_mirrored
        self._mirrored: set[asyncio.Task[None]] = set()

    def choose(self, spec: ModelSpec) -> Choice | None:
        """Chooses a version; None for requests that name one, and if the router leaves it open."""
        if self._router is None or spec.version is not None or spec.label is not None:
            return None
        return self._router.choose(spec.name, spec.routing_key)

    async def run(
        self, model: str, choice: Choice, compute: Compute[Content], key: str | None = None
    ) -> Content:
        """Asks the version that was chosen, and the one that gets a mirrored copy, if any.

        Raises:
            ServingError: The chosen version fails.
        """
        if choice.mirror_version is not None and len(self._mirrored) < self._most_mirrored:
            mirrored = _Observed(model, choice.mirror_version, MIRROR, choice.version, key)
            self._begin(self._mirror(mirrored, compute))
        observed = _Observed(model, choice.version, choice.variant, choice.other_version, key)
        return await self._observed(observed, compute)

    async def _mirror(self, observed: _Observed, compute: Compute[Content]) -> None:
        with contextlib.suppress(ServingError):  # It is counted, and nobody waits for it.
            await self._observed(observed, compute)

    async def _observed(self, what: _Observed, compute: Compute[Content]) -> Content:
        start = time.perf_counter()
        status = Code.INTERNAL.http
        outputs: Mapping[str, np.ndarray] = {}
        try:
            computed = await compute(what.version)
            status, outputs = computed.status, computed.outputs
            return computed.content
        except ServingError as error:
            status = error.http_status
            raise
        finally:
            if self._router is not None:
                seconds = time.perf_counter() - start
                outcome = Outcome(
                    what.model, what.version, what.variant, seconds, status, outputs, what.key
                )
                if status not in _REFUSED:
                    self._router.observe(outcome)
                elif what.other is None or len(self._mirrored) >= self._most_mirrored:
                    self._router.observe(replace(outcome, clients_mistake=True))
                else:
                    self._begin(self._judge(outcome, what.other, compute))

    async def _judge(self, outcome: Outcome, other: int, compute: Compute[Content]) -> None:
        """Counts a refusal: as the client's mistake, unless the other version answers the same."""
        try:
            refused = (await compute(other)).status in _REFUSED
        except ServingError as error:
            refused = error.http_status in _REFUSED
        if self._router is not None:
            self._router.observe(replace(outcome, clients_mistake=refused))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._mirrored.add(task)
        task.add_done_callback(self._mirrored.discard)
