"""Which combiners of TFMA there is a statistic for."""

from __future__ import annotations

import apache_beam as beam
from tensorflow_model_analysis.metrics import (
    binary_confusion_matrices,
    calibration,
    calibration_histogram,
    cross_entropy_metrics,
    example_count,
    mean_regression_error,
    multi_class_confusion_matrix_metrics,
    squared_pearson_correlation,
    tf_metric_wrapper,
)

from components.evaluation.batches import errors, scores
from components.evaluation.batches.keras_sums import KerasSums
from components.evaluation.batches.statistics import Statistic

STATISTICS: dict[type[beam.CombineFn], type[Statistic]] = {
    calibration_histogram._CalibrationHistogramCombiner: scores.CalibrationHistogram,
    binary_confusion_matrices._BinaryConfusionMatrixCombiner: scores.ConfusionMatrices,
    calibration._WeightedLabelsPredictionsExamplesCombiner: scores.Totals,
    example_count._ExampleCountCombiner: scores.ExampleCount,
    multi_class_confusion_matrix_metrics._MultiClassConfusionMatrixCombiner: scores.ClassConfusion,
    mean_regression_error._MeanAbsoluteErrorCombiner: errors.AbsoluteError,
    mean_regression_error._MeanSquaredErrorCombiner: errors.SquaredError,
    mean_regression_error._MeanAbsolutePercentageErrorCombiner: errors.PercentageError,
    mean_regression_error._MeanSquaredLogarithmicErrorCombiner: errors.SquaredLogarithmicError,
    squared_pearson_correlation._SquaredPearsonCorrelationCombiner: errors.Correlation,
    cross_entropy_metrics._BinaryCrossEntropyCombiner: errors.BinaryCrossEntropy,
    cross_entropy_metrics._CategoricalCrossEntropyCombiner: errors.CategoricalCrossEntropy,
    tf_metric_wrapper._CompilableMetricsCombiner: KerasSums,
}
"""The statistic of each combiner; a subclass of a combiner has none, as it may do anything."""


def statistic_of(combiner: beam.CombineFn) -> Statistic | None:
    """What sums up all rows at once for a combiner; None where TFMA has to do it row by row.

    Raises:
        RunError: This version of TFMA has another kind of combiner under that name.
    """
    kind = STATISTICS.get(type(combiner))
    made = kind(combiner) if kind else None
    return made if made and made.is_plain() else None
