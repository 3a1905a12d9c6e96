"""TFMA's metrics of rows that are at hand, without Beam: the very computations of the Evaluator."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from tensorflow_model_analysis.evaluators import metrics_plots_and_validations_evaluator as tfma
from tensorflow_model_analysis.metrics import metric_specs, metric_types
from tensorflow_model_analysis.proto import config_pb2

from components.evaluation import mended  # noqa: F401  (by importing it)


class MetricComputations:
    """What computes some metrics.

    Args:
        specs: The metrics.
        eval_config: What TFMA has to know of label and weights.

    Raises:
        Exception: Whatever TFMA and Keras raise for a metric or options that they do not know.
        ValueError: A metric needs more than labels and predictions.
    """

    def __init__(
        self, specs: Sequence[config_pb2.MetricsSpec], eval_config: config_pb2.EvalConfig
    ) -> None:
        separated = tfma._filter_and_separate_computations(
            metric_specs.to_computations(list(specs), eval_config=eval_config)
        )
        self._derived = separated.derived_computations
        self._number = len(separated.non_derived_computations)
        for computation in separated.non_derived_computations:
            for preprocessor in computation.preprocessors or ():
                if type(preprocessor) is not metric_types.StandardMetricInputsPreprocessor:
                    raise ValueError("it cannot be computed from labels and predictions")
        self._combiner = tfma._ComputationsCombineFn(separated.non_derived_computations)
        self._combiner.setup()

    def new(self) -> Any:
        """Partial results of no rows."""
        return self._combiner.create_accumulator()

    def add(self, partial: Any, row: metric_types.StandardMetricInputs) -> Any:
        """Partial results with one row more; those that were given may be changed."""
        element = {
            tfma._COMBINER_INPUTS_KEY: [None] * self._number,
            tfma._DEFAULT_COMBINER_INPUT_KEY: [row],
        }
        return self._combiner.add_input(partial, element)

    def merged(self, partials: Iterable[Any]) -> Any:
        """Partial results of all rows of several; those that were given stay as they are."""
        return self._combiner.merge_accumulators(partials)

    def values(self, partial: Any) -> dict[metric_types.MetricKey, Any]:
        """The metrics by TFMA's keys; what TFMA keeps for itself is left out."""
        values = dict(self._combiner.extract_output(partial))
        for derived in self._derived:
            values.update(derived.result(values))
        return {key: value for key, value in values.items() if not key.name.startswith("_")}
