"""The statistic of Keras' metrics that TFMA computes by their weights, which add up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow_model_analysis.metrics import metric_util
from tensorflow_model_analysis.utils import model_util
from tensorflow_model_analysis.utils.keras_lib import tf_keras

from components.evaluation.batches.chunk import Chunk, Seen, View
from components.evaluation.batches.statistics import Statistic
from components.evaluation.batches.sums import Sums, in_all

_WRAPPER = tf_keras.metrics.MeanMetricWrapper
_ROOT = tf_keras.metrics.RootMeanSquaredError


class KerasSums(Statistic):
    """The weights of metrics of Keras.

    A mean of a function of each row is had of all samples at once. Any other metric is updated with
    the rows of each sample.
    """

    NEEDS = (
        *("_eval_config", "_model_name", "_output_names", "_loss_configs", "_sub_key"),
        *("_aggregation_type", "_class_weights", "_example_weighted", "_sub_key_in_config"),
    )

    def is_plain(self) -> bool:
        """Whether there are metrics alone, and rows are not padded."""
        own = self.combiner
        spec = own._eval_config and model_util.get_model_spec(own._eval_config, own._model_name)
        return (
            super().is_plain()
            and not any(own._loss_configs)
            and not (spec and spec.HasField("padding_options"))
        )

    def sums(self, chunk: Chunk) -> Sums | None:
        """The weights after a chunk."""
        found = []
        for output_name, metrics in self._metrics():
            seen = self._seen(chunk, output_name)
            if seen is None:
                return None
            try:
                found += [_weights(metric, seen, chunk.draws) for metric in metrics]
            except (TypeError, ValueError, tf.errors.OpError):
                return None  # TFMA says what does not fit.
        return Sums(np.zeros(1, np.int64), np.concatenate(found, axis=1)[None])

    def accumulator(self, cells: np.ndarray, values: np.ndarray) -> Any:
        """The weights of each metric."""
        made = self.combiner.create_accumulator()
        rest = values[0]
        for output, (_, metrics) in enumerate(self._metrics()):
            for number, metric in enumerate(metrics):
                weights = []
                for shape in [weight.shape for weight in metric.get_weights()]:
                    size = int(np.prod(shape))
                    weights.append(rest[:size].reshape(shape).astype(np.float32))
                    rest = rest[size:]
                made.add_weights(output, number, weights)
        return made

    def _metrics(self) -> Iterator[tuple[str, Any]]:
        for output_name in self.combiner._output_names:
            yield output_name, self.combiner._metrics[output_name]

    def _seen(self, chunk: Chunk, output_name: str) -> Seen | None:
        own = self.combiner
        key = metric_util.metric_types.MetricKey(
            name="", model_name=own._model_name, output_name=output_name, sub_key=own._sub_key
        )
        view = View.of(
            key,
            own._eval_config,
            sub_key=not own._sub_key_in_config,
            example_weighted=own._example_weighted,
        )
        seen = chunk.seen(view)
        if seen is None or not own._sub_key_in_config:
            return seen
        if seen.labels.shape == seen.predictions.shape:
            return seen
        flat = chunk.flat(view)
        return flat and seen._replace(labels=flat.labels.reshape(seen.predictions.shape))


def _weights(metric: Any, seen: Seen, draws: np.ndarray) -> np.ndarray:
    """[samples, numbers]: the metric's weights after the rows of each sample."""
    values = _values(metric, seen)
    return _updated(metric, seen, draws) if values is None else in_all(values, draws).values[0]


def _values(metric: Any, seen: Seen) -> np.ndarray | None:
    """[rows, 2]: what each row adds to total and count; None where the metric is no mean."""
    update = type(metric).update_state
    labels, predictions = (
        tf.cast(numbers, metric.dtype) for numbers in (seen.labels, seen.predictions)
    )
    if isinstance(metric, _WRAPPER) and update is _WRAPPER.update_state:
        values = metric._fn(labels, predictions, **metric._fn_kwargs)
    elif update is _ROOT.update_state:
        values = tf.math.squared_difference(predictions, labels)
    else:
        return None
    values = np.asarray(values, dtype=float)
    if values.ndim not in (1, 2) or len(values) != len(seen.weights):
        return None
    values = values.reshape(len(values), -1)
    return np.stack([values.sum(axis=1) * seen.weights, values.shape[1] * seen.weights], axis=1)


def _updated(metric: Any, seen: Seen, draws: np.ndarray) -> np.ndarray:
    """As `_weights`, sample by sample."""
    found = []
    for drawn in draws.T.astype(int):
        metric.reset_state()
        rows = np.repeat(np.arange(len(drawn)), drawn)
        if len(rows):
            metric.update_state(
                seen.labels[rows], seen.predictions[rows], seen.weights[rows][:, None]
            )
        found.append(metric.get_weights())
    return np.stack(
        [np.concatenate([np.ravel(one) for one in weights]).astype(float) for weights in found]
    )
