"""Which pages of a browser may ask: those of other sites, and those under another name."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from serving.core.errors import Code, ServingError
from serving.core.exchange import Answer

CORS_HEADERS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST, GET"),
    (b"access-control-allow-headers", b"Content-Type, Authorization, X-Request-Id, X-Routing-Key"),
    (
        b"access-control-expose-headers",
        b"X-Request-Id, X-Model-Version, X-Request-Logged",
    ),
]
"""Of each answer, as of TensorFlow Serving with `rest_api_enable_cors_support`, whose headers go in
no request but `Content-Type`."""


def preflight(origin: bytes) -> Answer:
    """The answer to a browser that asks whether it may ask.

    Raises:
        ServingError: It is no browser's request.
    """
    if not origin.startswith((b"http://", b"https://")):
        raise ServingError(Code.FAILED_PRECONDITION, "Origin header is missing in CORS preflight")
    return Answer()


def check_host(host: bytes) -> None:
    """Checks that a request to the loopback interface was sent to a name of this machine.

    A page of the web can make its own name point to 127.0.0.1, and then read what this server
    answers. Its name has a dot; names without one are of the local network.

    Raises:
        ServingError: It was sent to such a name.
    """
    if not _is_local(host):
        raise ServingError(
            Code.PERMISSION_DENIED,
            f"This server is asked as localhost, not as {host.decode('latin-1')}",
            "",
            "Start it with --token-file or --host if others may ask it by this name.",
        )


@lru_cache(maxsize=256)
def _is_local(host: bytes) -> bool:
    text = host.decode("latin-1").lower()
    if text.startswith("["):
        name = text[1:].partition("]")[0]
    else:
        name = text.rpartition(":")[0] if ":" in text else text
    if "." not in name.rstrip(".") or name.rstrip(".").endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
