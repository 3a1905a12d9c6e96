"""What `preprocessing_fn` may return, and what is said of all else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from models.common.errors import ModelCodeError
from models.common.labels import preprocessing_outputs

pytestmark = pytest.mark.tfx


GOOD_OUTPUTS: list[dict[str, Any]] = [
    {"a": tf.constant([1.0])},
    {"a": tf.sparse.from_dense([[1.5], [0.0]]), "b": tf.ragged.constant([[1], []])},
]
BAD_OUTPUTS: list[tuple[Any, str]] = [
    (None, "returns no tensors by name\nExpected: a dict with a tensor by name, [batch] or [batch"),
    ({}, "Received: a dict with nothing in it."),
    ([tf.constant([1.0])], "Received: list."),
    (3.5, "Received: float."),
    (tf.constant([1.0]), "returns no tensors by name"),
    ("text", "Received: str."),
    ({"a": 1.0}, "returns 'a', which is no tensor\nExpected"),
    ({"a": None}, "Received: None."),
    ({"a": [1.0, 2.0]}, "Received: [1.0, 2.0]."),
    ({"a": np.zeros(3)}, "returns 'a', which is no tensor"),
    ({"a": {"b": tf.constant([1.0])}}, "returns 'a', which is no tensor"),
    ({"a": tf.constant(1.0)}, "returns 'a', which is one number for all rows"),
    ({1: tf.constant([1.0])}, "returns a tensor under 1, which is no text"),
]


@pytest.mark.parametrize("outputs", GOOD_OUTPUTS)
def test_tensors_by_name_are_taken(outputs: dict[str, Any]) -> None:
    preprocessing_outputs.check("m", outputs)


@pytest.mark.parametrize(("outputs", "told"), BAD_OUTPUTS, ids=[str(n) for n in range(13)])
def test_what_else_preprocessing_returns_is_told(outputs: Any, told: str) -> None:
    with pytest.raises(ModelCodeError) as caught:
        preprocessing_outputs.check("m", outputs)
    assert told in str(caught.value)
    assert "models/m/preprocessing.py: preprocessing_fn returns" in caught.value.headline
    assert caught.value.remedy
