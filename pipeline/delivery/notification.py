"""Tells people what has become of a model: a message to a webhook, in the format of Slack's.

docs/notification.schema.json is the body's schema. The webhook holds nobody up: there is a limit to
the time and to the number of tries, its answer is not read, no redirect is followed, and nothing is
raised. Its address is a secret; what is said of it is its host.

The standard library alone; `pipeline/delivery`, `serving/release` and `monitoring/watch` have the
same file, as they import no other room.
"""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

URL = "NOTIFICATION_URL"
"""The environment variable with the webhook's address; unset or empty: nobody is told."""
EVENTS: Mapping[str, str] = {
    "refused": "was not blessed, so nothing is deployed",
    "failed": "was not released",
    "waiting for approval": "waits for approval",
    "deployed": "is in production",
    "rolled back": "was rolled back",
    "alarm": "is asked what it was not trained on, or answers otherwise",
    "retraining": "is trained again",
}
"""What there is to tell, and how a message says it after the model's name."""
SECONDS = 20.0
"""For all tries together."""
TRIES = 3
_SECONDS_OF_ONE = 5.0
_AGAIN = (429, 500, 502, 503, 504)
"""Statuses by which a receiver says that it has not taken the message."""
_LONGEST = 500


@dataclass(frozen=True)
class Notification:
    """Something that has happened to a model."""

    event: str
    """One of `EVENTS`."""
    model: str
    reason: str = ""
    version: int | None = None
    commit: str = ""
    environment: str = ""
    """Such as `production`, or a serving folder."""
    link: str = ""
    """A page that shows more; empty: none."""
    occasion: str = ""
    """What makes it this event and no other, such as the workflow's run."""
    time: datetime = field(default_factory=lambda: datetime.now(timezone.utc))

    @property
    def id(self) -> str:
        """The same for the same event, whoever tells of it and however often."""
        parts = (self.event, self.model, self.version, self.commit, self.environment, self.occasion)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]

    def body(self, hide: Callable[[str], str]) -> dict[str, Any]:
        """The message, in Slack's format.

        Args:
            hide: Takes secrets out of a text.
        """
        known = {
            "model": self.model,
            "version": None if self.version is None else str(self.version),
            "commit": self.commit,
            "environment": self.environment,
            "reason": self.reason,
            "link": self.link,
        }
        told = {key: _short(hide(value)) for key, value in known.items() if value}
        which = f" {told['version']}" if "version" in told else ""
        headline = f"{told['model']}{which} {EVENTS[self.event]}"
        shown = [
            {"type": "plain_text", "text": f"{key}: {value}", "emoji": False}
            for key, value in told.items()
        ]
        payload = {**told, "event": self.event, "id": self.id, "time": self.time.isoformat()}
        return {
            "text": _without_markup(f"{headline}: {told['reason']}" if self.reason else headline),
            "blocks": [
                {"type": "header", "text": {"type": "plain_text", "text": headline[:150]}},
                {"type": "section", "fields": shown},
            ],
            "metadata": {"event_type": "model_release", "event_payload": payload},
        }


def send(
    told: Notification,
    url: str,
    hide: Callable[[str], str],
    seconds: float = SECONDS,
    pause: Callable[[float], None] = time.sleep,
) -> str:
    """Sends a notification; comes back in time, and raises nothing.

    It is sent again only where it surely was not taken: so a receiver gets one for an event, or, if
    it took one and said that it did not, two with the same `id`.

    Args:
        told: What has happened.
        url: The webhook's address; empty: nobody is told.
        hide: Takes secrets out of a text.
        seconds: After which it is given up.
        pause: Waits between two tries.

    Returns:
        Why it was not delivered; empty where it was, or where nobody is to be told.
    """
    if not url:
        return ""
    answer = ["it did not answer in time"]

    def run() -> None:
        try:
            answer[0] = _tries(told, url, hide, time.monotonic() + seconds, pause)
        except Exception as error:  # Whatever it is, nothing else fails for it.
            answer[0] = type(error).__name__

    # A receiver that sends a byte now and then would keep a socket's own timeout from coming.
    thread = threading.Thread(target=run, name="notification", daemon=True)
    thread.start()
    thread.join(seconds)
    return f"The webhook{_host(url)} was not told: {answer[0]}" if answer[0] else ""


def _tries(
    told: Notification,
    url: str,
    hide: Callable[[str], str],
    end: float,
    pause: Callable[[float], None],
) -> str:
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        return f"{URL} is no address that begins with https://"
    request = urllib.request.Request(
        url,
        json.dumps(told.body(hide)).encode(),
        {"Content-Type": "application/json", "Idempotency-Key": told.id, "User-Agent": "release"},
    )
    opener = urllib.request.build_opener(_NoRedirect)
    why = ""
    for number in range(TRIES):
        if number:
            pause(min(2.0**number, max(0.0, end - time.monotonic())))
        if time.monotonic() >= end:
            break
        try:
            with opener.open(request, timeout=_SECONDS_OF_ONE):
                return ""
        except urllib.error.HTTPError as error:
            why = f"it answered with status {error.code}"
            error.close()
            if error.code not in _AGAIN:
                break
        except urllib.error.URLError as error:
            reason = error.reason
            why = str(getattr(reason, "strerror", None) or type(reason).__name__)
            # Only where there was no connection: else it may have been taken.
            if not isinstance(reason, ConnectionRefusedError | socket.gaierror):
                break
        except OSError as error:
            why = error.strerror or type(error).__name__
            break
    return why or "it did not answer in time"


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """What is sent goes where it was to go, and nowhere else."""

    def redirect_request(self, *_: Any) -> None:
        """Follows none."""


def _host(url: str) -> str:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    return f" at {host}" if host else ""


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


def _without_markup(text: str) -> str:
    """A text in which Slack sees no links, mentions or formats."""
    for character, word in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(character, word)
    return text
