"""What keeps other web pages, and hostile files, from reading or writing through the dashboard."""

from __future__ import annotations

import ipaddress
import socket
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.errors import DashboardError

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_WILDCARDS = frozenset({"", "0.0.0.0", "::"})

PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
"""Nothing from another host, and no script but the dashboard's own files."""
FILE_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
)
"""For a file of a run, such as its report: an origin of its own, no script, no request."""


class Guard:
    """Refuses requests for other hosts than the dashboard's, and writes from other sites.

    A page of another site cannot choose the `Host` header, but its name may be made to lead here
    (DNS rebinding): so the name must be one that this server has.

    Args:
        app: The application behind.
        host: The address that the server is bound to; with a wildcard, every address by number
            and the machine's name are its own.
        url: The address at which a proxy with a login makes it known; empty: there is none.
    """

    def __init__(self, app: ASGIApp, host: str, url: str = ""):
        self._app = app
        public = urlsplit(url)
        self._public = f"{public.scheme}://{public.netloc}".lower() if url else ""
        self._any_address = host in _WILDCARDS
        own = {socket.gethostname().lower()} if self._any_address else {host.lower()}
        self._names = _LOOPBACK | own | ({public.hostname} if public.hostname else set())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or passes it on with the headers that every answer has."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        refusal = self._refusal(request)
        if refusal is not None:
            await refused(refusal)(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = _hardened(message["headers"])
            await send(message)

        await self._app(scope, receive, with_headers)

    def _refusal(self, request: Request) -> DashboardError | None:
        host = request.headers.get("host", "")
        if not self._own(host):
            return DashboardError(
                f"{host!r:.100} is not a name of this dashboard",
                "It answers to localhost, and to the names given with --host and --url.",
                "Open it by that name, or start it with --host, or behind a proxy with --url.",
                status=421,
            )
        if request.method in ("GET", "HEAD"):
            return None
        origin = request.headers.get("origin")
        site = request.headers.get("sec-fetch-site", "same-origin")
        own = {f"http://{host}", self._public} - {""}
        if site != "same-origin" or (origin is not None and origin.lower() not in own):
            return DashboardError("Another site may not write here", status=403)
        return None

    def _own(self, host: str) -> bool:
        name = host.lower()
        name = name[1:].partition("]")[0] if name[:1] == "[" else name.partition(":")[0]
        if name in self._names:
            return True
        if not self._any_address:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True


def refused(error: DashboardError) -> Response:
    """An error as an answer."""
    return JSONResponse({"error": error.as_json()}, status_code=error.status)


def _hardened(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers with those that every answer has."""
    has = {name.lower() for name, _ in headers}
    always = {
        b"content-security-policy": PAGE_POLICY.encode(),
        b"x-content-type-options": b"nosniff",
        b"referrer-policy": b"no-referrer",
        b"cross-origin-resource-policy": b"same-origin",
        b"cross-origin-opener-policy": b"same-origin",
        b"cache-control": b"no-cache",
    }
    return [*headers, *((name, value) for name, value in always.items() if name not in has)]
