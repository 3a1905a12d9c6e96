"""What became of the request log's entries, as metrics."""

from __future__ import annotations

from collections.abc import Iterable

from serving.core.metrics import Gauge
from serving.request_log.log import RequestLog


def gauges(log: RequestLog) -> tuple[Gauge, ...]:
    """What became of the entries since the server's start."""

    def read() -> Iterable[tuple[tuple, float]]:
        return [((outcome,), float(count)) for outcome, count in vars(log.counts()).items()]

    help_text = (
        "Entries by what became of them: queue_full and failed were dropped; restored and lost are "
        "of files that somebody removed."
    )
    return (Gauge("serving_request_log_entries", help_text, ("outcome",), read, sums=True),)
