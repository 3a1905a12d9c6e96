"""From a request to a version's outputs, for REST and gRPC alike: version, routing, time, counts.

Everything here runs on the server's one event loop; only TensorFlow runs on other threads.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, NamedTuple

from serving.core import background
from serving.core.errors import Code, ServingError
from serving.core.hooks import Hooks
from serving.core.metrics import Metrics
from serving.core.model_spec import ModelSpec
from serving.core.variants import Computed, Variants
from serving.engine.batcher import Closed
from serving.engine.versions import Served, Version, Versions
from serving.model.signatures import Arrays, Signature

# What a request's tensors are; called again should the version be unloaded at that moment.
Prepare = Callable[[Version], tuple[Signature, Arrays]]

# A snapshot can be replaced between a look at it and the submission, but hardly many times.
_TRIES = 10
# The queue of the version that gets them is the limit.
_MOST_MIRRORED = 4096


class Result(NamedTuple):
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
        self._variants = Variants(hooks.router, _MOST_MIRRORED)

    def run(
        self, spec: ModelSpec, prepare: Prepare, long: bool = False
    ) -> Coroutine[Any, Any, Result]:
        """Runs a request; to be awaited.

        Args:
            spec: Which servable.
            prepare: Makes the tensors.
            long: Whether that takes long, so that it must not be done on the event loop.

        Raises:
            ServingError: There is no such version, the request does not fit it, it is refused for
                a limit, or the model fails.
        """
        choice = self._variants.choose(spec)
        # A version that has not loaded must not fail the requests that no one sent to it by name.
        if choice is None or choice.version not in self._served(spec.name).versions:
            return self._run(spec, prepare, spec.label, long)
        variant = choice.variant

        async def compute(number: int) -> Computed[Result]:
            result = await self._run(ModelSpec(spec.name, number), prepare, variant, long)
            return Computed(result, result.outputs)

        return self._variants.run(spec.name, choice, compute, spec.routing_key)

    def find(self, spec: ModelSpec) -> Version:
        """The version that a request is for.

        Raises:
            ServingError: There is none.
        """
        served = self._served(spec.name)
        number = spec.version
        if spec.label is not None:
            if number is not None:
                raise ServingError(
                    Code.INVALID_ARGUMENT,
                    f"Both model version ({number}) and model version label ({spec.label}) "
                    "cannot be supplied.",
                )
            number = served.labels.get(spec.label)
            if number is None:
                raise ServingError(
                    Code.INVALID_ARGUMENT, f"Unrecognized servable version label: {spec.label}"
                )
        version = served.default if number is None else served.versions.get(number)
        if version is None:
            asked = f"Latest({spec.name})" if number is None else (
                f"Specific({spec.name}, {number})"
            )  # fmt: skip
            raise ServingError(Code.NOT_FOUND, f"Servable not found for request: {asked}")
        return version

    async def _run(
        self, spec: ModelSpec, prepare: Prepare, label: str | None, long: bool
    ) -> Result:
        version, signature, future = (
            await self._submit_long(spec, prepare) if long else self._submit(spec, prepare)
        )
        return Result(version.number, label, signature, await self._in_time(future, version))

    def _served(self, model: str) -> Served:
        return self.versions.snapshot.get(model, Served())

    def _submit(
        self, spec: ModelSpec, prepare: Prepare
    ) -> tuple[Version, Signature, asyncio.Future[Arrays]]:
        for _ in range(_TRIES):
            version = self.find(spec)
            signature, arrays = prepare(version)
            try:
                return version, signature, version.batcher.submit(signature, arrays)
            except Closed:
                continue
        raise ServingError(Code.UNAVAILABLE, f"{spec.name} is being unloaded")

    async def _submit_long(
        self, spec: ModelSpec, prepare: Prepare
    ) -> tuple[Version, Signature, asyncio.Future[Arrays]]:
        for _ in range(_TRIES):
            version = self.find(spec)
            made = await background.run(partial(prepare, version))
            # The tensors are for that version, which may have been replaced meanwhile.
            if self.find(spec) is version:
                return self._submit(spec, _made(made))
        raise ServingError(Code.UNAVAILABLE, f"{spec.name} is being unloaded")

    async def _in_time(self, future: asyncio.Future[Arrays], version: Version) -> Arrays:
        # A timer and no `wait_for`, which would make a task for each request.
        timer = future.get_loop().call_later(self._timeout, _expire, future, version)
        try:
            return await future
        finally:
            # Of a client that has gone, the run may not end either.
            if not future.cancelled():
                timer.cancel()


def _made(tensors: tuple[Signature, Arrays]) -> Prepare:
    return lambda version: tensors


def _expire(future: asyncio.Future[Arrays], version: Version) -> None:
    if not future.done():
        future.set_exception(
            ServingError(Code.DEADLINE_EXCEEDED, "The request was not answered in time")
        )
    version.batcher.expired(future)
