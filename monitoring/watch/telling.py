"""Tells people and programs what has happened: a webhook, a command. Neither holds anything up.

It is done by a thread of its own, one event after the other. Each is told once; where the watcher
is killed in between, once more, with the same `id`.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from monitoring.core.errors import MonitoringError
from monitoring.watch import notification
from monitoring.watch.events import Event, History
from monitoring.watch.log_lines import log, redactor
from monitoring.watch.notification import Notification

COMMAND_SECONDS = 20.0
"""After which the command is ended."""
MOST_WAITING = 100
STALE = timedelta(hours=24)
"""Older events are not told of after a restart."""


class Receivers(NamedTuple):
    """Who is told."""

    url: str = ""
    """The webhook's address; empty: none."""
    command: Sequence[str] = ()
    """A program and its arguments, which gets the event as JSON on stdin; empty: none."""


class Teller:
    """Tells of events, and notes in the history that it has.

    Args:
        model: The model.
        environment: Where it is served, such as the serving folder.
        receivers: Who is told.
        history: The model's events.
    """

    def __init__(
        self, model: str, environment: str, receivers: Receivers, history: History
    ) -> None:
        self._model = model
        self._environment = environment
        self._receivers = receivers
        self._history = history
        self._queue: queue.Queue[Event | None] = queue.Queue(MOST_WAITING)
        self._given_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="telling", daemon=True)
        self._thread.start()

    def tell(self, event: Event) -> None:
        """Has an event told, if it is one that people are told of; comes back at once."""
        if not any(self._receivers) or told(self._model, event, "") is None:
            return
        try:
            self._queue.put_nowait(event)
        except queue.Full:
            log("not told", "warning", of=event.event, why="too many are waiting to be told")

    def tell_again(self) -> None:
        """Has those told that were not when the watcher was last killed."""
        events = self._history.read()
        done = {_key(event.detail) for event in events if event.event == "notified"}
        now = datetime.now(timezone.utc)
        for event in events[-MOST_WAITING:]:
            if _key(_reference(event)) not in done and abs(now - event.time) < STALE:
                self.tell(event)

    def close(self, seconds: float = 2 * notification.SECONDS) -> None:
        """Tells what is waiting, and gives up after so many seconds."""
        end = time.monotonic() + seconds
        with contextlib.suppress(queue.Full):
            self._queue.put(None, timeout=seconds)
        self._thread.join(max(0.0, end - time.monotonic()))
        self._given_up.set()

    def _run(self) -> None:
        while (event := self._queue.get()) is not None and not self._given_up.is_set():
            try:
                self._tell(event)
            except Exception as error:  # Whatever it is, the next one is told.
                log("not told", "error", of=event.event, why=f"{type(error).__name__}: {error}")

    def _tell(self, event: Event) -> None:
        message = told(self._model, event, self._environment)
        if message is None:
            return
        body = message.body(redactor().text)
        url, command = self._receivers
        problems = {}
        if url:
            problems["webhook"] = notification.send(message, url, redactor().text)
        if command:
            problems["command"] = run(command, body["metadata"]["event_payload"])
        failed = [redactor().text(problem) for problem in problems.values() if problem]
        log("told", "warning" if failed else "info", of=event.event, id=message.id, failed=failed)
        made = Event(
            time=datetime.now(timezone.utc),
            event="notified",
            version=event.version,
            alarm=event.alarm,
            detail={**_reference(event), "by": list(problems), "failed": failed},
        )
        try:
            self._history.append(made)
        except MonitoringError as error:
            log("error", "error", why=str(error))


def run(command: Sequence[str], payload: object) -> str:
    """Runs a command with an event on stdin.

    Returns:
        Why it did not go well; empty where it did.
    """
    try:
        done = subprocess.run(
            command,
            input=json.dumps(payload).encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"The command {command[0]} was ended after {COMMAND_SECONDS:g} s"
    except (OSError, ValueError) as error:
        return (
            f"The command {command[0]} cannot be run: {getattr(error, 'strerror', None) or error}"
        )
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2][:200]
        return f"The command {command[0]} ended with status {done.returncode}: {last}"
    return ""


def told(model: str, event: Event, environment: str) -> Notification | None:
    """How an event is told; None: nobody is told of it."""
    name = {
        "alarm": "alarm",
        "retraining started": "retraining",
        "promoted": "deployed",
        "rolled back": "rolled back",
    }.get(event.event)
    if event.event == "retraining ended" and event.detail.get("outcome") != "pushed":
        name = "refused" if event.detail.get("outcome") == "not blessed" else "failed"
    if name is None:
        return None
    return Notification(
        name,
        model,
        event.text,
        event.version,
        environment=environment,
        link=str(event.detail.get("link", "")),
        occasion=f"{event.alarm} {event.time.isoformat()}",
        time=event.time,
    )


def receivers(command: Sequence[str]) -> Receivers:
    """The webhook that the environment names, and a command."""
    return Receivers(os.environ.get(notification.URL, "").strip(), tuple(command))


def _reference(event: Event) -> dict[str, str]:
    return {"of": event.event, "at": event.time.isoformat()}


def _key(detail: Mapping[str, object]) -> tuple[object, object]:
    return detail.get("of"), detail.get("at")
