"""What a label holds: whether a network can learn it, and how much its classes count."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from models.common import examples
from models.common.errors import ModelCodeError, did_you_mean
from models.common.labels.encoding import UNKNOWN, class_names
from models.common.plan import Plan

MOST_COUNTED = 1000
"""A label with more distinct values is a quantity: they are not counted by value."""
MOST_CLASSES = 100
"""A number with more distinct values is no class that a weight could be given to."""
FEW_CLASSES = 20
"""Text with so many distinct values may be a label however few rows there are."""


@dataclass(frozen=True)
class LabelValues:
    """What the training split has of a label."""

    rows: int
    classes: list[str]
    """The classes' names of a text label, the first of which is 0; empty where it is a number."""
    counts: Counter[float] | None = None
    """Rows by value; None of a label with several numbers a row or with very many values."""
    limits: tuple[float, float] | None = None
    """Its smallest and largest number in any split; None where nothing was looked at."""


def check(
    plan: Plan,
    transform: tft.TFTransformOutput,
    train_files: Sequence[str],
    eval_files: Sequence[str] = (),
    test_files: Sequence[str] = (),
) -> LabelValues:
    """Describes the label of the training split, and refuses one that cannot be learnt.

    Args:
        plan: What the configuration says of the label.
        transform: The fitted preprocessing.
        train_files: TFRecord files of raw examples to learn from.
        eval_files: The same for validation.
        test_files: The same for judging, where a label that is no number would end the Evaluator.

    Raises:
        ModelCodeError: A label is missing among the transformed features or is of a shape that no
            network learns, is not a number in some row, or is the same in every row.
    """
    found = []
    for name in plan.labels:
        _check_shape(plan.model, transform, name)
        classes = class_names(transform) if name == plan.label else []
        splits = {"train": train_files, "eval": eval_files, "test": test_files}
        of_splits = [
            _values(plan, transform, name, classes, files, split) for split, files in splits.items()
        ]
        limits = [one.limits for one in of_splits if one.limits]
        lowest, highest = min(low for low, _ in limits), max(high for _, high in limits)
        found.append(dataclasses.replace(of_splits[0], limits=(lowest, highest)))
    label = found[0]
    if len(label.classes) > FEW_CLASSES and 2 * len(label.classes) > label.rows:
        raise ModelCodeError(
            f"models/{plan.model}/preprocessing.py: the label '{plan.label}' is text with "
            f"{len(label.classes):,} different values in {label.rows:,} rows of the training split",
            "Expected: a number, or the name of a class that many rows share. Received: "
            f"{', '.join(repr(name) for name in label.classes[:3])} and so on.",
            "Return a number, for example with tf.strings.to_number, after removing what is not "
            "a part of it.",
        )
    return label


def _check_shape(model: str, transform: tft.TFTransformOutput, name: str) -> None:
    spec = transform.transformed_feature_spec()
    file = f"models/{model}/preprocessing.py"
    if name not in spec:
        raise ModelCodeError(
            f"preprocessing_fn returns no '{name}'",
            f"The label in models/{model}/config.yaml is '{name}'; "
            f"preprocessing_fn returned: {', '.join(sorted(spec))}.",
            "Return the label under that name, or correct it in config.yaml.",
        )
    if not isinstance(spec[name], tf.io.FixedLenFeature):
        raise ModelCodeError(
            f"The label '{name}' is a sparse tensor",
            f"{file}: preprocessing_fn must return as many numbers for each row.",
            "Make it dense, one value a row, with models.common.preprocessing.fill_missing.",
        )
    shape = list(spec[name].shape)
    if len(shape) > 1:
        raise ModelCodeError(
            f"{file}: the label '{name}' has the shape {['batch', *shape]}",
            "Expected: [batch], one number a row; or [batch, k], k numbers a row.",
            "Reshape it in preprocessing_fn.",
        )


def _values(
    plan: Plan,
    transform: tft.TFTransformOutput,
    name: str,
    classes: list[str],
    files: Sequence[str],
    split: str,
) -> LabelValues:
    """Counts a label's values in one pass over the files."""
    rows, missing, constant = 0, 0, True
    counts: Counter[float] | None = Counter()
    first: np.ndarray | None = None
    lowest, highest = np.inf, -np.inf
    try:
        for batch in examples.values(files, transform, name):
            columns = batch.reshape(len(batch), -1)
            absent = (columns < 0 if classes else ~np.isfinite(columns)).any(axis=1)
            first = columns[0] if first is None else first
            rows, missing = rows + len(batch), missing + int(absent.sum())
            constant = constant and bool((columns == first).all())
            lowest, highest = min(lowest, columns.min()), max(highest, columns.max())
            if counts is not None:
                counts.update(columns[:, 0].tolist())
                countable = columns.shape[1] == 1 and len(counts) <= MOST_COUNTED
                counts = counts if countable else None
    except tf.errors.InvalidArgumentError as error:
        raise _unknown_class(plan, name, split, error) from error
    if missing:
        raise ModelCodeError(
            f"models/{plan.model}/preprocessing.py: the label '{name}' is "
            f"{'empty' if classes else 'no finite number'} in {missing:,} of {rows:,} rows of the "
            f"{split} split",
            "Expected: a value in every row. Rows without a value in a column of label.columns are "
            "left out, unless label.missing is 'keep'.",
            "Correct the label in preprocessing_fn, or the data it is made from.",
        )
    if constant and split == "train":
        values = [] if first is None else first.tolist()
        value = ", ".join(_name(value, classes) for value in values) or "missing"
        raise ModelCodeError(
            f"The label '{name}' is {value} in every row of the training split",
            "A model learns nothing from a constant label.",
            "Correct the label in preprocessing_fn, or the data it is made from.",
        )
    limits = (float(lowest), float(highest)) if rows else None
    return LabelValues(rows, classes, counts, limits)


def _unknown_class(plan: Plan, name: str, split: str, error: Exception) -> ModelCodeError:
    """What the graph's own words for an unknown class mean."""
    _, found, value = str(error).partition(UNKNOWN)
    if not found:
        return ModelCodeError(
            f"models/{plan.model}/preprocessing.py fails on rows of the {split} split",
            str(error).strip(),
            "Correct preprocessing_fn.",
        )
    return ModelCodeError(
        f"The label '{name}' has the value {value.splitlines()[0]!r} in the {split} split, "
        "which is none of its classes",
        "Expected: one of label.classes in config.yaml; or, where that key is not there, a value "
        "that the train split has too.",
        "Correct the value in the data, add it to label.classes, or provide more rows of it.",
    )


def weights_by_class(plan: Plan, label: LabelValues) -> dict[float, float]:
    """How much a row of each value of the label counts in training; empty where all count alike.

    `balanced` is rows / (classes * rows of the class), as scikit-learn has it.

    Raises:
        ModelCodeError: The label has no classes, or a weight is for none of them.
    """
    wanted, file = plan.class_weights, f"models/{plan.model}/config.yaml: training.class_weights"
    if not wanted:
        return {}
    counts = label.counts
    if counts is None or len(counts) > len(label.classes or range(MOST_CLASSES)):
        raise ModelCodeError(
            f"{file}: the label '{plan.label}' has no classes",
            f"Expected: at most {MOST_CLASSES} different values, one in each row. Received: "
            f"{'several numbers a row, or more values' if counts is None else len(counts)}.",
            "Remove the key; label.weight weighs rows by a column.",
        )
    names = {_name(value, label.classes): value for value in sorted(counts)}
    if isinstance(wanted, str):
        return {value: label.rows / (len(counts) * counts[value]) for value in names.values()}
    for name in wanted:
        if name not in names:
            raise ModelCodeError(
                f"{file}: the label '{plan.label}' has no class '{name}'"
                f"{did_you_mean(name, names)}",
                f"The train split has: {', '.join(list(names)[:20])}.",
                "Correct the name.",
            )
    return {names[name]: float(weight) for name, weight in wanted.items()}


def _name(value: float, classes: Sequence[str]) -> str:
    return classes[int(value)] if classes else f"{value:g}"
