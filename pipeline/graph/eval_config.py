"""The Evaluator's configuration, from the `evaluation` section of a model's config."""

from __future__ import annotations

import json
from collections.abc import Iterator

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import config_pb2

from components.evaluation import judged_rows
from components.evaluation.judged_rows import JudgedRows
from models.common.errors import ConfigError, did_you_mean
from pipeline.config.model_config import Bounds, Evaluation, Metric, ModelConfig
from pipeline.results.evaluation import NEEDS_BOTH_CLASSES, SHARE_OF_POSITIVES


def eval_config(model: str, settings: ModelConfig) -> config_pb2.EvalConfig:
    """Builds TFMA's configuration: metrics, slices, and the thresholds that decide the blessing.

    Raises:
        ConfigError: A metric is not one that TFMA or Keras has.
    """
    evaluation = settings.evaluation
    overall = config_pb2.SlicingSpec()
    slices = [config_pb2.SlicingSpec(feature_keys=list(names)) for names in evaluation.slices]
    return config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(
                signature_name="serving_examples",
                label_key=settings.label.name,
                prediction_key=settings.label.output or "",
                example_weight_key=settings.label.weight or "",
                preprocessing_function_names=["transform_features"],
            )
        ],
        slicing_specs=[overall, *slices],
        metrics_specs=[
            config_pb2.MetricsSpec(
                metrics=[
                    *(_metric_config(model, *item) for item in evaluation.metrics.items()),
                    *_share_of_positives(evaluation),
                    config_pb2.MetricConfig(
                        class_name=JudgedRows.__name__,
                        module=JudgedRows.__module__,
                        config=json.dumps({"name": judged_rows.NAME}),
                    ),
                ]
            )
        ],
        options=_options(evaluation),
    )


def _options(evaluation: Evaluation) -> config_pb2.Options:
    if not evaluation.confidence_intervals:
        return config_pb2.Options()
    # The jackknife would be faster, but it merges accumulators into each other that it needs again,
    # and so gets some metrics wrong, BinaryCrossEntropy among them.
    method = config_pb2.ConfidenceIntervalOptions.POISSON_BOOTSTRAP
    return config_pb2.Options(
        compute_confidence_intervals={"value": True},
        confidence_intervals=config_pb2.ConfidenceIntervalOptions(method=method),
    )


def _metric_config(model: str, name: str, metric: Metric) -> config_pb2.MetricConfig:
    known = set(tfma.metrics.metric_types.registered_metrics()) | _keras_metrics()
    if name not in known:
        raise ConfigError(
            f"models/{model}/config.yaml: evaluation.metrics has an unknown metric '{name}'"
            f"{did_you_mean(name, known)}",
            "Expected: the class name of a metric of TFMA or Keras, "
            "such as AUC, BinaryAccuracy, MeanSquaredError.",
            "https://www.tensorflow.org/tfx/model_analysis/metrics lists them.",
        )
    overall = config_pb2.MetricThreshold()
    if metric.at_least is not None or metric.at_most is not None:
        overall.value_threshold.CopyFrom(_value_threshold(metric))
    if metric.max_regression is not None:
        overall.change_threshold.CopyFrom(_change_threshold(metric))
    thresholds = [
        _for_slice(key, config_pb2.MetricThreshold(value_threshold=_value_threshold(bounds)))
        for key, bounds in metric.per_slice.items()
    ]
    if overall.ByteSize():
        # TFMA holds what stands in MetricConfig.threshold against every slice.
        thresholds.append(_for_slice("", overall))
    return config_pb2.MetricConfig(
        class_name=name,
        # Named as the config names it, so that results need no translation.
        config=json.dumps({**metric.options, "name": name}),
        per_slice_thresholds=thresholds,
    )


def _share_of_positives(evaluation: Evaluation) -> list[config_pb2.MetricConfig]:
    """A metric beside the config's own where a slice of one class has to be told from a bad one."""
    if not NEEDS_BOTH_CLASSES & set(evaluation.metrics):
        return []
    name = json.dumps({"name": SHARE_OF_POSITIVES})
    return [config_pb2.MetricConfig(class_name="MeanLabel", config=name)]


def _for_slice(
    key: str, threshold: config_pb2.MetricThreshold
) -> config_pb2.PerSliceMetricThreshold:
    """A threshold for `feature` (each value), for `feature=value`, or for "", all rows."""
    feature, equals, value = key.partition("=")
    if equals:
        spec = config_pb2.SlicingSpec(feature_values={feature: value})
    else:
        spec = config_pb2.SlicingSpec(feature_keys=[feature] if feature else [])
    return config_pb2.PerSliceMetricThreshold(slicing_specs=[spec], threshold=threshold)


def _change_threshold(metric: Metric) -> config_pb2.GenericChangeThreshold:
    assert metric.max_regression is not None
    if metric.direction == "higher":
        return config_pb2.GenericChangeThreshold(
            direction=config_pb2.MetricDirection.HIGHER_IS_BETTER,
            absolute={"value": -metric.max_regression},
        )
    return config_pb2.GenericChangeThreshold(
        direction=config_pb2.MetricDirection.LOWER_IS_BETTER,
        absolute={"value": metric.max_regression},
    )


def _value_threshold(bounds: Bounds) -> config_pb2.GenericValueThreshold:
    threshold = config_pb2.GenericValueThreshold()
    if bounds.at_least is not None:
        threshold.lower_bound.value = bounds.at_least
    if bounds.at_most is not None:
        threshold.upper_bound.value = bounds.at_most
    return threshold


def _keras_metrics() -> set[str]:
    def names() -> Iterator[str]:
        import keras

        for name, value in vars(keras.metrics).items():
            if isinstance(value, type) and issubclass(value, keras.metrics.Metric):
                yield name

    return set(names())
