"""The verdict that TFMA writes, read back: every metric by slice, and each reason of a refusal."""

from __future__ import annotations

import itertools
import math
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pytest
import tensorflow_model_analysis as tfma
from apache_beam.options.pipeline_options import PipelineOptions

from components.evaluation.batches import judging
from components.evaluation.worst_rows import Wanted
from pipeline.config.model_config import ModelConfig
from pipeline.graph import eval_config
from pipeline.record.run_record import Refusal, SliceMetric
from pipeline.results import evaluation, plots
from tests.components.evaluation import offered

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

CONFIG = ModelConfig.model_validate(
    {
        "data": {"path": "trips.csv"},
        "label": "y",
        "evaluation": {
            "confidence_intervals": False,
            "slices": ["kind", "day", ["kind", "day"]],
            "metrics": {
                "BinaryAccuracy": {
                    "at_least": 0.9,
                    "max_regression": 0.1,
                    "per_slice": {
                        "kind": {"at_least": 0.5},
                        "kind=card": {"at_least": 0.8},
                        "kind=gone": {"at_least": 0.1},
                        "day": {"at_least": 0.8},
                        "day=1": {"at_least": 0.1},
                    },
                },
                "BinaryCrossEntropy": {"at_most": 10, "max_regression": 0.05},
                "AUC": {"at_least": 0.1, "per_slice": {"kind": {"at_least": 0.3}}},
                "ExampleCount": {},
            },
        },
    }
).evaluation


def rows() -> list[dict[str, Any]]:
    """Labels, what two models answer, and features; the candidate is wrong in each fourth row.

    Rows of the kind `free` have one label only, and both models are right about them.
    """
    made = []
    for number in range(40):
        right = 0.9 if number % 2 else 0.1
        made.append(
            {
                "y/number": float(number % 2),
                "candidate": 1 - right if number % 4 == 0 else right,
                "baseline": right,
                "kind": "cash" if number < 20 else "card",
                "day": 1 + number // 20,
            }
        )
    free = {"y/number": 0.0, "candidate": 0.1, "baseline": 0.1, "kind": "free", "day": 3}
    return made + [free] * 4


def evaluated(path: str, *, baseline: bool, config: Any = CONFIG) -> str:
    """Judges answers that are in the table, as the Evaluator judges models."""
    settings = ModelConfig.model_validate(
        {"data": {"path": "x"}, "label": "y", "evaluation": config}
    )
    judged = tfma.utils.update_eval_config_with_defaults(
        eval_config.eval_config("m", settings), has_baseline=baseline, rubber_stamp=not baseline
    )
    for number, spec in enumerate(judged.model_specs):
        del spec.preprocessing_function_names[:]
        spec.signature_name = ""
        spec.prediction_key = ("candidate", "baseline")[number]
    models = [
        tfma.EvalSharedModel(
            model_name=name if baseline else "",
            model_type="materialized_prediction",
            is_baseline=name == "baseline",
            rubber_stamp=not baseline,
        )
        for name in ("candidate", "baseline")[: 1 + baseline]
    ]
    table = {name: pa.array([[row[name]] for row in rows()]) for name in rows()[0]}
    parts = {"eval_config": judged, "eval_shared_model": models}
    with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as pipeline:
        _ = (
            pipeline
            | beam.Create([pa.RecordBatch.from_pydict(table)])
            | tfma.ExtractEvaluateAndWriteResults(
                **parts,
                output_path=path,
                extractors=judging.extractors(**parts),
                evaluators=judging.evaluators(Wanted(5, ["candidate"]), **parts),
            )
        )
    return path


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the Evaluator wrote of a candidate and a baseline."""
    return evaluated(str(tmp_path_factory.mktemp("evaluation")), baseline=True)


@pytest.fixture(scope="module")
def metrics(uri: str) -> list[SliceMetric]:
    return evaluation.slice_metrics(uri, CONFIG)


def one(metrics: list[SliceMetric], metric: str, slice_name: str) -> SliceMetric:
    [found] = [row for row in metrics if (row.metric, row.slice) == (metric, slice_name)]
    return found


def test_the_metrics_are_computed_from_the_rows(metrics: list[SliceMetric]) -> None:
    accuracy = one(metrics, "BinaryAccuracy", "overall")
    assert accuracy.value == pytest.approx(34 / 44) and accuracy.baseline == 1.0
    loss = one(metrics, "BinaryCrossEntropy", "overall")
    assert loss.value == pytest.approx(-(34 * math.log(0.9) + 10 * math.log(0.1)) / 44, rel=1e-4)
    assert loss.baseline == pytest.approx(-math.log(0.9), rel=1e-4)
    assert one(metrics, "BinaryAccuracy", "kind=cash").value == 0.75
    assert one(metrics, "ExampleCount", "kind=free").value == 4


def test_every_slice_is_there_overall_first(metrics: list[SliceMetric]) -> None:
    assert list(dict.fromkeys(metric.slice for metric in metrics)) == [
        "overall",
        "day=1",
        "day=1, kind=cash",
        "day=2",
        "day=2, kind=card",
        "day=3",
        "day=3, kind=free",
        "kind=card",
        "kind=cash",
        "kind=free",
    ]
    assert [metric.metric for metric in metrics[:4]] == list(CONFIG.metrics)
    assert len(metrics) == 10 * 4


def test_every_slice_names_its_features(metrics: list[SliceMetric]) -> None:
    features = {metric.slice: metric.features for metric in metrics}
    assert features["overall"] == []
    assert features["day=1"] == ["day"] and features["kind=cash"] == ["kind"]
    assert features["day=1, kind=cash"] == ["day", "kind"]


@pytest.mark.parametrize(
    ("metric", "slice_name", "at_least", "at_most"),
    [
        ("BinaryAccuracy", "overall", 0.9, None),
        ("BinaryAccuracy", "kind=cash", 0.5, None),
        ("BinaryAccuracy", "kind=card", 0.8, None),
        ("BinaryAccuracy", "day=1", 0.8, None),
        ("BinaryAccuracy", "day=1, kind=cash", None, None),
        ("BinaryCrossEntropy", "overall", None, 10),
        ("BinaryCrossEntropy", "day=1", None, None),
        ("ExampleCount", "overall", None, None),
    ],
)
def test_a_metric_carries_its_bounds(
    metrics: list[SliceMetric],
    metric: str,
    slice_name: str,
    at_least: float | None,
    at_most: float | None,
) -> None:
    found = one(metrics, metric, slice_name)
    assert (found.at_least, found.at_most) == (at_least, at_most)


def test_auc_is_undefined_where_there_is_one_class(metrics: list[SliceMetric]) -> None:
    assert one(metrics, "AUC", "kind=free").value is None
    assert one(metrics, "AUC", "kind=cash").value is not None


def test_each_reason_names_metric_slice_value_and_bound(
    uri: str, metrics: list[SliceMetric]
) -> None:
    overall = one(metrics, "BinaryAccuracy", "overall").value
    loss = one(metrics, "BinaryCrossEntropy", "overall").value
    found = evaluation.refusals(uri, CONFIG, metrics)
    expected = [
        ("BinaryAccuracy", "overall", overall, "at least 0.9"),
        ("BinaryAccuracy", "overall", overall, "at most 0.1 below the latest blessed model's 1"),
        (
            "BinaryCrossEntropy",
            "overall",
            loss,
            "at most 0.05 above the latest blessed model's 0.1054",
        ),
        ("BinaryAccuracy", "kind=card", 0.75, "at least 0.8"),
        # Each threshold holds by itself: of those for `day` and `day=1` this one is tighter.
        ("BinaryAccuracy", "day=1", 0.75, "at least 0.8"),
        ("BinaryAccuracy", "day=2", 0.75, "at least 0.8"),
        ("AUC", "kind=free", None, "at least 0.3"),
        ("rows", "kind=gone", 0.0, "at least 1"),
    ]
    assert sorted(map(as_text, found)) == sorted(
        as_text(Refusal(metric=m, slice=s, value=v, bound=b)) for m, s, v, b in expected
    )


def test_all_rows_have_their_plots(uri: str) -> None:
    found = plots.plots(uri)
    assert found.rows == 44 and found.confusion is None and not found.residuals
    assert [(one.low, one.count) for one in found.calibration] == [(0.1, 14), (0.9, 30)]
    assert [one.prediction for one in found.calibration] == [0.1, 0.9]
    assert [one.label for one in found.calibration] == [0, pytest.approx(20 / 30, rel=1e-5)]


def test_confidence_changes_no_value_and_no_verdict(
    tmp_path_factory: pytest.TempPathFactory, uri: str, metrics: list[SliceMetric]
) -> None:
    config = CONFIG.model_copy(update={"confidence_intervals": True})
    path = evaluated(str(tmp_path_factory.mktemp("certain")), baseline=True, config=config)
    found = evaluation.slice_metrics(path, config)
    assert {(row.low, row.high) for row in metrics} == {(None, None)}
    plain = [row.model_copy(update={"low": None, "high": None}) for row in found]
    assert plain == metrics
    assert evaluation.refusals(path, config, found) == evaluation.refusals(uri, CONFIG, metrics)
    assert plots.plots(path) == plots.plots(uri)
    accuracy = one(found, "BinaryAccuracy", "overall")
    assert accuracy.value and accuracy.low and accuracy.high
    assert accuracy.low < accuracy.value < accuracy.high


def as_text(refusal: Refusal) -> str:
    return refusal.model_dump_json()


def test_a_first_model_has_no_baseline_and_no_regression(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    metrics = {
        "BinaryAccuracy": {"at_least": 0.7, "max_regression": 0.01},
        "ExampleCount": {"at_least": 100},
    }
    config = ModelConfig.model_validate(
        {"data": {"path": "x"}, "label": "y", "evaluation": {"metrics": metrics}}
    ).evaluation
    path = evaluated(str(tmp_path_factory.mktemp("first")), baseline=False, config=config)
    measured = evaluation.slice_metrics(path, config)
    assert [(metric.metric, metric.baseline) for metric in measured] == [
        ("BinaryAccuracy", None),
        ("ExampleCount", None),
    ]
    assert evaluation.refusals(path, config, measured) == [
        Refusal(metric="ExampleCount", slice="overall", value=44, bound="at least 100")
    ]


def _judged(name: str, options: dict[str, Any], bound: str, limit: float) -> tuple[Any, list[Any]]:
    """A metric's value for some rows, and what is told of TFMA's verdict on it."""
    from tensorflow_model_analysis.evaluators import metrics_validator

    from pipeline.graph import metric_probe

    settings = ModelConfig.model_validate(
        {
            "data": {"path": "x"},
            "label": "y",
            "evaluation": {"metrics": {"m": {"metric": name, "options": options, bound: limit}}},
        }
    )
    config = eval_config.eval_config("taxi", settings)
    resolved = metric_probe.resolve("taxi", "m", name, options, judged=True)
    for kind in ("binary", "classes", "one-hot"):
        try:
            values = metric_probe._values(resolved, kind, 3)
            break
        except Exception:
            continue
    result = metrics_validator.validate_metrics(((), values), config)
    value = float(values[metric_probe._expected(resolved)])
    measured = SliceMetric(
        metric="m", slice="overall", value=value if math.isfinite(value) else None
    )
    known = {("m", "overall"): measured}
    found = [
        refusal
        for validation in result.metric_validations_per_slice
        for refusal in evaluation._failures(validation, settings.evaluation, known)
    ]
    return value, found


@pytest.mark.parametrize("name", offered.names())
def test_no_metric_is_refused_with_a_value_that_meets_its_bound(name: str) -> None:
    for options, _ in itertools.islice(offered.resolved(name, judged=True), 1):
        value, _ = _judged(name, options, "at_least", 0)
        near = value if math.isfinite(value) and 0 <= value <= 1 else 0.5
        for bound, limit in itertools.product(("at_least", "at_most"), {near, (near + 1) / 2}):
            value, found = _judged(name, options, bound, limit)
            limits = {limit, float(np.float32(limit))}
            met = value >= min(limits) if bound == "at_least" else value <= max(limits)
            assert bool(found) == (not met), (options, bound, limit, value)
            for refusal in found:
                assert "TFMA says" not in refusal.bound
                assert refusal.value is None or refusal.value == value
