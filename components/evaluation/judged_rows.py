"""A metric of TFMA that sums up labels and predictions for the plots of a run's report.

TFMA's own plots need to be told the task and a regression's range of labels, and one that does not
fit a model's outputs fails the Evaluator. This one looks at the rows, and where it can make nothing
of them it says nothing. Its value is JSON, so no threshold can be held against it.
"""

from __future__ import annotations

import json
import random
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import metric_types, metric_util

from components.evaluation import mended, plot_data  # noqa: F401  (mended by importing it)
from components.evaluation.batches.chunk import Chunk, View

NAME = "plot_data"
MOST_ROWS = 10_000
"""Of more rows a random sample of so many is taken."""


_MULTI_LABEL = 0
"""As the number of classes of a row that has several at once."""


class _Row(NamedTuple):
    rank: float
    """Random: the rows of the lowest ranks are the sample, however the parts are merged."""
    label: float
    prediction: float
    """The predicted number; of several, which of them is the largest."""
    classes: int
    """How many numbers the model predicts of a row."""


class JudgedRows(metric_types.Metric):
    """What the labels and predictions of a slice plot as; see `components.evaluation.plot_data`.

    Args:
        name: The metric's name.
    """

    def __init__(self, name: str = NAME) -> None:
        super().__init__(metric_util.merge_per_key_computations(_computations), name=name)

    @property
    def compute_confidence_interval(self) -> bool:
        """Whether TFMA looks for an interval: of no text."""
        return False


metric_types.register_metric(JudgedRows)


def _computations(
    name: str = NAME,
    eval_config: Any = None,
    model_name: str = "",
    output_name: str = "",
    example_weighted: bool = False,
) -> metric_types.MetricComputations:
    key = metric_types.MetricKey(
        name=name,
        model_name=model_name,
        output_name=output_name,
        example_weighted=example_weighted,
    )
    return [
        metric_types.MetricComputation(
            keys=[key], preprocessors=None, combiner=_Sample(key, eval_config)
        )
    ]


class _Sample(beam.CombineFn):
    """Keeps a random sample of rows and sums it up at the end."""

    def __init__(self, key: metric_types.MetricKey, eval_config: Any) -> None:
        self._key = key
        self._eval_config = eval_config

    def create_accumulator(self) -> list[_Row]:
        return []

    def add_input(
        self, accumulator: list[_Row], element: metric_types.StandardMetricInputs
    ) -> list[_Row]:
        row = self._row(element)
        if row is not None:
            accumulator.append(row)
        return _thinned(accumulator, 2 * MOST_ROWS)

    def add_batch(self, accumulator: list[_Row], chunk: Chunk) -> list[_Row] | None:
        """Adds rows at once; None where they have to be looked at one by one."""
        view = View.of(self._key, self._eval_config, sub_key=False, example_weighted=False)
        seen = chunk.seen(view)
        if seen is None:
            return None
        labels, predictions, _ = seen
        classes = predictions.shape[1]
        if labels.shape[1] > 1:
            if labels.shape != predictions.shape:
                return accumulator
            one_hot = np.count_nonzero(labels, axis=1) == 1
            if not one_hot.all():
                accumulator.append(_Row(0.0, 0.0, 0.0, _MULTI_LABEL))
            labels = labels.argmax(axis=1)[one_hot, None]
            predictions = predictions[one_hot]
        known = np.isfinite(labels).all(axis=1) & np.isfinite(predictions).all(axis=1)
        found = predictions[:, 0] if classes == 1 else predictions.argmax(axis=1)
        ranks = np.array([random.random() for _ in range(len(labels))])
        if len(accumulator) >= MOST_ROWS:
            # What is behind all that would be kept is not kept.
            known &= ranks < max(accumulator).rank
        accumulator.extend(
            _Row(*row, classes)
            for row in zip(
                ranks[known].tolist(),
                labels[known, 0].astype(float).tolist(),
                found[known].astype(float).tolist(),
                strict=True,
            )
        )
        return _thinned(accumulator, 2 * MOST_ROWS)

    def merge_accumulators(self, accumulators: Any) -> list[_Row]:
        return _thinned([row for rows in accumulators for row in rows], 2 * MOST_ROWS)

    def extract_output(self, accumulator: list[_Row]) -> dict[metric_types.MetricKey, bytes]:
        rows = _thinned(accumulator, MOST_ROWS)
        labels = np.array([row.label for row in rows])
        predictions = np.array([row.prediction for row in rows])
        classes = {row.classes for row in rows}
        plots = plot_data.plots(labels, predictions, classes.pop()) if len(classes) == 1 else {}
        return {self._key: json.dumps(plots, separators=(",", ":")).encode()}

    def _row(self, element: metric_types.StandardMetricInputs) -> _Row | None:
        """The row's label and prediction; None where they are not one number or class each."""
        try:
            [(label, prediction, _)] = metric_util.to_label_prediction_example_weight(
                element,
                eval_config=self._eval_config,
                model_name=self._key.model_name,
                output_name=self._key.output_name,
                flatten=False,
            )
            label, prediction = (np.ravel(x).astype(float) for x in (label, prediction))
        except (KeyError, TypeError, ValueError):
            return None  # Text, or several outputs by name.
        if label.size > 1 and label.size == prediction.size:
            if np.count_nonzero(label) != 1:
                # Several classes at once, or none: other rows of it may look as if they were
                # one-hot, so this one says that there is no plot for any.
                return _Row(random.random(), 0.0, 0.0, _MULTI_LABEL)
            label = np.array([float(np.argmax(label))])  # One-hot.
        if label.size != 1 or not prediction.size:
            return None
        if not (np.isfinite(label).all() and np.isfinite(prediction).all()):
            return None
        predicted = float(prediction[0] if prediction.size == 1 else np.argmax(prediction))
        return _Row(random.random(), float(label[0]), predicted, prediction.size)


def _thinned(rows: list[_Row], most: int) -> list[_Row]:
    return rows if len(rows) <= most else sorted(rows)[:MOST_ROWS]
