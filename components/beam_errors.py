"""Carries an error of the project through Beam, which keeps of an exception only its text.

And says in words what an engine reports when a worker, or the engine itself, is gone.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import grpc

from models.common import errors
from models.common.errors import ProjectError, RunError

_LOST = re.compile(
    r"java\.net\.ConnectException|StatusRuntimeException|UNAVAILABLE|CANCELLED|Socket closed"
    r"|Stream closed|call already (?:closed|cancelled)|hanging up|heartbeat|TaskManager"
    r"|The worker (?:ended|did not start)",
    re.IGNORECASE,
)
"""What an engine says when a worker, or a machine with workers, is gone."""
_FAILED = re.compile(r"Pipeline \S+ failed in state \w+: |(?=(?:java|org\.apache)\.)")
_MOST_LINES = 10

_MARKED = re.compile(r"<ProjectError (\w+) ([A-Za-z0-9+/=]+)>")


def pack_data_error(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function for Beam whose DataError or such `unpack_data_error` can restore."""

    @functools.wraps(function)
    def wrapped(*arguments: Any) -> Any:
        try:
            return function(*arguments)
        except ProjectError as error:
            parts = json.dumps([error.headline, error.detail, error.remedy])
            packed = base64.b64encode(parts.encode()).decode()
            kind = type(error).__name__
            raise RuntimeError(f"{error.headline} <ProjectError {kind} {packed}>") from None

    return wrapped


@contextlib.contextmanager
def unpack_data_error() -> Iterator[None]:
    """Runs a Beam pipeline.

    Raises:
        ProjectError: As a function that went through `pack_data_error` raised it.
    """
    try:
        yield
    except Exception as error:
        packed = _MARKED.search(str(error))
        if packed is None:
            raise
        kind = getattr(errors, packed[1])
        raise kind(*json.loads(base64.b64decode(packed[2]))) from None


def engine_failure(error: BaseException, node: str, engine: str) -> RunError | None:
    """What an error of an engine that runs a node means; None: it is another error.

    Args:
        error: What Beam has raised.
        node: The node.
        engine: The engine, by its address.
    """
    said = str(error).strip()
    if isinstance(error, grpc.RpcError):
        reason = error.details() if isinstance(error, grpc.Call) else said
        return RunError(
            f"{node} could not go on: the Beam job server at {engine} is gone",
            f"It was asked how the job goes. Received: {reason}.",
            "See in its log why it ended, start it again, and go on with --resume. After make "
            "flink or make spark, give that again: what was finished comes from the cache.",
        )
    started = _FAILED.match(said) if isinstance(error, RuntimeError) else None
    if started is None:
        return None
    reason = "\n".join(said[started.end() :].splitlines()[-_MOST_LINES:])
    if "Traceback (most recent call last)" not in said and _LOST.search(said):
        return RunError(
            f"{node} could not go on: the engine at {engine} has lost a worker",
            f"Expected: workers until the end of the job. Received: {reason}",
            "See in the pool's or the engine's log why it ended, such as for want of memory, and "
            "go on with --resume; what was finished is not repeated.",
        )
    return RunError(
        f"{node} failed on the engine at {engine}",
        reason,
        "All that was said is in the run's log, and in those of the engine and its workers.",
    )
