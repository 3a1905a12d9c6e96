"""gRPC's health service follows readiness, of all models and of each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from tests.helpers.grpc_in_process import Served, serving

pytestmark = pytest.mark.slow

SERVING, NOT_SERVING, SERVICE_UNKNOWN = 1, 2, 3
NAMES = ["", "half_plus_two", "tensorflow.serving.PredictionService"]


@pytest.fixture
def served(conformance_models: Path) -> Iterator[Served]:
    with serving(conformance_models, token="secret") as started:
        yield started


def ask(served: Served, name: str) -> int:
    stub = health_pb2_grpc.HealthStub(served.channel)
    return int(stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=5).status)


def test_health_follows_what_answers(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the token, as a balancer asks."""
    assert [ask(served, name) for name in NAMES] == [SERVING] * 3
    with pytest.raises(grpc.RpcError) as refused:
        ask(served, "made up")
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND
    versions = served.engine.versions
    before = versions.snapshot
    others = {name: one for name, one in before.items() if name != "half_plus_two"}
    monkeypatch.setattr(versions, "snapshot", others)
    assert [ask(served, name) for name in NAMES] == [NOT_SERVING] * 3
    assert ask(served, "animals") == SERVING
    monkeypatch.undo()
    (version,) = versions.snapshot["animals"].versions.values()
    version.batcher._cancelled.append([])
    assert [ask(served, name) for name in ("", "animals", "half_plus_two")] == [2, 2, 1]
    version.batcher._cancelled.clear()


def test_a_watch_tells_of_changes_and_ends_with_the_server(
    conformance_models: Path,
) -> None:
    with serving(conformance_models) as served:
        stub = health_pb2_grpc.HealthStub(served.channel)
        watches: list[Any] = [
            stub.Watch(health_pb2.HealthCheckRequest(service=name), timeout=30)
            for name in (*NAMES, "made up")
        ]
        assert [next(watch).status for watch in watches] == [SERVING] * 3 + [SERVICE_UNKNOWN]
        served.server.announce_stop()
        assert [next(watch).status for watch in watches[:3]] == [NOT_SERVING] * 3
        assert ask(served, "") == NOT_SERVING
        started = time.monotonic()
        served.stop()
        assert time.monotonic() - started < 10, "nobody waits for a stream"
        for watch in watches:
            with pytest.raises(grpc.RpcError) as ended:
                list(watch)
            assert ended.value.code() == grpc.StatusCode.UNAVAILABLE
