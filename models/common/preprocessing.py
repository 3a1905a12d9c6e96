"""Helpers for a model's `preprocessing_fn`, and what it has to return."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from models.common.errors import ModelCodeError


def fill_missing(
    feature: tf.Tensor | tf.SparseTensor, default: float | int | str | None = None
) -> tf.Tensor:
    """One value a row, with a default where the row has none.

    Args:
        feature: [batch, at most 1] sparse, or [batch] or [batch, 1] dense.
        default: Default `""` for strings and 0 for numbers.

    Returns:
        A dense tensor of shape [batch].

    Raises:
        ValueError: The feature has several values a row.
    """
    if default is None:
        default = "" if feature.dtype == tf.string else 0
    if isinstance(feature, tf.SparseTensor):
        column = tf.SparseTensor(feature.indices, feature.values, [feature.dense_shape[0], 1])
        feature = tf.sparse.to_dense(column, tf.cast(default, feature.dtype))
    if feature.shape[1:].num_elements() not in (None, 0, 1):
        raise ValueError(
            f"fill_missing takes one value a row. Received a feature of shape {feature.shape}, "
            "whose rows are vectors: use it as it is."
        )
    # As many as there are rows: `[-1]` would make rows of values.
    return tf.reshape(feature, tf.shape(feature)[:1])


def check_outputs(model: str, outputs: Any) -> None:
    """Refuses what is no mapping of names to tensors with a value for each row.

    Args:
        model: The model's name.
        outputs: What its `preprocessing_fn` returned.

    Raises:
        ModelCodeError: It is something else.
    """
    expected = "Expected: a dict with a tensor by name, [batch] or [batch, n]."
    if not isinstance(outputs, Mapping) or not outputs:
        received = "nothing (None)" if outputs is None else f"{type(outputs).__name__}"
        if isinstance(outputs, Mapping):
            received = "a dict with nothing in it"
        raise _refused(
            model,
            "returns no tensors by name",
            f"{expected} Received: {received}.",
            "End it with `return` and the dict of what the network and the label need.",
        )
    for name, value in outputs.items():
        if not isinstance(name, str):
            raise _refused(
                model,
                f"returns a tensor under {name!r:.80}, which is no text",
                expected,
                "Name it by a text.",
            )
        if not isinstance(value, tf.Tensor | tf.SparseTensor | tf.RaggedTensor):
            raise _refused(
                model,
                f"returns '{name}', which is no tensor",
                f"{expected} Received: {value!r:.80}.",
                "Make it one for each row, such as tf.fill(tf.shape(column)[:1], value).",
            )
        if value.shape.rank == 0:
            raise _refused(
                model,
                f"returns '{name}', which is one number for all rows",
                f"{expected} Received: the shape [].",
                "Keep the rows: name the axis that tf.reduce_* reduces, or let tft.* do it.",
            )


def _refused(model: str, what: str, detail: str, remedy: str) -> ModelCodeError:
    headline = f"models/{model}/preprocessing.py: preprocessing_fn {what}"
    return ModelCodeError(headline, detail, remedy)
