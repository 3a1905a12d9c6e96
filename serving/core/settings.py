"""What a server is started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Limits:
    """What a version accepts."""

    queue: int = 1024
    """Requests that may wait; more are refused."""
    rows: int = 4096
    """Of a request, and of what is batched."""
    parallel: int = 2
    """Runs of a version at the same time, in each process."""


@dataclass(frozen=True)
class Settings:
    """The options of `python -m serving up`."""

    models: Path
    """The serving folder: a folder for each model, with a folder for each version."""
    host: str = "127.0.0.1"
    rest_port: int = 8501
    """0 for any free one."""
    grpc_port: int = 8500
    """0 for any free one, -1 for no gRPC."""
    limits: Limits = field(default_factory=Limits)
    body_bytes: int = 32 * 2**20
    """Of a request, after decompression."""
    timeout: float = 30.0
    """Seconds until a request is answered with 504."""
    grace: float = 30.0
    """Seconds that a stop waits for what was accepted."""
    drain: float = 0.0
    """Seconds that a stop goes on to listen, once `/readyz` says that it stops."""
    workers: int = 1
    """Processes that serve on the same ports."""
    interval: float = 1.0
    """Seconds between two looks at the serving folder."""
    cors: bool = False
    """Whether pages of other sites may ask, as `rest_api_enable_cors_support` has it there."""
    token: str = ""
    """What clients must send as `Authorization: Bearer`; empty for no check."""
    tls_certificate: Path | None = None
    tls_key: Path | None = None
