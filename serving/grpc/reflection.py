"""gRPC's reflection: tells tools such as grpcurl which services there are, and their messages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from google.protobuf import descriptor_pool
from grpc_reflection.v1alpha import reflection

from serving.grpc import open_inference_messages

SERVICE = reflection.SERVICE_NAME


class _Pools:
    """The descriptors of generated code, and those of the Open Inference Protocol.

    Has of a pool's methods those that reflection calls.
    """

    def __init__(self) -> None:
        self._pools = (descriptor_pool.Default(), open_inference_messages.POOL)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def find(*arguments: Any) -> Any:
            default, other = self._pools
            try:
                return getattr(default, name)(*arguments)
            except KeyError:
                return getattr(other, name)(*arguments)

        return find


class Reflection(reflection.aio.ReflectionServicer):
    """Tells of services to whoever may ask them.

    Args:
        services: Their names.
        authorize: Raises a `ServingError` for a context without the token.
    """

    def __init__(self, services: tuple[str, ...], authorize: Callable[[Any], None]) -> None:
        super().__init__(services, pool=_Pools())
        self._authorize = authorize

    async def ServerReflectionInfo(  # noqa: N802
        self, request_iterator: Any, context: Any
    ) -> AsyncIterator[Any]:
        """Answers each question of a stream."""
        self._authorize(context)
        async for answer in super().ServerReflectionInfo(request_iterator, context):
            yield answer
