"""What an application gets and gives."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple


class Request(NamedTuple):
    """A request that has come in whole."""

    method: str
    path: str
    """Percent-encoded, without the query."""
    query: bytes
    headers: Mapping[bytes, bytes]
    """By lower-case name; the first of several with the same name."""
    body: bytes
    """As it was sent, so perhaps compressed."""
    hold: Callable[[int], None] = lambda size: None
    """Counts bytes of memory, beside the body's, that the request takes until it is answered.
    Raises `ServingError` where all requests together take more than they may."""


class Response(NamedTuple):
    """An answer; the connection adds its length and date."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


Application = Callable[[Request], Awaitable[Response]]
"""Answers a request; must not raise."""


def refusal(status: int, message: str) -> Response:
    """An answer in the form of TensorFlow Serving's errors."""
    body = json.dumps({"error": message}).encode()
    return Response(status, [(b"content-type", b"application/json")], body)
