"""gRPC's reflection: tells tools such as grpcurl which services there are, and their messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from grpc_reflection.v1alpha import reflection

SERVICE = reflection.SERVICE_NAME


class Reflection(reflection.aio.ReflectionServicer):
    """Tells of services to whoever may ask them.

    Args:
        services: Their names.
        authorize: Raises a `ServingError` for a context without the token.
    """

    def __init__(self, services: tuple[str, ...], authorize: Callable[[Any], None]) -> None:
        super().__init__(services)
        self._authorize = authorize

    async def ServerReflectionInfo(  # noqa: N802
        self, request_iterator: Any, context: Any
    ) -> AsyncIterator[Any]:
        """Answers each question of a stream."""
        self._authorize(context)
        async for answer in super().ServerReflectionInfo(request_iterator, context):
            yield answer
