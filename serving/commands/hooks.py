"""What `up` plugs into a server: routing and the request log of its serving folder."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from serving.core import hooks, logs
from serving.core.hooks import Hooks
from serving.core.metrics import Gauge
from serving.release import notification
from serving.release.notification import Notification
from serving.request_log import gauges as log_gauges
from serving.request_log import settings
from serving.request_log.log import RequestLog
from serving.routing import gauges as routing_gauges
from serving.routing.router import Router

if TYPE_CHECKING:
    from serving.release.follow import Follower


def of_folder(models: Path, bucket: str | None = None) -> Hooks:
    """The hooks for the serving folder `models`; their threads run until they are closed.

    Args:
        models: The serving folder.
        bucket: The one in a bucket that it follows, if it follows one.

    Raises:
        ServingError: The settings of one of them are not usable, or the bucket cannot be read.
    """
    follower = _follower(models, bucket) if bucket else None
    log = settings.read(models)
    router = Router(models, Told(bucket or str(models), follower).rolled_back)
    gauges = routing_gauges.gauges(router)
    last = follower.close if follower else lambda: None
    if not log.enabled:
        return Hooks(router, gauges=gauges, last=last)
    if follower is None:
        return _with_log(models, log, router, gauges)
    from serving.release import uploads

    request_log = RequestLog(settings.log_folder(models, log), uploads.on_a_small_disk(log))
    taken = uploads.Uploads(settings.log_folder(models, log), follower.store)
    behind = Gauge(
        "serving_request_log_seconds_behind", "Seconds since all that was logged was uploaded.",
        (), lambda: [((), taken.seconds_behind)],
    )  # fmt: skip
    return Hooks(
        router, uploads.UploadedLog(request_log, taken),
        (*gauges, *log_gauges.gauges(request_log), behind), log.unknown_names, last,
    )  # fmt: skip


def of_worker(models: Path, router: hooks.Router) -> Hooks:
    """The hooks of one of several processes, of which another routes and counts for all.

    Raises:
        ServingError: The request log's settings are not usable.
    """
    log = settings.read(models)
    return _with_log(models, log, router, ()) if log.enabled else Hooks(router)


def _with_log(
    models: Path, log: settings.LogSettings, router: hooks.Router, gauges: tuple[Gauge, ...]
) -> Hooks:
    request_log = RequestLog(settings.log_folder(models, log), log)
    every = (*gauges, *log_gauges.gauges(request_log))
    return Hooks(router, request_log, every, log.unknown_names)


def _follower(models: Path, bucket: str) -> Follower:
    from serving.release.follow import Follower
    from serving.release.store import Store

    return Follower(Store(bucket), models)


class Told:
    """Whom a canary's rollback is told.

    Args:
        place: The serving folder, for people.
        follower: Takes it to the bucket, where there is one.
    """

    def __init__(self, place: str, follower: Follower | None = None) -> None:
        self._place = place
        self._follower = follower
        self._url = os.environ.get(notification.URL, "")
        if self._url:
            logs.hide(self._url)

    def rolled_back(self, model: str, version: int, why: str) -> None:
        """Tells it; comes back at once."""
        told = Notification("rolled back", model, why, version, environment=self._place)
        if self._follower is None:
            self._send(told)
        else:
            tell = (lambda: self._send(told)) if self._url else None
            self._follower.rolled_back(model, version, why, tell)

    def _send(self, told: Notification) -> None:
        threading.Thread(target=self._deliver, args=[told], daemon=True).start()

    def _deliver(self, told: Notification) -> None:
        problem = notification.send(told, self._url, logs.redactor().text)
        if problem:
            logs.event("not notified", "warning", error=problem)
