"""Counters and histograms in Prometheus' text format, under TensorFlow Serving's names.

Its names begin and end as Prometheus' client libraries do not allow, hence no library.
"""

from __future__ import annotations

import bisect
import itertools
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# As TensorFlow Serving's: microseconds, from 10 to about 20 minutes.
_MICROSECONDS = tuple(10 * 1.8**power for power in range(33))
_ROWS = tuple(2.0**power for power in range(15))

Labels = tuple[str, ...]


class Family(NamedTuple):
    """A metric's samples, as a process hands them to another."""

    name: str
    help: str
    kind: str
    sums: bool
    """Whether what several processes have is added up; else the highest counts."""
    samples: Mapping[str, float]
    """By name and labels, in the order in which they are written."""


class Counter:
    """Values that only grow, by labels."""

    kind = "counter"
    sums = True

    def __init__(self, name: str, help_text: str, labels: tuple[str, ...]) -> None:
        self.name, self.help, self._labels = name, help_text, labels
        self._values: dict[Labels, float] = {}
        self._lock = threading.Lock()

    def add(self, *labels: str, amount: float = 1) -> None:
        """Adds to the value of these labels."""
        with self._lock:
            self._values[labels] = self._values.get(labels, 0) + amount

    def samples(self) -> Iterable[tuple[str, float]]:
        """Each with its name and labels."""
        with self._lock:
            values = sorted(self._values.items())
        for labels, value in values:
            yield f"{self.name}{_braces(self._labels, labels)}", value


class Gauge:
    """Values that are asked for when they are read.

    Args:
        name: Prometheus'.
        help_text: What it is.
        labels: Their names.
        read: Gives the values, each with its labels.
        sums: Whether what several processes have is added up; else the highest counts.
    """

    kind = "gauge"

    def __init__(
        self,
        name: str,
        help_text: str,
        labels: tuple[str, ...],
        read: Callable[[], Iterable[tuple[Labels, float]]],
        sums: bool = False,
    ) -> None:
        self.name, self.help, self._labels, self._read = name, help_text, labels, read
        self.sums = sums

    def samples(self) -> Iterable[tuple[str, float]]:
        """Each with its name and labels."""
        for labels, value in self._read():
            yield f"{self.name}{_braces(self._labels, labels)}", value


class Histogram:
    """How values are distributed, by labels."""

    kind = "histogram"
    sums = True

    def __init__(
        self, name: str, help_text: str, labels: tuple[str, ...], bounds: tuple[float, ...]
    ) -> None:
        self.name, self.help, self._labels, self._bounds = name, help_text, labels, bounds
        self._counts: dict[Labels, list[int]] = {}
        self._sums: dict[Labels, float] = {}
        self._lock = threading.Lock()

    def observe(self, value: float, *labels: str) -> None:
        """Counts a value."""
        bucket = bisect.bisect_left(self._bounds, value)
        with self._lock:
            counts = self._counts.get(labels)
            if counts is None:
                counts = self._counts[labels] = [0] * (len(self._bounds) + 1)
            counts[bucket] += 1
            self._sums[labels] = self._sums.get(labels, 0) + value

    def samples(self) -> Iterable[tuple[str, float]]:
        """Each with its name and labels."""
        with self._lock:
            counts = sorted((labels, list(buckets)) for labels, buckets in self._counts.items())
            sums = dict(self._sums)
        for labels, buckets in counts:
            total = 0
            for bound, count in zip((*self._bounds, float("inf")), buckets, strict=True):
                total += count
                limit = "+Inf" if bound == float("inf") else f"{bound:g}"
                braces = _braces((*self._labels, "le"), (*labels, limit))
                yield f"{self.name}_bucket{braces}", total
            yield f"{self.name}_sum{_braces(self._labels, labels)}", sums[labels]
            yield f"{self.name}_count{_braces(self._labels, labels)}", total


@dataclass
class Metrics:
    """Everything that the server counts."""

    def __post_init__(self) -> None:
        prefix = ":tensorflow:serving:"
        api = ("model_name", "API", "entrypoint")
        self.requests = Counter(
            f"{prefix}request_count", "The total number of requests.", ("model_name", "status")
        )
        self.latency = Histogram(
            f"{prefix}request_latency", "Microseconds from request to answer.", api, _MICROSECONDS
        )
        self.runtime = Histogram(
            f"{prefix}runtime_latency",
            "Microseconds that TensorFlow ran, for each batch.",
            ("model_name", "version"),
            _MICROSECONDS,
        )
        self.examples = Histogram(
            f"{prefix}request_example_counts",
            "Examples of each request to classify or regress.",
            ("model",),
            _ROWS,
        )
        self.batches = Histogram(
            f"{prefix}batching_session:processed_batch_size",
            "Rows of each batch.",
            ("model_name", "version"),
            _ROWS,
        )
        self.loads = Counter(
            ":tensorflow:cc:saved_model:load_attempt_count",
            "How often a version was loaded, with the outcome.",
            ("model_path", "status"),
        )
        self.warm_up = Histogram(
            f"{prefix}model_warmup_latency",
            "Microseconds of the requests that a version is warmed up with.",
            ("model_path", "status"),
            _MICROSECONDS,
        )
        self.logged = Counter(
            "serving_request_log_total", "Requests by whether the log stored them.", ("stored",)
        )
        self._gauges: list[Gauge] = []

    def add(self, gauge: Gauge) -> None:
        """Adds a value that its owner knows."""
        self._gauges.append(gauge)

    def families(self) -> list[Family]:
        """All samples, by metric."""
        kinds = Counter | Gauge | Histogram
        own = (metric for metric in vars(self).values() if isinstance(metric, kinds))
        return families([*own, *self._gauges])

    def text(self) -> str:
        """All samples, in Prometheus' text format."""
        return text(self.families())


def families(metrics: Iterable[Counter | Gauge | Histogram]) -> list[Family]:
    """The samples of metrics."""
    return [
        Family(
            metric.name, metric.help, metric.kind, metric.sums,
            # No number of a type whose module another process would have to import.
            {sample: float(value) for sample, value in metric.samples()},
        )
        for metric in metrics
    ]  # fmt: skip


def text(of: Iterable[Family]) -> str:
    """Samples in Prometheus' text format."""
    lines = []
    for family in of:
        lines += [f"# HELP {family.name} {family.help}", f"# TYPE {family.name} {family.kind}"]
        lines += [f"{sample} {_number(value)}" for sample, value in family.samples.items()]
    return "\n".join(lines) + "\n"


def together(processes: Iterable[Sequence[Family]]) -> list[Family]:
    """What several processes have counted, as if one had."""
    found: dict[str, Family] = {}
    for family in itertools.chain.from_iterable(processes):
        if family.name not in found:
            found[family.name] = family._replace(samples=dict(family.samples))
            continue
        samples = dict(found[family.name].samples)
        for sample, value in family.samples.items():
            before = samples.get(sample)
            if before is None:
                samples[sample] = value
            else:
                samples[sample] = before + value if family.sums else max(before, value)
        found[family.name] = family._replace(samples=samples)
    return list(found.values())


def _number(value: float) -> str:
    # Counts of more than a million keep all their digits.
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def _braces(names: tuple[str, ...], values: tuple[str, ...]) -> str:
    pairs = (f'{name}="{_escaped(value)}"' for name, value in zip(names, values, strict=True))
    return f"{{{','.join(pairs)}}}" if names else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
