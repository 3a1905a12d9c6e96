"""Which way a metric is better."""

from __future__ import annotations

from pipeline.config.model_config import ModelConfig


def badness(config: ModelConfig, name: str, value: float) -> float | None:
    """Greater for a worse value; None for a metric that has no better or worse, such as a count.

    Between two bounds and without a direction, the middle is best.
    """
    metric = config.evaluation.metrics.get(name)
    if metric is None:
        return None
    if metric.better is None and metric.at_least is not None and metric.at_most is not None:
        return abs(value - (metric.at_least + metric.at_most) / 2)
    limits = (metric, *metric.per_slice.values())
    if metric.better is None and all(b.at_least is b.at_most is None for b in limits):
        return None
    return -value if metric.direction == "higher" else value
