"""Whether a value is a bad one."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.config.model_config import ModelConfig
from pipeline.record.run_record import Refusal, SliceMetric
from pipeline.show.metric_quality import is_worse, misses_bound
from tests.pipeline.fake_run import finished


def config(**metric: Any) -> ModelConfig:
    metrics = {"M": metric, "Other": {"at_least": 0}}
    return ModelConfig.model_validate(
        {
            "data": {"path": "x"},
            "label": "y",
            "evaluation": {"slices": ["kind"], "metrics": metrics},
        }
    )


HIGHER = config(at_least=0.5)
LOWER = config(at_most=0.5)
BETWEEN = config(at_least=0.8, at_most=1.2)
STATED = config(at_least=0.8, at_most=1.2, better="lower")
COUNT = config()
PER_SLICE = config(per_slice={"kind": {"at_least": 0.5}})


@pytest.mark.parametrize(
    ("metrics", "better", "worse"),
    [
        (HIGHER, 0.9, 0.8),
        (LOWER, 0.1, 0.2),
        (BETWEEN, 1.05, 0.9),
        (BETWEEN, 1.0, 1.3),
        (STATED, 0.8, 1.0),
        (PER_SLICE, 0.9, 0.8),
    ],
)
def test_the_worse_value_is_worse(metrics: ModelConfig, better: float, worse: float) -> None:
    assert is_worse(metrics, SliceMetric(metric="M", slice="x", value=worse, baseline=better))
    assert not is_worse(metrics, SliceMetric(metric="M", slice="x", value=better, baseline=worse))


@pytest.mark.parametrize("metric", ["M", "unknown"])
def test_a_metric_without_direction_is_never_worse(metric: str) -> None:
    assert not is_worse(COUNT, SliceMetric(metric=metric, slice="x", value=0.0, baseline=1.0))


@pytest.mark.parametrize(
    ("value", "baseline", "worse"),
    [
        (0.9, 0.9, False),
        (0.89996, 0.9, False),
        (0.8999, 0.9, True),
        (None, 0.9, False),
        (0.9, None, False),
    ],
)
def test_only_a_change_that_can_be_seen_is_one(
    value: float | None, baseline: float | None, worse: bool
) -> None:
    measured = SliceMetric(metric="M", slice="x", value=value, baseline=baseline)
    assert is_worse(HIGHER, measured) is worse


@pytest.mark.parametrize(
    ("value", "refused", "missed"),
    [
        (0.9, None, False),
        (0.4, None, True),
        (None, None, True),
        (0.9, "x", True),
        (0.9, "y", False),
    ],
)
def test_a_bound_is_missed_by_the_value_or_by_the_verdict(
    value: float | None, refused: str | None, missed: bool
) -> None:
    record = finished()
    if refused:
        record.refusals = [Refusal(metric="M", slice=refused, value=value, bound="any")]
    measured = SliceMetric(metric="M", slice="x", value=value, at_least=0.5)
    assert misses_bound(record, measured) is missed
