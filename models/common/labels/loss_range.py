"""Which numbers of a label the network's loss can learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from models.common.errors import ModelCodeError
from models.common.plan import Plan

_BINARY = ("binarycrossentropy", "binaryfocalcrossentropy")
_SPARSE = "sparsecategoricalcrossentropy"


def check(plan: Plan, loss: Any, shape: Sequence[int | None], limits: tuple[float, float]) -> None:
    """Refuses a label with numbers that are no class of the network, before it trains.

    Of some Keras makes TensorFlow's words, at the first step; from others it learns nonsense.

    Args:
        plan: What the configuration says of the label.
        loss: What was given to `compile()`: a name, a function, a `keras.losses.Loss`, or these by
            output. A loss that is not Keras' own is not looked at.
        shape: That of the judged output, [rows, ...].
        limits: The smallest and the largest number of the label.

    Raises:
        ModelCodeError: A number is outside of what the loss is made for.
    """
    if isinstance(loss, Mapping):
        loss = loss.get(plan.label_output)
    name = _name(loss)
    if name == _SPARSE and getattr(loss, "ignore_class", None) is None:
        classes = shape[-1] if len(shape) > 1 else None
        if classes is None or (limits[0] >= 0 and limits[1] < classes):
            return
        expected = f"whole numbers from 0 to {classes - 1}, one for each of the {classes} answers"
        advice = "count from 0, for example by subtracting the smallest; or give the last layer "
        advice += "a unit for each class"
    elif name in _BINARY and not (limits[0] >= 0 and limits[1] <= 1):
        expected = "0 and 1, or shares between them"
        advice = "return 1 for the one class and 0 for the other, for example with tf.cast(x > 0, "
        advice += "tf.int64)"
    else:
        return
    raise ModelCodeError(
        f"The label '{plan.label}' has numbers from {limits[0]:g} to {limits[1]:g}, which the "
        "network's loss does not take",
        f"Expected by the loss in models/{plan.model}/model.py: {expected}.",
        f"In models/{plan.model}/preprocessing.py, {advice}; or return the label as text "
        "(tf.strings.as_string), whose classes are numbered by themselves.",
    )


def _name(loss: Any) -> str:
    name = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    return str(name).replace("_", "").lower()
