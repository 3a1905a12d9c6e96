"""What a network answers: one tensor, or several by name of which one is judged."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import keras

from models.common.errors import ModelCodeError
from models.common.plan import Plan

DEFAULT = "outputs"
"""The name of a network's only output."""
ROWS = 2
"""So many rows are asked to see what a network answers."""


def answers(model: keras.Model, features: Mapping[str, Any]) -> dict[str, Any]:
    """A network's answers by name, as serving and judging know them.

    The only output is called `outputs`; those of a list as the layers that give them, where Keras
    knows these, or else `output_1`, `output_2` and so on.

    Args:
        model: The network.
        features: What it takes, tensors or Keras' symbolic ones.
    """
    answer = model(features, training=False)
    if isinstance(answer, Mapping):
        return dict(answer)
    if not isinstance(answer, list | tuple):
        return {DEFAULT: answer}
    names = list(getattr(model, "output_names", ()))
    if len(set(names)) != len(answer):
        names = [f"output_{number}" for number in range(1, len(answer) + 1)]
    return dict(zip(names, answer, strict=True))


def check(plan: Plan, found: Mapping[str, Any], classes: Collection[str] = ()) -> None:
    """Refuses a network of which it is not clear what is judged, or that has too few answers.

    Args:
        plan: What the configuration says of the label.
        found: The network's outputs for ROWS rows, by name.
        classes: The classes of a text label; empty where it is a number.

    Raises:
        ModelCodeError: No key says which of several outputs is judged, a key names one that is not
            there, an output is not one answer a row, or it does not fit the label's classes.
    """
    file = f"models/{plan.model}/config.yaml"
    names = ", ".join(found)
    for name, output in found.items():
        shape = getattr(output, "shape", None)
        if shape is None or not len(shape) or shape[0] != ROWS:
            received = f"a {type(output).__name__}" if shape is None else f"the shape {list(shape)}"
            raise ModelCodeError(
                f"models/{plan.model}/model.py: the network's '{name}' is not one answer a row",
                f"Expected: a tensor of the shape [{ROWS}, ...] for {ROWS} rows. "
                f"Received: {received}.",
                "Let each output keep the rows as its first dimension.",
            )
    if plan.label_output is None and len(found) > 1:
        raise ModelCodeError(
            f"{file}: no label.output says which of the network's {len(found)} outputs is judged",
            f"build_model in models/{plan.model}/model.py returned a network with the outputs "
            f"{names}; the label is '{plan.label}'.",
            f"Name the one that predicts the label, such as label: {{name: {plan.label}, "
            f"columns: [{', '.join(plan.label_columns)}], output: {next(iter(found))}}}.",
        )
    wanted = {"label.output": [plan.label_output] if plan.label_output else []}
    wanted["label.other_outputs"] = list(plan.other_labels)
    for key, outputs in wanted.items():
        for output in outputs:
            if output not in found:
                raise ModelCodeError(
                    f"{file}: {key}: the network has no output '{output}'",
                    f"build_model in models/{plan.model}/model.py returned a network with: "
                    f"{names}.",
                    "Correct the name, or let the network return a dict with it. "
                    f"One output by itself is called '{DEFAULT}'; leave the key out for it.",
                )
    if classes:
        _check_width(plan, found[plan.label_output or next(iter(found))], classes)


def _check_width(plan: Plan, output: Any, classes: Collection[str]) -> None:
    width = output.shape[-1] if len(output.shape) > 1 else 1
    if width == len(classes) or (width == 1 and len(classes) == 2):
        return
    shown = ", ".join(list(classes)[:10]) + (", ..." if len(classes) > 10 else "")
    raise ModelCodeError(
        f"models/{plan.model}/model.py: the network answers {width} "
        f"number{'' if width == 1 else 's'} a row, and the label '{plan.label}' has "
        f"{len(classes)} classes",
        f"Expected: one for each of {shown}"
        f"{', or one for the second of the two' if len(classes) == 2 else ''}.",
        "Let the last layer have one unit for each, with softmax and the loss "
        "sparse_categorical_crossentropy; models.common.labels.encoding.class_names has them.",
    )
