"""What `up` plugs into a server: routing and the request log of its serving folder."""

from __future__ import annotations

from pathlib import Path

from serving.core import hooks
from serving.core.hooks import Hooks
from serving.core.metrics import Gauge
from serving.request_log import gauges as log_gauges
from serving.request_log import settings
from serving.request_log.log import RequestLog
from serving.routing import gauges as routing_gauges
from serving.routing.router import Router


def of_folder(models: Path) -> Hooks:
    """The hooks for the serving folder `models`; their threads run until they are closed.

    Raises:
        ServingError: The settings of one of them are not usable.
    """
    log = settings.read(models)
    router = Router(models)
    return _hooks(models, log, router, routing_gauges.gauges(router))


def of_worker(models: Path, router: hooks.Router) -> Hooks:
    """The hooks of one of several processes, of which another routes and counts for all.

    Raises:
        ServingError: The request log's settings are not usable.
    """
    return _hooks(models, settings.read(models), router, ())


def _hooks(
    models: Path, log: settings.LogSettings, router: hooks.Router, gauges: tuple[Gauge, ...]
) -> Hooks:
    if not log.enabled:
        return Hooks(router, gauges=gauges)
    request_log = RequestLog(settings.log_folder(models, log), log)
    return Hooks(router, request_log, (*gauges, *log_gauges.gauges(request_log)), log.unknown_names)
