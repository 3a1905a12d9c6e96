"""A label whose numbers a loss does not take is refused, and no other."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from models.common.errors import ModelCodeError
from models.common.labels import loss_range
from tests.models.tiny_sample import plan

pytestmark = pytest.mark.tfx


def ways(name: str, kind: type[keras.losses.Loss]) -> list[Any]:
    """The ways to name a loss to `compile()`."""
    return [name, getattr(keras.losses, name), kind(), {"a": kind(), "b": None}]


BINARY = [
    *ways("binary_crossentropy", keras.losses.BinaryCrossentropy),
    *ways("binary_focal_crossentropy", keras.losses.BinaryFocalCrossentropy),
]
SPARSE = ways("sparse_categorical_crossentropy", keras.losses.SparseCategoricalCrossentropy)
OTHER = ["hinge", "mse", keras.losses.MeanAbsoluteError(), None, lambda y, p: y - p, {"b": "mse"}]


@pytest.mark.parametrize(
    ("losses", "limits", "refused"),
    [
        (BINARY, (0, 1), False),
        (BINARY, (0.2, 0.7), False),
        (BINARY, (-1, 1), True),
        (BINARY, (1, 2), True),
        (BINARY, (0, 255), True),
        (SPARSE, (0, 2), False),
        (SPARSE, (1, 2), False),
        (SPARSE, (1, 3), True),
        (SPARSE, (-1, 1), True),
        ([keras.losses.SparseCategoricalCrossentropy(ignore_class=-1)], (-1, 2), False),
        (OTHER, (-5, 1000), False),
    ],
)
def test_each_way_to_name_a_loss(
    losses: list[Any], limits: tuple[float, float], refused: bool
) -> None:
    for loss in losses:
        if not refused:
            loss_range.check(plan(label_output="a"), loss, [2, 3], limits)
            continue
        with pytest.raises(ModelCodeError) as caught:
            loss_range.check(plan(label_output="a"), loss, [2, 3], limits)
        told = str(caught.value)
        assert f"numbers from {limits[0]} to {limits[1]}" in told
        assert "models/tiny/model.py" in told and "models/tiny/preprocessing.py" in told


def test_the_loss_of_a_compiled_network_is_seen() -> None:
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, "sigmoid")])
    model.compile(loss=keras.losses.BinaryCrossentropy())
    assert model.predict(np.zeros((2, 1)), verbose=0).shape == (2, 1)
    with pytest.raises(ModelCodeError, match="from -1 to 1"):
        loss_range.check(plan(), model.loss, [2, 1], (-1.0, 1.0))
