"""What a server answered in the place of what was asked for, told in a person's words.

Clients raise whatever a bad answer makes of them: a login page that comes with status 200 is an
error of JSON to one and a success without an id to another. Here each becomes the same few words.
"""

from __future__ import annotations

import html
import json
import queue
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

from models.common.errors import RunError

DEADLINE = 60.0
"""Seconds that a server has for a whole answer, however slowly it sends."""
_SHOWN = 300
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<[^>]*>|\s+")
_NO_LOGIN = {
    "DefaultCredentialsError",
    "NoCredentialsError",
    "PartialCredentialsError",
    "RefreshError",
}
"""What clients raise that find no login, or one that does not hold any more."""
_MISREAD = (ValueError, TypeError, AttributeError, LookupError)
"""What clients raise that take an answer for what it is not."""
_PAGE = re.compile(r"\s*(?:<!doctype|<html|<head|<body|<\?xml)", re.IGNORECASE)

_T = TypeVar("_T")


class AnswerError(RunError):
    """A server refused, or answered nothing that could be believed.

    Args:
        status: HTTP's; None where there was no whole answer.
    """

    def __init__(
        self, headline: str, detail: str = "", remedy: str = "", status: int | None = None
    ) -> None:
        super().__init__(headline, detail, remedy)
        self.status = status

    def __reduce__(self) -> tuple[type[AnswerError], tuple[Any, ...]]:
        return type(self), (self.headline, self.detail, self.remedy, self.status)

    @property
    def refused(self) -> bool:
        """Whether nothing was done for sure; else it may have been, unheard."""
        return self.status is not None and 400 <= self.status < 500


@dataclass(frozen=True)
class Service:
    """Who is asked, and what a person can do where it does not answer."""

    title: str
    """What people call it."""
    address: str
    """What says where it is, such as `the address in KF_PIPELINES_ENDPOINT`."""
    login: str
    """How one logs in, as a sentence."""

    def status_error(
        self, asked: str, status: int, body: str, location: str | None = None
    ) -> AnswerError:
        """The error for an answer whose status is not that of a success.

        Args:
            asked: The method and the address that was asked.
            status: HTTP's.
            body: The answer.
            location: Where a redirection sends to.
        """
        received = f"status {status}"
        if location and 300 <= status < 400:
            location = urljoin(asked.rpartition(" ")[2], location)
            received += f", which sends to {_without_secrets(location)}"
        said = _without_secrets(said_in(body))
        received += f": {said}" if said else ""
        return self._error(asked, received, self._remedy(asked, status, location), status)

    def page_error(self, asked: str, status: int, body: str) -> AnswerError:
        """The error for an answer that is not the JSON that was asked for."""
        said = said_in(body)
        if not body.strip():
            received = "an empty answer"
        elif _PAGE.match(body):
            received = f"a web page, {said!r}" if said else "a web page"
        else:
            received = f"no whole JSON object: {said}"
        return self._error(asked, f"status {status} with {received}", self._of_another(), status)

    def broken_error(self, asked: str, error: BaseException) -> AnswerError:
        """The error for a request without a whole answer, or with one that a client choked on."""
        causes = list(_causes(error))
        for cause in causes:
            if type(cause).__name__ in _NO_LOGIN:
                return self._error(asked, _first_line(cause), self.login, None)
            status = _status(cause)
            if status is not None:
                said = str(getattr(cause, "message", "") or cause)
                return self.status_error(asked, status, said)
        for kinds, received, remedy in self._breaks():
            found = next((cause for cause in causes if isinstance(cause, kinds)), None)
            if found is not None:
                return self._error(asked, f"{received}: {_first_line(found)}", remedy, None)
        received = f"{type(error).__name__}: {_first_line(error)}"
        if any(isinstance(cause, _MISREAD) for cause in causes):
            received = f"an answer that is not understood: {received}"
        return self._error(asked, received, self._of_another(), None)

    def unknown_error(self, asked: str, what: str) -> AnswerError:
        """The error for an answer of the right form that turned out to be untrue.

        Args:
            asked: The method and the address that was asked.
            what: What came of it, such as `the id r1, which it does not know when asked again`.
        """
        return self._error(
            asked,
            what,
            "Another service may answer in its place, or it has lost it. Check "
            f"{self.address}, and look there before you try again.",
            200,
        )

    def _of_another(self) -> str:
        """What to do where something answers that is not what was asked."""
        return (
            f"A login page or a proxy may answer in its place. {self.login} Else check "
            f"{self.address}."
        )

    def _error(self, asked: str, received: str, remedy: str, status: int | None) -> AnswerError:
        return AnswerError(
            f"{self.title} did not do what it was asked",
            f"Asked: {_without_secrets(asked)}\nReceived: {received}",
            remedy,
            status,
        )

    def _remedy(self, asked: str, status: int, location: str | None) -> str:
        if 300 <= status < 400:
            here, there = urlsplit(asked.rpartition(" ")[2]), urlsplit(location or "")
            if (here.path, "https") == (there.path, there.scheme) and here.scheme == "http":
                return f"Write {self.address} with https://."
            return f"This is mostly a login page. {self.login}"
        if status == 401:
            return f"It wants a login, or does not take this one. {self.login}"
        if status == 403:
            return f"Whoever is logged in may not do this: ask for the right. {self.login}"
        if status in (404, 405, 501):
            return f"Check {self.address}: another service or version may be there."
        if status == 429:
            return "It has too much to do: wait a minute, and try again."
        if status >= 500:
            return f"{self.title} itself has failed: see whether it is well, and try again."
        return "Change what it objects to, and try again."

    def _breaks(self) -> Iterator[tuple[tuple[type[BaseException], ...], str, str]]:
        """Kinds of broken exchanges, the particular ones first, with what to do."""
        check = f"Check {self.address}"
        yield (
            (ssl.SSLError,),
            "no trusted encryption",
            f"{check}: it may have to start with http://. If the certificate is your own "
            "authority's, name its file in REQUESTS_CA_BUNDLE.",
        )
        yield (socket.gaierror,), "no such host", f"{check}: its name is not known."
        yield (
            (ConnectionRefusedError,),
            "nobody listens there",
            f"{check}, and see whether {self.title}, or what forwards to it, is running.",
        )
        yield (
            (TimeoutError, *_client_kinds("Timeout", "ReadTimeoutError", "ConnectTimeoutError")),
            "no answer in time",
            f"See whether {self.title} is well, and whether a firewall is between; try again.",
        )
        yield (
            (
                ConnectionError,
                *_client_kinds("IncompleteRead", "ProtocolError", "ChunkedEncodingError"),
            ),
            "the connection broke off, or it does not speak HTTP",
            f"{check}: another service may be there. Else see whether {self.title} is well, and "
            "try again.",
        )


def within(ask: Callable[[], _T], more: float = 0.0) -> _T:
    """What a call returns or raises, if it does within `DEADLINE`.

    The timeouts of clients are for each piece of an answer: a server that sends a letter now and
    then keeps them for ever.

    Args:
        ask: The call.
        more: Seconds that it has beside, as for much that is sent.

    Raises:
        TimeoutError: It does not.
    """
    ended: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

    def run() -> None:
        try:
            ended.put((True, ask()))
        except BaseException as error:
            ended.put((False, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        succeeded, result = ended.get(timeout=DEADLINE + more)
    except queue.Empty:
        raise TimeoutError(f"no whole answer within {DEADLINE + more:.0f} s") from None
    if not succeeded:
        raise result
    found: _T = result
    return found


def said_in(body: str) -> str:
    """What an answer says to a person: a page's title, an error's message, or its beginning."""
    title = _TITLE.search(body)
    if title:
        return _short(html.unescape(title[1]))
    if _PAGE.match(body):
        return _short(html.unescape(_TAG.sub(" ", body)))
    try:
        answer = json.loads(body)
    except ValueError:
        return _short(body)
    if isinstance(answer, dict):
        error = answer.get("error")
        found = error.get("message") if isinstance(error, dict) else None
        said = found or answer.get("message") or answer.get("error_message") or error
        if isinstance(said, str) and said:
            return _short(said)
    return _short(body)


def _client_kinds(*names: str) -> tuple[type[BaseException], ...]:
    """The clients' own kinds of broken exchanges, of those clients that are here."""
    import http.client

    import requests
    import urllib3

    places = (requests.exceptions, urllib3.exceptions, http.client)
    return tuple(getattr(place, name) for place in places for name in names if hasattr(place, name))


def _status(error: BaseException) -> int | None:
    """HTTP's status in what Google's and Amazon's clients raise."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        status = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    else:
        status = getattr(error, "code", None)
    return int(status) if isinstance(status, int) and not isinstance(error, OSError) else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and those that led to it, however clients have wrapped them."""
    seen: set[int] = set()
    waiting: list[Any] = [error]
    while waiting:
        found = waiting.pop(0)
        if not isinstance(found, BaseException) or id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        kwargs = getattr(found, "kwargs", None)
        waiting += [found.__cause__, found.__context__, getattr(found, "reason", None)]
        waiting += [*found.args, *(kwargs.values() if isinstance(kwargs, dict) else ())]


def _first_line(error: BaseException) -> str:
    return _without_secrets(_short(str(error) or type(error).__name__))


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}..."


def _without_secrets(text: str) -> str:
    """An address without a password in it, and without a query, which may have tokens."""
    text = re.sub(r"://[^/\s@]*@", "://", text)
    return re.sub(r"(https?://[^\s?]*)\?\S*", r"\1", text)
