"""The `evaluation` section as TFMA's configuration."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from hypothesis import given, settings
from hypothesis import strategies as st

from models.common.errors import ConfigError
from pipeline.config import loading
from pipeline.config.model_config import Bounds, ModelConfig
from pipeline.graph import eval_config

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

HIGHER, LOWER = 2, 1
"""TFMA's MetricDirection: HIGHER_IS_BETTER and LOWER_IS_BETTER."""


def made(metrics: dict[str, Any], slices: Any = ()) -> Any:
    settings = ModelConfig.model_validate(
        {
            "data": {"path": "trips.csv"},
            "label": {"name": "big", "columns": ["tips"]},
            "evaluation": {"slices": slices, "metrics": metrics},
        }
    )
    return eval_config.eval_config("m", settings)


def thresholds(metrics: dict[str, Any], slices: Any = ()) -> dict[str, Any]:
    """The thresholds of the first metric, by the slice that they bind."""
    metric = made(metrics, slices).metrics_specs[0].metrics[0]
    assert not metric.HasField("threshold"), "that one binds every slice"
    found = {}
    for threshold in metric.per_slice_thresholds:
        [spec] = threshold.slicing_specs
        pairs = [f"{key}={value}" for key, value in spec.feature_values.items()]
        found[", ".join([*spec.feature_keys, *pairs])] = threshold.threshold
    return found


def bounds(threshold: Any) -> tuple[float | None, float | None]:
    """Both, without what single precision takes away from them."""
    value = threshold.value_threshold
    return (
        _exact(value.lower_bound.value) if value.HasField("lower_bound") else None,
        _exact(value.upper_bound.value) if value.HasField("upper_bound") else None,
    )


def _exact(bound: float) -> Any:
    return pytest.approx(bound, rel=1e-7, abs=1e-40)


@given(st.floats(-1e30, 1e30), st.booleans())
def test_a_bound_lets_its_own_value_pass_in_both_precisions_and_no_other(
    bound: float, lower: bool
) -> None:
    made = eval_config._value_threshold(Bounds(at_least=bound) if lower else Bounds(at_most=bound))
    limit = made.lower_bound.value if lower else made.upper_bound.value
    single = float(np.float32(bound))
    beyond = float(np.nextafter(np.float32(bound), np.float32(-np.inf if lower else np.inf)))
    if lower:
        assert bound >= limit and single >= limit > beyond
    else:
        assert bound <= limit and single <= limit < beyond


def test_the_model_is_asked_as_it_is_served() -> None:
    [spec] = made({"AUC": {"at_least": 0.5}}).model_specs
    assert spec.signature_name == "serving_examples" and spec.label_key == "big/number"
    assert list(spec.preprocessing_function_names) == ["transform_features"]


def test_all_rows_and_each_slice_are_measured() -> None:
    specs = made({"AUC": {"at_least": 0.5}}, ["kind", ["kind", "day"]]).slicing_specs
    assert [list(spec.feature_keys) for spec in specs] == [[], ["kind"], ["kind", "day"]]


def test_overall_bounds_bind_overall_only() -> None:
    found = thresholds({"AUC": {"at_least": 0.5, "at_most": 0.9}}, ["kind"])
    assert found.keys() == {""} and bounds(found[""]) == (0.5, 0.9)


def test_bounds_per_slice_bind_these_only() -> None:
    per_slice = {"kind": {"at_least": 0.6}, "kind=a=b": {"at_most": 0.7}, "day=": {"at_least": 0}}
    found = thresholds({"AUC": {"at_least": 0.5, "per_slice": per_slice}}, ["kind", "day"])
    assert {key: bounds(threshold) for key, threshold in found.items()} == {
        "": (0.5, None),
        "kind": (0.6, None),
        "kind=a=b": (None, 0.7),
        "day=": (0.0, None),
    }
    assert not any(found[key].HasField("change_threshold") for key in found)


def test_a_metric_without_bounds_binds_nothing() -> None:
    config = made({"ExampleCount": {}, "AUC": {"at_least": 0.5}})
    assert not config.metrics_specs[0].metrics[0].per_slice_thresholds


def test_a_bound_of_zero_is_a_bound() -> None:
    assert bounds(thresholds({"MeanLabel": {"at_least": 0, "at_most": 0}})[""]) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("metric", "direction", "absolute"),
    [
        ({"at_least": 0.5}, HIGHER, -0.01),
        ({"at_most": 0.5}, LOWER, 0.01),
        ({"at_least": 0.5, "better": "lower"}, LOWER, 0.01),
        ({"at_most": 0.5, "better": "higher"}, HIGHER, -0.01),
        ({"at_least": 0.5, "at_most": 0.9, "better": "higher"}, HIGHER, -0.01),
        ({"better": "lower"}, LOWER, 0.01),
    ],
)
def test_a_regression_is_measured_in_the_metrics_direction(
    metric: dict[str, Any], direction: int, absolute: float
) -> None:
    metrics = {"MeanLabel": metric | {"max_regression": 0.01}, "AUC": {"at_least": 0.5}}
    change = thresholds(metrics)[""].change_threshold
    assert (change.direction, change.absolute.value) == (direction, absolute)


def test_no_regression_at_all_is_allowed_where_it_is_zero() -> None:
    threshold = thresholds({"AUC": {"at_least": 0.5, "max_regression": 0}})[""]
    assert threshold.HasField("change_threshold")
    assert (
        threshold.change_threshold.absolute.value == 0 == threshold.change_threshold.relative.value
    )


def test_metrics_keep_their_names_and_options() -> None:
    metrics = {
        "AUC": {"at_least": 0.5, "options": {"num_thresholds": 100}},
        "MeanSquaredError": {"at_most": 1},
    }
    specs = made(metrics).metrics_specs[0].metrics
    assert [(spec.class_name, json.loads(spec.config)) for spec in specs[:2]] == [
        ("AUC", {"num_thresholds": 100, "name": "AUC"}),
        ("MeanSquaredError", {"name": "MeanSquaredError"}),
    ]


@pytest.mark.parametrize(
    ("name", "meant"), [("AUCC", "AUC"), ("binaryaccuracy", "BinaryAccuracy"), ("Precison", "Prec")]
)
def test_an_unknown_metric_is_told_with_what_was_meant(name: str, meant: str) -> None:
    with pytest.raises(ConfigError) as caught:
        made({name: {"at_least": 0.5}})
    assert f"models/m/config.yaml: evaluation.metrics has an unknown metric '{name}'" in str(
        caught.value
    )
    assert "did you mean" in caught.value.headline.lower() and meant in caught.value.headline
    assert caught.value.detail and caught.value.remedy


@settings(max_examples=50, deadline=None)
@given(
    st.floats(-1e6, 1e6),
    st.floats(0, 1e6),
    st.dictionaries(st.sampled_from(["kind", "day", "kind=x", "day=2"]), st.floats(-1e6, 1e6)),
)
def test_every_bound_of_the_config_arrives(
    least: float, regression: float, per_slice: dict[str, float]
) -> None:
    metric = {
        "at_least": least,
        "max_regression": regression,
        "per_slice": {key: {"at_least": bound} for key, bound in per_slice.items()},
    }
    found = thresholds({"MeanLabel": metric}, ["kind", "day"])
    assert {key: bounds(threshold) for key, threshold in found.items()} == {
        "": (least, None),
        **{key: (bound, None) for key, bound in per_slice.items()},
    }
    assert found[""].change_threshold.absolute.value == -regression


def test_tfma_accepts_the_shipped_models() -> None:
    shipped = loading.load("taxi")
    found = eval_config.eval_config("taxi", shipped)
    tfma.utils.verify_eval_config(found)
    assert tfma.utils.has_change_threshold(found)


def test_pictures_of_mistakes_are_a_metric_of_their_own() -> None:
    settings = ModelConfig.model_validate(
        {
            "data": {"path": "trips.csv"},
            "label": "y",
            "evaluation": {"images": "photo", "metrics": {"AUC": {"at_least": 0.5}}},
        }
    )
    [found] = [
        metric
        for spec in eval_config.eval_config("m", settings).metrics_specs
        for metric in spec.metrics
        if metric.class_name == "Mistakes"
    ]
    assert found.module == "components.evaluation.mistakes"
    assert json.loads(found.config) == {"name": "mistakes", "column": "photo"}
    assert not found.per_slice_thresholds
