"""From a request to a version's outputs, for REST and gRPC alike: version, routing, time, counts.

Everything here runs on the server's one event loop; only TensorFlow runs on other threads.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from serving.core.errors import Code, ServingError
from serving.core.hooks import Choice, Hooks, Outcome
from serving.core.metrics import Metrics
from serving.core.target import Target
from serving.engine.batcher import Closed
from serving.engine.versions import Served, Version, Versions
from serving.model.signatures import Arrays, Signature

# What a request's tensors are; called again should the version be unloaded at that moment.
Prepare = Callable[[Version], tuple[Signature, Arrays]]

# A snapshot can be replaced between a look at it and the submission, but hardly many times.
_TRIES = 10


@dataclass(frozen=True)
class Result:
    """What a version answered."""

    version: int
    label: str | None
    """The label that was asked for, or the variant that the router chose."""
    signature: Signature
    outputs: Arrays


class Engine:
    """Runs requests.

    Args:
        versions: Which versions there are.
        hooks: Routing and the request log.
        metrics: What is counted.
        timeout: Seconds until a request fails with `DEADLINE_EXCEEDED`.
    """

    def __init__(self, versions: Versions, hooks: Hooks, metrics: Metrics, timeout: float) -> None:
        self.versions = versions
        self.hooks = hooks
        self.metrics = metrics
        self._timeout = timeout
        self._mirrored: set[asyncio.Task[None]] = set()

    async def run(self, target: Target, prepare: Prepare) -> Result:
        """Runs a request.

        Raises:
            ServingError: There is no such version, the request does not fit it, it is refused for
                a limit, or the model fails.
        """
        choice = self._choose(target)
        number = choice.version if choice else target.version
        wanted = Target(target.model, number, target.label)
        start = time.perf_counter()
        try:
            version, signature, future = self._submit(wanted, prepare)
            if choice and choice.mirror_version is not None:
                self._mirror(Target(target.model, choice.mirror_version), prepare)
            outputs = await self._in_time(future)
        except ServingError as error:
            if choice:
                self._observe(target.model, choice.version, choice.variant, start, error)
            raise
        if choice:
            self._observe(target.model, version.number, choice.variant, start, outputs)
        label = choice.variant if choice else target.label
        return Result(version.number, label, signature, outputs)

    def find(self, target: Target) -> Version:
        """The version that a request is for.

        Raises:
            ServingError: There is none.
        """
        served = self.versions.snapshot.get(target.model, Served())
        number = target.version
        if target.label is not None:
            if number is not None:
                raise ServingError(
                    Code.INVALID_ARGUMENT,
                    f"Both model version ({number}) and model version label ({target.label}) "
                    "cannot be supplied.",
                )
            number = served.labels.get(target.label)
            if number is None:
                raise ServingError(
                    Code.INVALID_ARGUMENT, f"Unrecognized servable version label: {target.label}"
                )
        version = served.latest if number is None else served.versions.get(number)
        if version is None:
            asked = f"Latest({target.model})" if number is None else (
                f"Specific({target.model}, {number})"
            )  # fmt: skip
            raise ServingError(Code.NOT_FOUND, f"Servable not found for request: {asked}")
        return version

    def _choose(self, target: Target) -> Choice | None:
        router = self.hooks.router
        if router is None or target.version is not None or target.label is not None:
            return None
        choice = router.choose(target.model, None, None, target.key)
        # A version that has not loaded must not fail the requests that no one sent to it by name.
        served = self.versions.snapshot.get(target.model, Served())
        return choice if choice and choice.version in served.versions else None

    def _submit(
        self, target: Target, prepare: Prepare
    ) -> tuple[Version, Signature, asyncio.Future[Arrays]]:
        for _ in range(_TRIES):
            version = self.find(target)
            signature, arrays = prepare(version)
            try:
                return version, signature, version.batcher.submit(signature, arrays)
            except Closed:
                continue
        raise ServingError(Code.UNAVAILABLE, f"{target.model} is being unloaded")

    async def _in_time(self, future: asyncio.Future[Arrays]) -> Arrays:
        # A timer and no `wait_for`, which would make a task for each request.
        timer = future.get_loop().call_later(self._timeout, _expire, future)
        try:
            return await future
        finally:
            timer.cancel()

    def _mirror(self, target: Target, prepare: Prepare) -> None:
        task = asyncio.ensure_future(self._run_mirrored(target, prepare))
        self._mirrored.add(task)
        task.add_done_callback(self._mirrored.discard)

    async def _run_mirrored(self, target: Target, prepare: Prepare) -> None:
        start = time.perf_counter()
        try:
            outcome: Arrays | ServingError = await self._in_time(self._submit(target, prepare)[2])
        except ServingError as error:
            outcome = error
        self._observe(target.model, target.version or 0, "mirror", start, outcome)

    def _observe(
        self, model: str, version: int, variant: str, start: float, outcome: Arrays | ServingError
    ) -> None:
        seconds = time.perf_counter() - start
        failed = isinstance(outcome, ServingError)
        status = outcome.http_status if isinstance(outcome, ServingError) else 200
        outputs: dict[str, np.ndarray] = {} if failed else dict(outcome)  # type: ignore[arg-type]
        if self.hooks.router:
            self.hooks.router.observe(Outcome(model, version, variant, seconds, status, outputs))


def _expire(future: asyncio.Future[Arrays]) -> None:
    if not future.done():
        future.set_exception(
            ServingError(Code.DEADLINE_EXCEEDED, "The request was not answered in time")
        )
