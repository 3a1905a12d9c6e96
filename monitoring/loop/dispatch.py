"""Asks GitHub to start the workflow that trains a model again: a `repository_dispatch`.

https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event. The token is that of
the environment variable `GITHUB_TOKEN`; it needs the repository's permission "Contents: write".
`GITHUB_API_URL` names another server than github.com's, as in GitHub's own workflows.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import ssl
import threading
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import urlsplit

from monitoring.core.errors import MonitoringError
from monitoring.core.redaction import HIDDEN
from monitoring.watch.log_lines import redactor

EVENT = "drift"
"""The type that `.github/workflows/ship.yml` takes."""
TOKEN, API = "GITHUB_TOKEN", "GITHUB_API_URL"
_SECONDS = 20.0
_REPOSITORY = re.compile(r"[A-Za-z0-9-]{1,39}/[A-Za-z0-9._-]{1,100}")


class DispatchError(MonitoringError):
    """GitHub was not asked, or did not take it.

    Args:
        headline: See `MonitoringError`.
        detail: See there.
        remedy: See there.
        again: Whether it surely was not taken, and may be if it is sent again.
    """

    def __init__(
        self, headline: str, detail: str = "", remedy: str = "", again: bool = False
    ) -> None:
        super().__init__(headline, detail, remedy)
        self.again = again

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.headline, self.detail, self.remedy, self.again)


def check(repository: str) -> None:
    """Checks what can be known before the first alarm.

    Raises:
        DispatchError: The repository's name is none, there is no token, or the API's address is no
            address.
    """
    if not _REPOSITORY.fullmatch(repository):
        raise DispatchError(
            "--dispatch names no repository",
            f"Received: '{repository}'. Expected: owner/name.",
            "Name it as on GitHub, without https://.",
        )
    if not os.environ.get(TOKEN, "").strip():
        raise DispatchError(
            f"There is no token to ask {repository} with",
            f"The environment variable {TOKEN} is not set.",
            "Make a fine-grained token with the permission 'Contents: write', and set it.",
        )
    if not _is_address(_api()):
        raise DispatchError(
            f"{API} is no address",
            f"Received: '{redactor().text(_api())}'. Expected: https://api.github.com, or alike.",
            "Correct it, or unset it.",
        )


def dispatch(
    repository: str, model: str, version: int, alarm: str, seconds: float = _SECONDS
) -> None:
    """Sends the event; comes back when GitHub has taken it.

    Args:
        repository: `owner/name`.
        model: The model to train again.
        version: The version that the alarm is about.
        alarm: The look's file.
        seconds: After which it is given up.

    Raises:
        DispatchError: It was not taken, or nobody knows.
    """
    check(repository)
    host = urlsplit(_api()).hostname or ""
    ended: list[DispatchError | None] = []

    def run() -> None:
        try:
            _send(host, repository, model, version, alarm, seconds)
            ended.append(None)
        except DispatchError as error:
            ended.append(error)

    # A server that sends a byte now and then would keep a socket's own timeout from coming.
    thread = threading.Thread(target=run, name="dispatch", daemon=True)
    thread.start()
    thread.join(seconds + 0.1)
    error = ended[0] if ended else _unreached(host, TimeoutError())
    if error is not None:
        raise error


def _send(host: str, repository: str, model: str, version: int, alarm: str, seconds: float) -> None:
    payload = {"model": model, "version": str(version), "alarm": alarm}
    try:
        request = urllib.request.Request(
            f"{_api()}/repos/{repository}/dispatches",
            json.dumps({"event_type": EVENT, "client_payload": payload}).encode(),
            {
                "Accept": "application/vnd.github+json",
                "Authorization": f"Bearer {os.environ[TOKEN].strip()}",
                "Content-Type": "application/json",
                "User-Agent": "monitoring",
                "X-GitHub-Api-Version": "2022-11-28",
            },
        )
        opener = urllib.request.build_opener(_NoRedirect)
        with opener.open(request, timeout=seconds) as answer:
            if answer.status != 204:
                raise _other_server(host, f"status {answer.status}")
    except urllib.error.HTTPError as error:
        raise _refused(repository, host, error) from None
    except urllib.error.URLError as error:
        raise _unreached(host, error.reason) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _unreached(host, error) from None


def _api() -> str:
    return (os.environ.get(API, "").strip() or "https://api.github.com").rstrip("/")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def _refused(repository: str, host: str, error: urllib.error.HTTPError) -> DispatchError:
    with error:
        said = _message(error)
    status = error.code
    received = f"{host} answered with status {status}: {said}"
    limited = error.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in error.headers
    if status == 429 or (status == 403 and limited):
        again = "It is asked again later; ask less often if this goes on."
        return DispatchError(f"{host} takes no more requests for now", received, again, again=True)
    if status >= 500:
        return DispatchError(
            f"{host} is out of order", received, "It is asked again later.", again=True
        )
    if 300 <= status < 400:
        where = "It was renamed or moved; name the new place: --dispatch owner/name"
        return DispatchError(f"{repository} is elsewhere", received, where)
    told = {
        401: (
            f"{TOKEN} is not valid",
            "Make a new token with the permission 'Contents: write', and set it.",
        ),
        403: (
            f"{TOKEN} may not start workflows of {repository}",
            "Give it the permission 'Contents: write' of this repository.",
        ),
        404: (
            f"{host} knows no repository {repository} for this token",
            "Correct --dispatch, or let the token see the repository.",
        ),
        422: (
            f"{host} does not take the event",
            "Look whether the workflow ship.yml is on the default branch.",
        ),
    }
    headline, remedy = told.get(status, (f"{host} refuses the event", "Look at what it says."))
    return DispatchError(headline, received, remedy)


def _unreached(host: str, reason: object) -> DispatchError:
    why = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
    if isinstance(reason, TimeoutError | socket.timeout):
        why = "it did not answer in time"
    received = redactor().text(f"Received: {why}.")
    if isinstance(reason, ssl.SSLError | ConnectionRefusedError | socket.gaierror):
        return DispatchError(
            f"{host} cannot be reached", received, "It is asked again later.", again=True
        )
    return DispatchError(
        f"{host} has not said whether it took the event",
        received,
        "Look at the repository's workflows; it is not sent again.",
    )


def _other_server(host: str, answer: str) -> DispatchError:
    return DispatchError(
        f"{host} is not GitHub's API",
        f"It answered with {answer}; expected: status 204.",
        f"Correct {API}, or unset it.",
    )


def _message(error: urllib.error.HTTPError) -> str:
    """What an answer says, in a line, without secrets."""
    try:
        content = error.read(65536)
        said = json.loads(content).get("message", "")
    except (OSError, http.client.HTTPException, ValueError, AttributeError):
        said = ""
    said = str(said).replace(os.environ[TOKEN].strip(), HIDDEN)
    return redactor().text(" ".join(said.split())[:200]) or "no reason"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The token goes where it was to go, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        """Follows none."""
