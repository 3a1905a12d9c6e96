"""Which way a metric is better."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.config.model_config import ModelConfig
from pipeline.record.metric_direction import badness


def config(**metric: Any) -> ModelConfig:
    metrics = {"M": metric, "Other": {"at_least": 0}}
    evaluation = {"slices": ["kind"], "metrics": metrics}
    return ModelConfig.model_validate(
        {"data": {"path": "x"}, "label": "y", "evaluation": evaluation}
    )


@pytest.mark.parametrize(
    ("metric", "better", "worse"),
    [
        ({"at_least": 0.5}, 0.9, 0.8),
        ({"at_most": 0.5}, 0.1, 0.2),
        ({"at_least": 0.8, "at_most": 1.2}, 1.05, 0.9),
        ({"at_least": 0.8, "at_most": 1.2}, 1.0, 1.3),
        ({"at_least": 0.8, "at_most": 1.2, "better": "lower"}, 0.8, 1.0),
        ({"per_slice": {"kind": {"at_least": 0.5}}}, 0.9, 0.8),
    ],
)
def test_the_worse_value_is_the_greater_badness(
    metric: dict[str, Any], better: float, worse: float
) -> None:
    good, bad = (badness(config(**metric), "M", value) for value in (better, worse))
    assert good is not None and bad is not None and good < bad


@pytest.mark.parametrize("metric", ["M", "unknown"])
def test_a_metric_without_direction_is_neither_good_nor_bad(metric: str) -> None:
    assert badness(config(), metric, 1.0) is None
