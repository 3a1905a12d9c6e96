"""Whether a metric's value is a bad one: outside of its bounds, or worse than another."""

from __future__ import annotations

from pipeline.config.model_config import ModelConfig
from pipeline.record import bounds
from pipeline.record.metric_direction import badness
from pipeline.record.run_record import Refusal, RunRecord, SliceMetric

_SHOWN = 0.00005
"""Differences below this cannot be seen in four decimals."""


def misses_bound(record: RunRecord, measured: SliceMetric) -> bool:
    """Whether it is outside of its bounds, or for another reason among those of the verdict."""
    return bounds.missed(measured.value, measured.at_least, measured.at_most) or any(
        (refusal.metric, refusal.slice) == (measured.metric, measured.slice)
        for refusal in record.refusals
    )


def is_worse(config: ModelConfig, measured: SliceMetric) -> bool:
    """Whether it is visibly worse than the baseline's value."""
    if measured.value is None or measured.baseline is None:
        return False
    before = badness(config, measured.metric, measured.baseline)
    after = badness(config, measured.metric, measured.value)
    return before is not None and after is not None and after - before >= _SHOWN


def baseline_note(record: RunRecord) -> str:
    """Why a model was judged without the baseline that a bound asks for; empty otherwise."""
    baseline = record.baseline
    if baseline is None or baseline.reason is None:
        return ""
    which = f"version {baseline.version}" if baseline.version else baseline.model
    return (
        f"Judged by its other bounds alone: the model blessed before, {which}, {baseline.reason}, "
        "so max_regression could not be asked."
    )


def refused_value(record: RunRecord, refusal: Refusal) -> str:
    """The value that missed a bound, with as many digits as show that it did."""
    if refusal.value is None:
        return "undefined"
    limits = [
        limit
        for one in record.metrics
        if (one.metric, one.slice) == (refusal.metric, refusal.slice)
        for limit in (one.at_least, one.at_most)
    ]
    return bounds.shown(refusal.value, f"{refusal.value:.6g}", *limits)
