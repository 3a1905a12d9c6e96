"""Runs requests on the versions that the router chooses, and tells it what came of them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

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

    async def run(self, model: str, choice: Choice, compute: Compute[Content]) -> Content:
        """Asks the version that was chosen, and the one that gets a mirrored copy, if any.

        Raises:
            ServingError: The chosen version fails.
        """
        if choice.mirror_version is not None and len(self._mirrored) < self._most_mirrored:
            task = asyncio.ensure_future(self._mirror(model, choice.mirror_version, compute))
            self._mirrored.add(task)
            task.add_done_callback(self._mirrored.discard)
        return await self._observed(model, choice.version, choice.variant, compute)

    async def _mirror(self, model: str, version: int, compute: Compute[Content]) -> None:
        with contextlib.suppress(ServingError):  # It is counted, and nobody waits for it.
            await self._observed(model, version, MIRROR, compute)

    async def _observed(
        self, model: str, version: int, variant: str, compute: Compute[Content]
    ) -> Content:
        start = time.perf_counter()
        status = Code.INTERNAL.http
        outputs: Mapping[str, np.ndarray] = {}
        try:
            computed = await compute(version)
            status, outputs = computed.status, computed.outputs
            return computed.content
        except ServingError as error:
            status = error.http_status
            raise
        finally:
            if self._router is not None:
                seconds = time.perf_counter() - start
                self._router.observe(Outcome(model, version, variant, seconds, status, outputs))
