"""From what preprocessing returns for a label to numbers; classes keep their names.

The encoding is a part of the transform graph, so that training, judging and serving share it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam.experimental as tft_beam

from models.common.errors import ModelCodeError

CLASSES_FILE = "label_classes"
"""The asset of the transform graph that has the names of the classes, one a line."""
UNKNOWN = "has a value that is no class of it: "
"""What the error of the graph says before the value."""


def encode(outputs: Mapping[str, Any], name: str, classes: Sequence[str] = ()) -> dict[str, Any]:
    """Makes the label among the outputs of a `preprocessing_fn` a number.

    Args:
        outputs: What `preprocessing_fn` returned.
        name: The label among them.
        classes: The names of the classes, the first of which is 0; none: of a text label the sorted
            values of the training split, and of a number none.

    Returns:
        The outputs, with a label of int64 or float32. Whatever is no dense tensor stays as it is.

    Raises:
        ModelCodeError: There are classes, and the label has several numbers a row.
    """
    label = outputs.get(name)
    if not isinstance(label, tf.Tensor):
        return dict(outputs)
    if classes and label.shape.rank == 2 and label.shape[1] != 1:
        raise ModelCodeError(
            f"label.classes: the label '{name}' has the shape {label.shape.as_list()}",
            "Expected: [batch], one class a row. Received: several numbers a row.",
            "Remove label.classes from config.yaml, or return the class of each row.",
        )
    if classes and label.dtype != tf.string:
        label = _named(label, classes)
    if label.dtype == tf.string:
        label = _class_numbers(label, name, classes)
    elif label.dtype.is_bool or label.dtype.is_integer:
        label = tf.cast(label, tf.int64)
    elif label.dtype.is_floating:
        label = tf.cast(label, tf.float32)
    return {**outputs, name: label}


def _named(label: tf.Tensor, classes: Sequence[str]) -> tf.Tensor:
    """The names of numbered classes; a number that is none of them stays, as text."""
    number = tf.cast(label, tf.int64)
    is_known = (number >= 0) & (number < len(classes))
    if label.dtype.is_floating:
        is_known &= tf.cast(number, label.dtype) == label
    name = tf.gather(tf.constant(list(classes)), tf.clip_by_value(number, 0, len(classes) - 1))
    return tf.where(is_known, name, tf.strings.as_string(label))


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


NUMBER = "/number"
"""What follows the label's name where its numbers stand beside the names of its classes."""


def for_judging(
    outputs: Mapping[str, Any], label: str, classes: Sequence[str] = ()
) -> dict[str, Any]:
    """Transformed features as the Evaluator looks at them.

    It finds the values of a slice by name, first among these, and there a label of text would be
    numbers: a slice `leaves=yes` would have no rows.

    Args:
        outputs: Transformed features, with the label as numbers.
        label: The label among them.
        classes: The names of its classes; empty where it has none.

    Returns:
        The same, but the label as the names of its classes; its numbers are `<label>/number`.
    """
    numbers = outputs[label]
    shown = numbers
    if classes:
        shown = tf.gather(
            tf.constant(list(classes)), tf.clip_by_value(numbers, 0, len(classes) - 1)
        )
    return {**outputs, label: shown, f"{label}{NUMBER}": numbers}


def class_names(transform: tft.TFTransformOutput) -> list[str]:
    """The names of a text label's classes, the first of which is 0; empty where it is a number.

    `build_model` can ask it how many units the last layer needs.
    """
    path = f"{transform.transform_savedmodel_dir}/assets/{CLASSES_FILE}"
    if not tf.io.gfile.exists(path):
        return []
    with tf.io.gfile.GFile(path, "rb") as file:
        return [line.decode(errors="replace") for line in file.read().split(b"\n")[:-1]]
