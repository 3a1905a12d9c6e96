"""The precision in which a network is trained; what is served is in single precision.

References:
    Micikevicius et al. (2018), Mixed Precision Training, https://arxiv.org/abs/1710.03740: weights
    in single precision, layers in half, and the loss scaled so that small gradients are not 0.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import keras
import tensorflow as tf

from models.common.errors import ModelCodeError
from models.common.plan import Plan


@contextlib.contextmanager
def applied(plan: Plan) -> Iterator[None]:
    """Has a network that is built inside compute as the plan says, wherever it is trained.

    Its weights are in single precision, and where it is `mixed_float16`, its optimizer scales the
    loss.
    """
    before = keras.mixed_precision.dtype_policy()
    keras.mixed_precision.set_dtype_policy(plan.precision)
    try:
        yield
    finally:
        keras.mixed_precision.set_dtype_policy(before)


def check(plan: Plan, answers: Mapping[str, Any]) -> None:
    """Refuses a network whose answers are in half precision, in which 0.9998 is 1.

    Args:
        plan: What the configuration says of training.
        answers: The network's outputs, by name.

    Raises:
        ModelCodeError: An answer is of less than single precision.
    """
    for name, answer in answers.items():
        if tf.as_dtype(answer.dtype) in (tf.float16, tf.bfloat16):
            raise ModelCodeError(
                f"models/{plan.model}/model.py: the network's '{name}' is in half precision",
                f"Expected: float32. Received: {tf.as_dtype(answer.dtype).name}, as "
                f"training.precision is {plan.precision} and its last layer has no dtype.",
                'Give the last layer, and its activation, `dtype="float32"`.',
            )
