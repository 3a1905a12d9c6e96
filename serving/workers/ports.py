"""The ports that workers share: a socket for each, which the supervisor keeps open.

The kernel gives each connection to one of the sockets (SO_REUSEPORT). As they stay open when a
worker ends, no connection is refused meanwhile: another worker accepts from its socket.
"""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass

from serving.core.errors import Code, ServingError

_WAITING = 2048
"""Connections that wait to be accepted, at most."""


@dataclass(frozen=True)
class Ports:
    """What is bound. Connections wait from the start until a worker accepts them."""

    rest: list[socket.socket]
    """One for each worker."""
    grpc: socket.socket | None
    """Keeps the port for the workers' own sockets; None without gRPC."""

    @property
    def rest_port(self) -> int:
        """The port of REST."""
        port: int = self.rest[0].getsockname()[1]
        return port

    @property
    def grpc_port(self) -> int:
        """The port of gRPC, -1 for none."""
        return -1 if self.grpc is None else self.grpc.getsockname()[1]

    def close(self) -> None:
        """Leaves the ports to the workers that have them."""
        for bound in (*self.rest, *([self.grpc] if self.grpc else [])):
            with contextlib.suppress(OSError):
                bound.close()


def bind(host: str, rest_port: int, grpc_port: int, workers: int) -> Ports:
    """Binds the ports.

    Args:
        host: Where to listen.
        rest_port: 0 for any free one.
        grpc_port: 0 for any free one, -1 for none.
        workers: How many will listen.

    Raises:
        ServingError: A port is taken, or there is no such address.
    """
    first = _bound(host, rest_port, "--rest-port")
    port = first.getsockname()[1]
    rest = [first, *(_bound(host, port, "--rest-port", shared=True) for _ in range(workers - 1))]
    for each in rest:
        each.listen(_WAITING)
    return Ports(rest, None if grpc_port < 0 else _bound(host, grpc_port, "--grpc-port"))


def _bound(host: str, port: int, option: str, shared: bool = False) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind((host, port))
        # Afterwards: a port on which another server shares must be as taken as any other.
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    except (OSError, OverflowError) as error:
        made.close()
        raise ServingError(
            Code.UNAVAILABLE,
            f"Cannot listen on {host}, port {port}",
            str(error),
            f"Stop what uses the port, or choose another with {option}.",
        ) from error
    return made
