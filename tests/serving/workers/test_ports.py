"""Several sockets share a port, which is taken for everybody else."""

from __future__ import annotations

import select
import socket
from collections import Counter

import pytest

from serving.core.errors import ServingError
from serving.core.listening import listen
from serving.workers.ports import bind


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_connections_are_shared_out(host: str) -> None:
    ports = bind(host, 0, 0, 3)
    try:
        counts: Counter[int] = Counter()
        for _ in range(60):
            with socket.create_connection((host, ports.rest_port), 5):
                readable, _, _ = select.select(ports.rest, [], [], 5)
                for each in readable:
                    each.accept()[0].close()
                    counts[ports.rest.index(each)] += 1
        assert sum(counts.values()) == 60
        assert len(counts) == 3  # (2/3)^60 of not
    finally:
        ports.close()


def test_workers_share_grpcs_port_and_nobody_else_does() -> None:
    ports = bind("127.0.0.1", 0, 0, 2)
    assert ports.grpc
    try:
        with socket.socket() as own:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            own.bind(("127.0.0.1", ports.grpc_port))
            own.listen()
            with pytest.raises(ServingError, match=f"port {ports.grpc_port}") as raised:
                bind("127.0.0.1", 0, ports.grpc_port, 2)
            assert "--grpc-port" in raised.value.remedy
    finally:
        ports.close()
    assert bind("127.0.0.1", 0, -1, 2).grpc_port == -1


@pytest.mark.parametrize("other", ["one process", "several"])
def test_a_port_that_another_server_has_is_taken(other: str) -> None:
    taken = listen("127.0.0.1", 0) if other == "one process" else None
    ports = None if taken else bind("127.0.0.1", 0, -1, 2)
    port = taken.getsockname()[1] if taken else ports.rest_port if ports else 0
    try:
        with pytest.raises(ServingError, match=f"Cannot listen on 127.0.0.1, port {port}") as told:
            bind("127.0.0.1", port, -1, 2)
        assert "--rest-port" in told.value.remedy
        with pytest.raises(ServingError):
            listen("127.0.0.1", port)
    finally:
        if taken:
            taken.close()
        if ports:
            ports.close()
