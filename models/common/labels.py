"""What a label is: numbers as they are, truth values as 0 and 1, text as the number of its class.

The encoding is a part of the transform graph, so that training, judging and serving share it.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam.experimental as tft_beam

from models.common import examples
from models.common.errors import ModelCodeError, did_you_mean

if TYPE_CHECKING:
    from models.common.plan import Plan

CLASSES_FILE = "label_classes"
"""The asset of the transform graph that has the names of a text label's classes, one a line."""
MOST_COUNTED = 1000
"""A label with more distinct values is a quantity: they are not counted by value."""
MOST_CLASSES = 100
"""A number with more distinct values is no class that a weight could be given to."""
UNKNOWN = "has a value that is no class of it: "
"""What the error of the graph says before the value."""
FEW_CLASSES = 20
"""Text with so many distinct values may be a label however few rows there are."""


def encode(outputs: Mapping[str, Any], name: str, classes: Sequence[str] = ()) -> dict[str, Any]:
    """Makes the label among the outputs of a `preprocessing_fn` a number.

    Args:
        outputs: What `preprocessing_fn` returned.
        name: The label among them.
        classes: The classes of a text label, the first of which is 0; none: the sorted values of
            the training split.

    Returns:
        The outputs, with a label of int64 or float32. Whatever is no dense tensor stays as it is.
    """
    label = outputs.get(name)
    if not isinstance(label, tf.Tensor):
        return dict(outputs)
    if label.dtype == tf.string:
        label = _class_numbers(label, name, classes)
    elif label.dtype.is_bool or label.dtype.is_integer:
        label = tf.cast(label, tf.int64)
    elif label.dtype.is_floating:
        label = tf.cast(label, tf.float32)
    return {**outputs, name: label}


def _class_numbers(label: tf.Tensor, name: str, classes: Sequence[str]) -> tf.Tensor:
    [path] = tft.experimental.ptransform_analyzer(
        [label], _ClassesFile(classes), [tf.string], [[]], output_asset_default_values=[b"a\nb\n"]
    )
    whole_line = tf.lookup.TextFileIndex.WHOLE_LINE
    line_number = tf.lookup.TextFileIndex.LINE_NUMBER
    known = tf.lookup.TextFileInitializer(path, tf.string, whole_line, tf.int64, line_number)
    numbers = tf.lookup.StaticHashTable(known, -1).lookup(label)
    # An assertion would run whenever the graph does, also in a request, where the label is empty.
    # Parsing runs where its result is used, and its error has the text that is no number.
    mistake = tf.strings.join([f"The label '{name}' {UNKNOWN}", label])
    unknown = tf.logical_and(numbers < 0, tf.not_equal(label, ""))
    return tf.strings.to_number(tf.where(unknown, mistake, tf.strings.as_string(numbers)), tf.int64)


class _ClassesFile(tft_beam.PTransformAnalyzer):
    """Writes the classes of a text label to a file, one a line: those given, or all, sorted."""

    def __init__(self, classes: Sequence[str]) -> None:
        super().__init__()
        self._classes = [name.encode() for name in classes]

    def expand(self, batches: beam.PCollection) -> beam.PCollection:
        path = f"{self.base_temp_dir}/{CLASSES_FILE}"
        return (
            batches
            | beam.FlatMap(lambda arrays: np.unique(np.ravel(arrays[0]).astype(object)).tolist())
            | beam.Distinct()
            | beam.combiners.ToList()
            | beam.Map(functools.partial(_write_lines, path, self._classes))
        )


def _write_lines(path: str, classes: Sequence[bytes], values: Iterable[bytes]) -> np.ndarray:
    tf.io.gfile.makedirs(path.rpartition("/")[0])
    with tf.io.gfile.GFile(path, "wb") as file:
        # The empty text stands for a label that is not there.
        lines = classes or sorted(value for value in values if value)
        file.write(b"".join(line + b"\n" for line in lines))
    return np.array(path.encode(), dtype=object)


def class_names(transform: tft.TFTransformOutput) -> list[str]:
    """The names of a text label's classes, the first of which is 0; empty where it is a number.

    `build_model` can ask it how many units the last layer needs.
    """
    path = f"{transform.transform_savedmodel_dir}/assets/{CLASSES_FILE}"
    if not tf.io.gfile.exists(path):
        return []
    with tf.io.gfile.GFile(path, "rb") as file:
        return [line.decode(errors="replace") for line in file.read().split(b"\n")[:-1]]


@dataclass(frozen=True)
class LabelValues:
    """What the training split has of a label."""

    rows: int
    classes: list[str]
    """The classes' names of a text label, the first of which is 0; empty where it is a number."""
    counts: Counter[float] | None = None
    """Rows by value; None of a label with several numbers a row or with very many values."""


def check(
    plan: Plan,
    transform: tft.TFTransformOutput,
    train_files: Sequence[str],
    eval_files: Sequence[str] = (),
) -> LabelValues:
    """Describes the label of the training split, and refuses one that cannot be learnt.

    Args:
        plan: What the configuration says of the label.
        transform: The fitted preprocessing.
        train_files: TFRecord files of raw examples to learn from.
        eval_files: The same for validation.

    Raises:
        ModelCodeError: A label is missing among the transformed features or is of a shape that no
            network learns, is not a number in some row, or is the same in every row.
    """
    found = []
    for name in plan.labels:
        _check_shape(plan.model, transform, name)
        classes = class_names(transform) if name == plan.label else []
        found.append(_values(plan, transform, name, classes, train_files))
        _values(plan, transform, name, classes, eval_files, split="eval")
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
    split: str = "train",
) -> LabelValues:
    """Counts a label's values in one pass over the files."""
    rows, missing, constant = 0, 0, True
    counts: Counter[float] | None = Counter()
    first: np.ndarray | None = None
    try:
        for batch in examples.values(files, transform, name):
            columns = batch.reshape(len(batch), -1)
            absent = (columns < 0 if classes else ~np.isfinite(columns)).any(axis=1)
            first = columns[0] if first is None else first
            rows, missing = rows + len(batch), missing + int(absent.sum())
            constant = constant and bool((columns == first).all())
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
    return LabelValues(rows, classes, counts)


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
