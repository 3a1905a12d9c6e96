"""The metrics of a run as rows and tables: values, intervals, bounds, and the blessed model's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pipeline.record.run_record import RunRecord, SliceMetric
from pipeline.show import formatting
from pipeline.show.report.verdict_words import OVERALL, missed

MOST_SLICES = 60
"""Rows of one table; what is beyond is in run.json."""


@dataclass
class Cell:
    """One metric of one slice, in words."""

    value: str
    interval: str
    bound: str
    baseline: str
    change: str
    missed: bool


@dataclass
class SliceTable:
    """The metrics of the values of one feature, or of crossed ones."""

    name: str
    metrics: list[str]
    rows: list[tuple[str, list[Cell | None]]]
    left_out: int


def overall(record: RunRecord) -> list[tuple[str, Cell]]:
    """Each metric of all test rows."""
    found = [measured for measured in record.metrics if measured.slice == OVERALL]
    return [(measured.metric, _cell(measured, record)) for measured in found]


def slice_tables(record: RunRecord) -> list[SliceTable]:
    """A table for each feature by which the metrics are broken down, in the config's order."""
    by_slice: dict[str, dict[str, SliceMetric]] = {}
    for measured in record.metrics:
        if measured.slice != OVERALL:
            by_slice.setdefault(measured.slice, {})[measured.metric] = measured
    metrics = list(record.config.evaluation.metrics)
    features = [", ".join(sorted(names)) for names in record.config.evaluation.slices]
    groups: dict[str, list[str]] = {name: [] for name in features}
    for name in by_slice:
        groups.setdefault(_features(name, features), []).append(name)
    return [
        _table(name, slices, by_slice, metrics, record) for name, slices in groups.items() if slices
    ]


def _table(
    name: str,
    slices: list[str],
    by_slice: dict[str, dict[str, SliceMetric]],
    metrics: list[str],
    record: RunRecord,
) -> SliceTable:
    def rank(one: str) -> tuple[Any, ...]:
        return (not any(_misses(record, m) for m in by_slice[one].values()), *_natural(one))

    shown = sorted(slices, key=rank)[:MOST_SLICES]
    rows = []
    for one in sorted(shown, key=_natural):
        cells = [
            _cell(by_slice[one][metric], record) if metric in by_slice[one] else None
            for metric in metrics
        ]
        rows.append((one.removeprefix(f"{name}="), cells))
    return SliceTable(name, metrics, rows, len(slices) - len(shown))


def _cell(measured: SliceMetric, record: RunRecord) -> Cell:
    name = measured.metric
    interval = ""
    if measured.low is not None and measured.high is not None:
        interval = (
            f"{formatting.metric(measured.low, name)} to {formatting.metric(measured.high, name)}"
        )
    baseline = measured.baseline
    return Cell(
        value=formatting.metric(measured.value, name),
        interval=interval,
        bound=formatting.bounds_of(measured),
        baseline="" if baseline is None else formatting.metric(baseline, name),
        change=formatting.change(measured.value, baseline, name),
        missed=_misses(record, measured),
    )


def _misses(record: RunRecord, measured: SliceMetric) -> bool:
    """Whether it is outside of its bounds, or was refused for another reason."""
    return missed(measured) or any(
        (refusal.metric, refusal.slice) == (measured.metric, measured.slice)
        for refusal in record.refusals
    )


def _features(name: str, known: list[str]) -> str:
    """The sliced features of a slice's name, whose values may hold commas and equals signs."""
    for features in sorted(known, key=len, reverse=True):
        parts = features.split(", ")
        if name.startswith(f"{parts[0]}=") and all(f"{part}=" in name for part in parts):
            return features
    return name.partition("=")[0]


def _natural(name: str) -> tuple[int, float, str]:
    """Numbers in their order, before text."""
    value = name.rpartition("=")[2]
    try:
        return (0, float(value), name)
    except ValueError:
        return (1, 0.0, name)
