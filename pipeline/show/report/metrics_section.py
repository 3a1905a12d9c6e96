"""The metrics of a run as rows and tables: values, intervals, bounds, and the blessed model's."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.record import bounds
from pipeline.record.run_record import OVERALL, RunRecord, SliceMetric
from pipeline.show import formatting
from pipeline.show.metric_quality import misses_bound
from pipeline.show.slices import SliceGroup, groups

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
    yardstick: str
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
        by_slice.setdefault(measured.slice, {})[measured.metric] = measured
    found = groups(record.metrics, record.config.evaluation.slices)
    return [_table(group, by_slice, record) for group in found]


def _table(
    group: SliceGroup, by_slice: dict[str, dict[str, SliceMetric]], record: RunRecord
) -> SliceTable:
    """A table of at most `MOST_SLICES`, those that miss a bound before others."""
    missing = [
        name
        for name in group.slices
        if any(misses_bound(record, measured) for measured in by_slice[name].values())
    ]
    shown = set([*missing, *(name for name in group.slices if name not in missing)][:MOST_SLICES])
    metrics = list(record.config.evaluation.metrics)
    rows = []
    for name, label in group.slices.items():
        if name in shown:
            measured = (by_slice[name].get(metric) for metric in metrics)
            rows.append((label, [_cell(one, record) if one else None for one in measured]))
    return SliceTable(group.name, metrics, rows, len(group.slices) - len(shown))


def _cell(measured: SliceMetric, record: RunRecord) -> Cell:
    name = measured.metric
    interval = ""
    if measured.low is not None and measured.high is not None:
        interval = (
            f"{formatting.metric(measured.low, name)} to {formatting.metric(measured.high, name)}"
        )
    baseline, of_trees = measured.baseline, measured.yardstick
    return Cell(
        value=formatting.metric(measured.value, name, measured.at_least, measured.at_most),
        interval=interval,
        bound=bounds.in_words(measured.at_least, measured.at_most),
        baseline="" if baseline is None else formatting.metric(baseline, name),
        change=formatting.change(measured.value, baseline, name),
        yardstick="" if of_trees is None else formatting.metric(of_trees, name),
        missed=misses_bound(record, measured),
    )
