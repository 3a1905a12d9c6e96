"""What the server and its commands refuse, with TensorFlow's status codes.

REST and gRPC answer from the same error: the code fixes both the HTTP status and the gRPC status.
"""

from __future__ import annotations

import enum
from typing import Any


class Code(enum.IntEnum):
    """TensorFlow's status codes, which are gRPC's; the numbers are those of `grpc.StatusCode`."""

    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16

    @property
    def http(self) -> int:
        """The HTTP status that TensorFlow Serving answers with for this code."""
        return _HTTP[self]

    @classmethod
    def of_http(cls, status: int) -> Code | None:
        """The code behind another server's HTTP status; None for success.

        Where several codes share a status, it is the one that servers answer with most often.
        """
        if 200 <= status < 300:
            return None
        if not 400 <= status < 600:
            return cls.UNKNOWN
        return _OF_HTTP.get(status, cls.INVALID_ARGUMENT if status < 500 else cls.INTERNAL)


# As TensorFlow Serving maps them, where it does; what it has no case for, it answers with 500.
_HTTP = {
    Code.CANCELLED: 499,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}
# What the first digit does not tell, as gRPC's clients and Google's APIs map it.
_OF_HTTP = {
    401: Code.UNAUTHENTICATED,
    403: Code.PERMISSION_DENIED,
    404: Code.NOT_FOUND,
    408: Code.DEADLINE_EXCEEDED,
    409: Code.ABORTED,
    412: Code.FAILED_PRECONDITION,
    416: Code.OUT_OF_RANGE,
    429: Code.RESOURCE_EXHAUSTED,
    499: Code.CANCELLED,
    501: Code.UNIMPLEMENTED,
    502: Code.UNAVAILABLE,
    503: Code.UNAVAILABLE,
    504: Code.DEADLINE_EXCEEDED,
}


class ServingError(Exception):
    """Something that a client, or whoever runs the server, can act on.

    Args:
        code: Fixes the HTTP and the gRPC status.
        message: One line: what is wrong. This is the text of `{"error": ...}`.
        detail: What was received and what was expected; may span lines.
        remedy: What to do next, as an instruction.
        http_status: Where the answer's status is not the code's own, as for a body too large.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        detail: str = "",
        remedy: str = "",
        http_status: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.detail = detail
        self.remedy = remedy
        self.http_status = http_status or code.http

    def __str__(self) -> str:
        return "\n".join(part for part in (self.message, self.detail, self.remedy) if part)

    def __reduce__(self) -> tuple[type[ServingError], tuple[Any, ...]]:
        arguments = (self.code, self.message, self.detail, self.remedy, self.http_status)
        return type(self), arguments
