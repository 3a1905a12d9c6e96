"""What Prometheus may know of a watcher: served on a port, or written as a file.

The file is for node_exporter's textfile collector, for watchers that run now and then.
"""

from __future__ import annotations

from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    start_http_server,
    write_to_textfile,
)

from monitoring.core.errors import MonitoringError
from monitoring.look.look import Look

MOST_FINDINGS = 100
"""Series of findings at most: those that differ come first."""


class Gauges:
    """The metrics of the watcher of a model.

    Args:
        model: The model.
        port: Where they are served; None: nowhere. 0 takes a free one.
        file: Where they are written after each round; None: nowhere.
        host: The address that the port is opened on.

    Raises:
        MonitoringError: The port cannot be opened.
    """

    def __init__(
        self,
        model: str,
        port: int | None = None,
        file: Path | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self._model = model
        self._file = file
        self._registry = registry = CollectorRegistry()
        of, version = ("model",), ("model", "version")
        self._number = Gauge(
            "monitoring_look", "The number of the last look.", version, registry=registry
        )
        self._rows = Gauge(
            "monitoring_window_rows", "Rows of the last window.", version, registry=registry
        )
        self._errors = Counter(
            "monitoring_errors", "Rounds that ended in an error.", of, registry=registry
        )
        self._alarm = Gauge(
            "monitoring_alarm", "1: the last look raised an alarm.", version, registry=registry
        )
        self._refused = Gauge(
            "monitoring_refused_share", "Refused requests of the last window.", version,
            registry=registry,
        )  # fmt: skip
        self._time = Gauge(
            "monitoring_last_look_timestamp_seconds", "When it was last looked.", version,
            registry=registry,
        )  # fmt: skip
        self._round = Gauge(
            "monitoring_last_round_timestamp_seconds", "When the log was last read.", of,
            registry=registry,
        )  # fmt: skip
        self._effect = Gauge(
            "monitoring_effect", "How much differs what counts, in the last look.",
            (*version, "subject", "name", "slice", "test", "verdict"), registry=registry,
        )  # fmt: skip
        self._step = Gauge(
            "monitoring_loop", "1: the step at which the loop is.", ("model", "step"),
            registry=registry,
        )  # fmt: skip
        self._last_step: str | None = None
        if port is not None:
            try:
                start_http_server(port, addr=host, registry=registry)
            except (OSError, OverflowError) as error:
                raise MonitoringError(
                    f"Port {port} cannot be opened for metrics",
                    f"Received: {getattr(error, 'strerror', None) or error}.",
                    "Name another one: --metrics-port",
                ) from error

    def look(self, look: Look) -> None:
        """Takes over the last look."""
        labels = (self._model, str(look.version))
        self._number.labels(*labels).set(look.number)
        self._rows.labels(*labels).set(look.rows)
        self._alarm.labels(*labels).set(look.verdict == "alarm")
        self._refused.labels(*labels).set(look.refused / look.requests if look.requests else 0)
        self._time.labels(*labels).set(look.time.timestamp())
        self._effect.clear()
        counted = [each for each in look.findings if each.counts and each.effect is not None]
        for each in counted[:MOST_FINDINGS]:
            self._effect.labels(
                *labels, each.subject, each.name, each.slice, each.test, each.verdict
            ).set(each.effect or 0.0)

    def step(self, name: str) -> None:
        """Says at which step the loop is."""
        if self._last_step not in (None, name):
            self._step.labels(self._model, self._last_step).set(0)
        self._step.labels(self._model, name).set(1)
        self._last_step = name

    def round(self, time: float, failed: bool) -> None:
        """Ends a round.

        Args:
            time: When, in seconds since 1970.
            failed: Whether it ended in an error.

        Raises:
            MonitoringError: The file cannot be written.
        """
        self._errors.labels(self._model).inc(int(failed))
        if not failed:
            self._round.labels(self._model).set(time)
        if self._file is None:
            return
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            write_to_textfile(str(self._file), self._registry)
        except OSError as error:
            raise MonitoringError(
                f"{self._file} cannot be written",
                f"Received: {error.strerror or error}.",
                "Make the folder writable, free some space, or name another: --metrics-file",
            ) from error
