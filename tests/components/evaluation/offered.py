"""Every metric that TFMA and Keras offer, with the options that those need which need any."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import keras
import tf_keras

from models.common.errors import ConfigError
from pipeline.graph import metric_classes, metric_probe
from pipeline.graph.metric_probe import Resolved

OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"thresholds": [0.5]},
    {"thresholds": 0.5},
    {"recall": 0.5},
    {"precision": 0.5},
    {"specificity": 0.5},
    {"sensitivity": 0.5},
    {"false_positive_rate": 0.5},
    {"num_classes": 3},
    {"num_classes": 3, "target_class_ids": [0]},
    {"average": "macro"},
    {"class_id": 1},
    {"top_k": 2},
    {"k": 2},
)
"""Some of these fit each metric that can be computed from labels and predictions."""


def names() -> list[str]:
    """The classes, of which some need more than labels and predictions."""
    in_keras = metric_classes._in_keras(keras) | metric_classes._in_keras(tf_keras)
    return sorted(metric_classes._tfma() | in_keras)


def resolved(name: str, *, judged: bool) -> Iterator[tuple[dict[str, Any], Resolved]]:
    """Up to two sets of options with which a metric can be had, and how."""
    number = 0
    for options in OPTIONS:
        with contextlib.suppress(ConfigError):
            found = metric_probe.resolve("taxi", name, name, options, judged=judged)
            yield options, found
            number += 1
            if number == 2:
                return
