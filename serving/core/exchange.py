"""What is done around every inference, whichever protocol it comes by and whoever computes it.

REST, gRPC and the server that forwards to another one check the token, count, time and log here,
so that a metric and an entry of the request log mean the same for each of them.
"""

from __future__ import annotations

import hmac
import itertools
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from serving.core import background, json_text, logs
from serving.core.errors import Code, ServingError
from serving.core.hooks import Entry, Hooks
from serving.core.metrics import Metrics
from serving.core.model_spec import ModelSpec

_LONGEST_REQUEST_ID = 128


@dataclass
class Answer:
    """An answer, before it is HTTP's or gRPC's."""

    body: bytes = b""
    status: int = 200
    """HTTP's; for gRPC the one that REST would answer with."""
    content_type: bytes = b"application/json"
    version: int | None = None
    """The model version that computed it."""
    label: str | None = None
    """How that version was chosen: a label or a variant."""
    logged: bool | None = None
    """Whether the request log has it; None if there is no log."""
    id: str = ""
    """The request's, where the client sent one in its body."""
    request: bytes | None = None
    """What the request log has of the request, where that is not the body."""
    headers: Sequence[tuple[bytes, bytes]] = ()
    """Further ones of HTTP."""

    @property
    def code_name(self) -> str:
        """`OK`, or the name of TensorFlow's status code."""
        if self.status == 200:
            return "OK"
        code = Code.of_http(self.status)
        return code.name if code else "OK"

    @property
    def long(self) -> bool:
        """Whether `json` takes longer than a few milliseconds."""
        return False

    def json(self) -> bytes:
        """The answer as the request log has it."""
        return self.body


class Refusal(Answer):
    """What a client is told of an error."""

    def __init__(self, error: ServingError) -> None:
        told = logs.redactor().text(str(error))
        super().__init__(json_text.dump_special({"error": told}), error.http_status)
        self.error = error
        if error.http_status == Code.UNAUTHENTICATED.http:
            self.headers = [(b"www-authenticate", b"Bearer")]

    @property
    def code_name(self) -> str:
        """The name of the error's code, of which several may share an HTTP status."""
        return self.error.code.name


AnyAnswer = TypeVar("AnyAnswer", bound=Answer)


class Call(NamedTuple):
    """A request for an inference."""

    id: str
    spec: ModelSpec
    method: str
    """As TensorFlow Serving's metrics call it, such as `Predict`."""
    entrypoint: str
    """`REST` or `GRPC`."""
    request: Callable[[], bytes]
    """The request as JSON; asked for once, after the answer, if there is a log."""
    long: bool = False
    """Whether that takes longer than a few milliseconds."""


class Exchange:
    """Around each inference: the token, the time, the counts and the log.

    Args:
        hooks: Has the request log.
        metrics: What is counted.
        token: What clients must send; empty for no check.
        is_model: Whether a model of that name is served. Names that clients make up must not
            become labels that stay.
    """

    def __init__(
        self, hooks: Hooks, metrics: Metrics, token: str, is_model: Callable[[str], bool]
    ) -> None:
        self.metrics = metrics
        self._log = hooks.request_log
        self._expected = token.encode()
        self._is_model = is_model
        self._ids = itertools.count()
        self._process = secrets.token_hex(6)

    def request_id(self, sent: str) -> str:
        """The id that a client sent, or else a new one."""
        return sent[:_LONGEST_REQUEST_ID] or f"{self._process}-{next(self._ids):x}"

    def authorize(self, sent: bytes) -> None:
        """Checks the token, and counts who does not have it.

        Args:
            sent: The header `Authorization`, or gRPC's metadata of that name.

        Raises:
            ServingError: It is not the server's.
        """
        scheme, _, token = sent.partition(b" ")
        right = hmac.compare_digest(token.strip(), self._expected) and scheme.lower() == b"bearer"
        if self._expected and not right:
            self.metrics.requests.add("", Code.UNAUTHENTICATED.name)
            raise ServingError(
                Code.UNAUTHENTICATED,
                "The request needs Authorization: Bearer with the server's token, as a header or "
                "as gRPC's metadata",
            )

    async def run(
        self, call: Call, infer: Callable[[], Awaitable[AnyAnswer]]
    ) -> AnyAnswer | Refusal:
        """Answers a request.

        Args:
            call: The request.
            infer: Computes the answer; what it raises becomes one with an error.
        """
        start = time.perf_counter()
        answer: AnyAnswer | Refusal
        try:
            answer = await infer()
        except ServingError as error:
            answer = Refusal(error)
        except Exception as error:  # a client never gets a traceback
            answer = Refusal(logs.failure(error, id=call.id, method=call.method))
        seconds = time.perf_counter() - start
        model = call.spec.name if self._is_model(call.spec.name) else ""
        self.metrics.requests.add(model, answer.code_name)
        self.metrics.latency.observe(seconds * 1e6, model, call.method, call.entrypoint)
        if self._log is not None:
            request = answer.request
            if request is None:
                request = await background.run(call.request) if call.long else call.request()
            response = await background.run(answer.json) if answer.long else answer.json()
            entry = Entry(
                id=answer.id or call.id, time=time.time() - seconds, model=call.spec.name,
                version=answer.version, label=answer.label or call.spec.label, seconds=seconds,
                request=request, response=response, status=answer.status,
            )  # fmt: skip
            answer.logged = await self._log.submit(entry)
            self.metrics.logged.add(str(answer.logged).lower())
        return answer
