"""How requests are answered: as JSON with an ETag, off the thread that takes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from dashboard.errors import DashboardError
from dashboard.web.security import refused

Answer = Callable[[Request], Response]


def threaded(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    """A handler that reads files, off the thread that takes requests; errors become answers."""

    async def handle(request: Request) -> Response:
        try:
            return await run_in_threadpool(answer, request)
        except OSError as error:
            return refused(DashboardError("The file cannot be read", str(error), status=500))

    return handle


def as_json(request: Request, content: Any) -> Response:
    """JSON with an ETag, and no body for who has it already."""
    body = encoded(content)
    tag = f'"{hashlib.sha1(body, usedforsecurity=False).hexdigest()}"'
    headers = {"ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def encoded(content: Any) -> bytes:
    """Strict JSON; characters beyond ASCII are escaped, as lone surrogates have no UTF-8."""
    return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def count(text: str | None, default: int) -> int:
    """A count that a request gives, or the default."""
    number = optional_count(text)
    return default if number is None else number


def optional_count(text: str | None) -> int | None:
    """A count that a request gives, if it gives one."""
    return int(text) if text and text.isdecimal() and text.isascii() and len(text) < 16 else None
