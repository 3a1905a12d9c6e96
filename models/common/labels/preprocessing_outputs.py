"""What a model's `preprocessing_fn` has to return, before its label becomes a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from models.common.errors import ModelCodeError


def check(model: str, outputs: Any) -> None:
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
