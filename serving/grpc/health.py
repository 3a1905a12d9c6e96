"""gRPC's own health service, `grpc.health.v1`: what balancers and Kubernetes ask."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from serving.engine.versions import Served, Versions

SERVICE = "grpc.health.v1.Health"

_SECONDS_BETWEEN_LOOKS = 0.2
_STATUS = health_pb2.HealthCheckResponse


class Health(health_pb2_grpc.HealthServicer):
    """Tells whether requests are answered: of all models for the empty name and for the names of
    services, as `/readyz` does; of one for a model's name.

    Anyone may ask, as for `/readyz`.

    Args:
        versions: What is served.
        services: The names of the server's services.
    """

    def __init__(self, versions: Versions, services: tuple[str, ...]) -> None:
        self._versions = versions
        self._services = ("", *services)
        self.stopping = False
        """Set when the server stops, so that a balancer sends no more."""

    async def Check(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The status now."""
        status = self._status(request.service)
        if status == _STATUS.SERVICE_UNKNOWN:
            await context.abort(grpc.StatusCode.NOT_FOUND, "There is no such service or model")
        return _STATUS(status=status)

    async def Watch(self, request: Any, context: Any) -> AsyncIterator[Any]:  # noqa: N802
        """The status now, and whenever it has changed."""
        told = None
        while True:
            status = self._status(request.service)
            if status != told:
                yield _STATUS(status=status)
                told = status
            await asyncio.sleep(_SECONDS_BETWEEN_LOOKS)

    def _status(self, service: str) -> int:
        versions = self._versions
        if service in self._services:
            serving = not versions.unready()
        elif versions.is_model(service):
            found = versions.snapshot.get(service, Served()).versions
            serving = bool(found) and not any(one.batcher.stuck for one in found.values())
        else:
            return int(_STATUS.SERVICE_UNKNOWN)
        return int(_STATUS.SERVING if serving and not self.stopping else _STATUS.NOT_SERVING)
