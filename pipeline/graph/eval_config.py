"""The Evaluator's configuration, from the `evaluation` section of a model's config."""

from __future__ import annotations

import json

from tensorflow_model_analysis.proto import config_pb2

from components.evaluation import judged_rows, mistakes, worst_rows
from components.evaluation.judged_rows import JudgedRows
from components.evaluation.metric_values import NEEDS_BOTH_CLASSES, SHARE_OF_POSITIVES
from components.evaluation.mistakes import Mistakes
from components.evaluation.slice_names import SliceKey
from models.common.errors import ConfigError
from models.common.labels import encoding
from pipeline.config.model_config import Bounds, Evaluation, Metric, ModelConfig
from pipeline.graph import metric_probe
from pipeline.record import bounds

ROWS = frozenset({JudgedRows.__name__, Mistakes.__name__})
"""The metrics that keep rows to be shown. They measure nothing."""

_OVERALL = SliceKey(())
_RESERVED = {judged_rows.NAME, mistakes.NAME, worst_rows.NAME, SHARE_OF_POSITIVES}


def eval_config(model: str, settings: ModelConfig) -> config_pb2.EvalConfig:
    """Builds TFMA's configuration: metrics, slices, and the thresholds that decide the blessing.

    Raises:
        ConfigError: A metric is not one that TFMA, Keras or the model's folder has, or one that
            cannot be judged by labels and predictions.
        ModelCodeError: A metric of the model's folder failed.
    """
    evaluation = settings.evaluation
    overall = config_pb2.SlicingSpec()
    slices = [config_pb2.SlicingSpec(feature_keys=list(names)) for names in evaluation.slices]
    return config_pb2.EvalConfig(
        model_specs=[
            config_pb2.ModelSpec(
                signature_name="serving_examples",
                label_key=settings.label.name + encoding.NUMBER,
                prediction_key=settings.label.output or "",
                example_weight_key=settings.label.weight or "",
                preprocessing_function_names=["transform_features"],
            )
        ],
        slicing_specs=[overall, *slices],
        metrics_specs=_metrics_specs(model, evaluation),
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


def _metrics_specs(model: str, evaluation: Evaluation) -> list[config_pb2.MetricsSpec]:
    """One specification of the metrics that are of all classes, and one for each class or such."""
    own = [
        config_pb2.MetricConfig(
            class_name=JudgedRows.__name__,
            module=JudgedRows.__module__,
            config=json.dumps({"name": judged_rows.NAME}),
        )
    ]
    if evaluation.images is not None:
        own.append(
            config_pb2.MetricConfig(
                class_name=Mistakes.__name__,
                module=Mistakes.__module__,
                config=json.dumps({"name": mistakes.NAME, "column": evaluation.images}),
            )
        )
    by_sub_key: dict[tuple[str, int] | None, list[config_pb2.MetricConfig]] = {None: []}
    for name, metric in evaluation.metrics.items():
        _check_name(model, name)
        thresholds = _thresholds(name, metric, evaluation)
        resolved = metric_probe.resolve(
            model, name, evaluation.class_of(name), metric.options, judged=bool(thresholds)
        )
        resolved.config.per_slice_thresholds.extend(thresholds)
        by_sub_key.setdefault(resolved.sub_key, []).append(resolved.config)
    for metrics in by_sub_key.values():
        metrics += _share_of_positives(metrics)
    by_sub_key[None] += own
    return [
        config_pb2.MetricsSpec(metrics=metrics, binarize=metric_probe.binarize(sub_key))
        for sub_key, metrics in by_sub_key.items()
    ]


def _check_name(model: str, name: str) -> None:
    if name.startswith("_") or name in _RESERVED:
        raise ConfigError(
            f"models/{model}/config.yaml: evaluation.metrics: no metric can be called '{name}'",
            f"Expected: a name that does not begin with an underscore, which TFMA would not show, "
            f"and is none of {', '.join(sorted(_RESERVED))}, which the report uses.",
            "Give it another name, and its class under `metric`.",
        )


def _thresholds(
    name: str, metric: Metric, evaluation: Evaluation
) -> list[config_pb2.PerSliceMetricThreshold]:
    found = [
        _for_slice(key, config_pb2.MetricThreshold(value_threshold=_value_threshold(limits)))
        for key, limits in evaluation.slice_bounds(name).items()
    ]
    overall = config_pb2.MetricThreshold()
    if metric.at_least is not None or metric.at_most is not None:
        overall.value_threshold.CopyFrom(_value_threshold(metric))
    if metric.max_regression is not None:
        overall.change_threshold.CopyFrom(_change_threshold(metric))
    if overall.ByteSize():
        # TFMA holds what stands in MetricConfig.threshold against every slice.
        found.append(_for_slice(_OVERALL, overall))
    return found


def _share_of_positives(
    metrics: list[config_pb2.MetricConfig],
) -> list[config_pb2.MetricConfig]:
    """A metric beside the config's own where a slice of one class has to be told from a bad one."""
    if not NEEDS_BOTH_CLASSES & {metric.class_name for metric in metrics}:
        return []
    name = json.dumps({"name": SHARE_OF_POSITIVES})
    return [config_pb2.MetricConfig(class_name="MeanLabel", config=name)]


def _for_slice(
    key: SliceKey, threshold: config_pb2.MetricThreshold
) -> config_pb2.PerSliceMetricThreshold:
    spec = config_pb2.SlicingSpec(
        feature_keys=[feature for feature, value in key.pairs if value is None],
        feature_values={feature: value for feature, value in key.pairs if value is not None},
    )
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


def _value_threshold(limits: Bounds) -> config_pb2.GenericValueThreshold:
    threshold = config_pb2.GenericValueThreshold()
    if limits.at_least is not None:
        threshold.lower_bound.value = min(limits.at_least, bounds.single_precision(limits.at_least))
    if limits.at_most is not None:
        threshold.upper_bound.value = max(limits.at_most, bounds.single_precision(limits.at_most))
    return threshold
