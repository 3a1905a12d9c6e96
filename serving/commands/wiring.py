"""What is plugged into a server that `python -m serving up` starts."""

from __future__ import annotations

from pathlib import Path

from serving.commands import gauges
from serving.core.hooks import Hooks
from serving.request_log import settings
from serving.request_log.log import RequestLog
from serving.routing.router import Router


def hooks(models: Path) -> Hooks:
    """The hooks for the serving folder `models`.

    Raises:
        ServingError: The settings of one of them are not usable.
    """
    log = settings.read(models)
    router = Router(models)
    if not log.enabled:
        return Hooks(router, gauges=gauges.of_router(router))
    request_log = RequestLog(settings.log_folder(models, log), log)
    return Hooks(
        router, request_log, (*gauges.of_router(router), *gauges.of_request_log(request_log))
    )
