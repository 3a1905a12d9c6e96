"""Rows of any form end in one result, and what cannot be judged is told by TFMA."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from tensorflow_model_analysis.metrics import metric_types
from tensorflow_model_analysis.proto import config_pb2

from components.evaluation import judged_rows, keras_metric, mistakes
from components.evaluation.batches import combining, extracts
from components.evaluation.batches.combining import Batch, BatchCombineFn
from tests.components.evaluation.batches import judged

pytestmark = [
    pytest.mark.tfx,
    pytest.mark.filterwarnings("ignore::DeprecationWarning:tensorflow_model_analysis"),
    pytest.mark.filterwarnings("ignore::RuntimeWarning"),
]

ASKED: list[judged.Asked] = [
    ("BinaryAccuracy", {}),
    ("MeanLabel", {}),
    ("CoefficientOfDiscrimination", {}),
    ("MultiClassConfusionMatrixAtThresholds", {}),
]
LABELS = np.array([1.0, 0.0, 1.0, 1.0, 0.0])
SCORES = np.array([0.9, 0.2, 0.4, 0.8, 0.7])


def combined(asked: Any, batches: list[Any], draws: int = 0) -> list[dict[str, Any]]:
    found = judged.computations(json.dumps(asked), weighted=False)
    made = BatchCombineFn(found.non_derived_computations, draws)
    made.setup()
    partial = made.create_accumulator()
    for batch in batches:
        inputs = extracts.of_rows(batch)
        times = np.ones((extracts.size(inputs) or 0, draws), np.uint8)
        partial = made.add_input(partial, Batch(inputs, times))
    outputs = made.extract_output(made.merge_accumulators([partial]))
    return [judged._named(values, found.derived_computations) for values in outputs]


def test_a_metric_without_a_statistic_sees_row_by_row() -> None:
    rows = judged.batch(LABELS, SCORES)
    judged.check_same(ASKED[:3], rows, ([1, 1, 3], np.array([[0], [1], [2], [1], [1]], np.uint8)))


def test_some_rows_may_be_left_to_tfma() -> None:
    odd = judged.batch([np.array([label]) for label in LABELS[3:]], SCORES[3:])
    plain = judged.batch(LABELS[:3], SCORES[:3])
    whole = combined(ASKED[:3], [judged.batch(LABELS, SCORES)])
    for batches in ([plain, odd], [odd, plain]):
        assert combined(ASKED[:3], batches) == [
            {name: pytest.approx(value) for name, value in whole[0].items()}
        ]


@pytest.mark.parametrize(
    ("labels", "scores", "told"),
    [
        (LABELS * 2, SCORES, r"label must be within \[0, 1\]"),
        (LABELS, {"other": SCORES}, "unrecognized keys"),
        (None, SCORES, "no value provided for label"),
    ],
)
def test_what_is_wrong_is_told_by_tfma(labels: Any, scores: Any, told: str) -> None:
    with pytest.raises(RuntimeError) as caught:
        combined(ASKED[:1], [judged.batch(labels, scores)])
    assert caught.match("failed with the row") and told.split("\\")[0] in str(
        caught.value.__cause__
    )


def test_no_rows_are_what_they_are_to_tfma() -> None:
    nothing = np.zeros(0)
    [ours] = combined(ASKED[:3], [judged.batch(nothing, nothing)])
    theirs = judged.by_tfma(ASKED[:3], judged.batch(nothing, nothing), np.zeros(0, int))
    np.testing.assert_equal(ours, theirs)


def test_rows_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(combining, "_MOST_NUMBERS", 64)
    monkeypatch.setattr(combining, "_MOST_ROWS", 8)
    found = judged.computations(json.dumps(ASKED[:2]), weighted=False)
    made = BatchCombineFn(found.non_derived_computations, 0)
    made.setup()
    partial = made.create_accumulator()
    for _ in range(40):
        batch = judged.batch(LABELS, SCORES)
        partial = made.add_input(partial, Batch(batch, np.zeros((5, 0), np.uint8)))
        assert sum(len(one.draws) for one in partial.waiting) < 8 + 5


def own(metric: metric_types.Metric) -> Any:
    config = config_pb2.EvalConfig(model_specs=[config_pb2.ModelSpec(label_key="y")])
    return metric.computations(eval_config=config)


@pytest.mark.parametrize("kind", ["binary", "classes", "one-hot", "several"])
def test_the_projects_own_metrics_take_batches(kind: str) -> None:
    generator = np.random.default_rng(3)
    count, classes = 60, 1 if kind == "binary" else 3
    numbers = generator.integers(0, max(2, classes), count)
    labels: Any = numbers.astype(float)
    if kind == "one-hot":
        labels = np.eye(3)[numbers]
    elif kind == "several":
        labels = (generator.random((count, 3)) < 0.5).astype(float)
    scores = generator.random((count, classes))
    inputs = judged.batch(labels, scores)
    inputs["features"] = {"image": generator.random((count, 4, 4))}
    computations = [
        *own(judged_rows.JudgedRows()),
        *own(mistakes.Mistakes("image")),
        *own(keras_metric.KerasMetric("own", "keras.metrics", "Mean" + "SquaredError")),
    ]
    if kind != "binary":
        computations.pop()
    results = []
    for rows in (extracts.of_rows(inputs), _listed(inputs)):
        made = BatchCombineFn(computations, 0)
        made.setup()
        whole = Batch(rows, np.zeros((count, 0), np.uint8))
        partial = made.add_input(made.create_accumulator(), whole)
        [values] = made.extract_output(partial)
        results.append({key.name: _parsed(value) for key, value in values.items()})
    assert results[0] == results[1] and results[0]["mistakes"]["wrong"] >= 0
    assert bool(results[0]["plot_data"]) == (kind != "several")


def _listed(inputs: dict[str, Any]) -> dict[str, Any]:
    """The same rows as what only TFMA can read."""
    return {**inputs, "labels": [np.atleast_1d(label) for label in inputs["labels"]]}


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, bytes) else pytest.approx(value)
