"""A metric of Keras, such as one from a model's own folder, as a metric of TFMA.

TFMA knows the metrics of Keras 2 alone, and merges partial results by adding up the metric's
weights, which is right for means and counts and wrong for anything else. This one keeps labels and
predictions until a slice is whole, and then has the metric see each row once, whatever it makes of
them.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Iterable, Mapping
from typing import Any

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import metric_types, metric_util

from components.beam_errors import pack_data_error
from components.evaluation.batches.chunk import Chunk, View
from models.common import model_folder

_CHUNK = 1024
"""Rows that become one array, so that a row takes no more memory than its numbers."""

_Row = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Label, prediction and weight."""
_Rows = tuple[list[_Row], list[_Row]]
"""Rows that have come last, and chunks of earlier ones, each array with one dimension more."""


class KerasMetric(metric_types.Metric):
    """What a metric of Keras says of a slice; NaN of no rows.

    Args:
        name: The metric's name in the results.
        module: The module of its class, such as `models.taxi.metrics`.
        class_name: The class.
        options: What it is made with.
    """

    def __init__(
        self, name: str, module: str, class_name: str, options: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(
            metric_util.merge_per_key_computations(_computations),
            name=name,
            module=module,
            class_name=class_name,
            options=dict(options or {}),
        )


metric_types.register_metric(KerasMetric)


def _computations(
    name: str,
    module: str,
    class_name: str,
    options: Mapping[str, Any],
    eval_config: Any = None,
    model_name: str = "",
    output_name: str = "",
    sub_key: metric_types.SubKey | None = None,
    example_weighted: bool = False,
) -> metric_types.MetricComputations:
    key = metric_types.MetricKey(
        name=name,
        model_name=model_name,
        output_name=output_name,
        sub_key=sub_key,
        example_weighted=example_weighted,
    )
    combiner = _Combiner(key, module, class_name, dict(options), eval_config)
    return [metric_types.MetricComputation(keys=[key], preprocessors=None, combiner=combiner)]


class _Combiner(beam.CombineFn):
    """Keeps the rows of a slice, and hands them to the metric at its end."""

    def __init__(
        self,
        key: metric_types.MetricKey,
        module: str,
        class_name: str,
        options: dict[str, Any],
        eval_config: Any,
    ) -> None:
        self._key = key
        self._module = module
        self._class_name = class_name
        self._options = options
        self._eval_config = eval_config

    def create_accumulator(self) -> _Rows:
        return [], []

    def add_input(self, accumulator: _Rows, element: metric_types.StandardMetricInputs) -> _Rows:
        latest, chunks = accumulator
        for row in metric_util.to_label_prediction_example_weight(
            element,
            eval_config=self._eval_config,
            model_name=self._key.model_name,
            output_name=self._key.output_name,
            sub_key=self._key.sub_key,
            example_weighted=self._key.example_weighted,
            flatten=False,
        ):
            latest.append(tuple(np.atleast_1d(part) for part in row))
        if len(latest) >= _CHUNK:
            chunks.append(_stacked(latest))
            latest.clear()
        return accumulator

    def add_batch(self, accumulator: _Rows, chunk: Chunk) -> _Rows | None:
        """Keeps rows at once; None where they have to be looked at one by one."""
        seen = chunk.seen(View.of(self._key, self._eval_config))
        if seen is None:
            return None
        if len(seen.labels):
            accumulator[1].append(tuple(seen))
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[_Rows]) -> _Rows:
        merged: _Rows = [], []
        for latest, chunks in accumulators:
            merged[1].extend([*chunks, _stacked(latest)] if latest else chunks)
        return merged

    def extract_output(self, accumulator: _Rows) -> dict[metric_types.MetricKey, Any]:
        latest, chunks = accumulator
        every = [*chunks, _stacked(latest)] if latest else chunks
        value = pack_data_error(self._measured)(every) if every else float("nan")
        return {self._key: value}

    def _measured(self, chunks: list[_Row]) -> Any:
        with self._errors_in_words():
            made = getattr(importlib.import_module(self._module), self._class_name)
            metric = made(**self._options)
            for labels, predictions, weights in chunks:
                weighted = {"sample_weight": weights} if self._key.example_weighted else {}
                metric.update_state(labels, predictions, **weighted)
            value = np.asarray(metric.result())
            return float(value) if value.ndim == 0 else value

    def _errors_in_words(self) -> contextlib.AbstractContextManager[None]:
        """Names file and line where the metric is one from a model's folder."""
        room, *inside = self._module.split(".")
        if room != "models":
            return contextlib.nullcontext()
        return model_folder.errors_of(inside[0], f"the metric {self._class_name}")


def _stacked(rows: list[_Row]) -> _Row:
    labels, predictions, weights = (np.stack(parts) for parts in zip(*rows, strict=True))
    return labels, predictions, weights.reshape(len(rows))
