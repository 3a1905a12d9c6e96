"""All rows at once are seen as TFMA sees them one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_model_analysis.metrics import metric_types, metric_util
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.utils import util

from components.evaluation.batches.chunk import Chunk, View
from tests.components.evaluation.batches import judged

pytestmark = [
    pytest.mark.tfx,
    # TFMA reads single numbers from arrays of one.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

KEYS = st.sampled_from(
    [
        None,
        metric_types.SubKey(class_id=0),
        metric_types.SubKey(class_id=2),
        metric_types.SubKey(k=1),
        metric_types.SubKey(k=3),
        metric_types.SubKey(top_k=2),
    ]
)
CONFIG = config_pb2.EvalConfig(model_specs=[config_pb2.ModelSpec(label_key="y")])


def of_tfma(rows: Any, key: Any, **how: Any) -> list[tuple[Any, ...]] | None:
    """What TFMA makes of each row; None where it raises."""
    try:
        return [
            tuple(np.ravel(part).astype(float).tolist() for part in found)
            for row in util.split_extracts(rows)
            for found in metric_util.to_label_prediction_example_weight(
                metric_types.StandardMetricInputs(row),
                eval_config=CONFIG,
                sub_key=key,
                example_weighted=True,
                **how,
            )
        ]
    except Exception:
        return None


@settings(max_examples=60, deadline=None)
@given(st.data(), st.integers(1, 4), st.sampled_from([0, 1, 2, 3]), KEYS)
def test_labels_predictions_and_weights(
    data: st.DataObject, rows: int, classes: int, key: metric_types.SubKey | None
) -> None:
    labels = data.draw(
        judged.arrays(st.sampled_from([0.0, 1.0, 2.0, 0.5, -1.0]), rows, data.draw(
            st.sampled_from([0, 1, classes])
        ))
    )  # fmt: skip
    predictions = data.draw(judged.arrays(st.floats(0, 1, width=32), rows, classes))
    batch = judged.batch(labels, predictions, data.draw(judged.weights(rows)))
    metric = metric_types.MetricKey("m", sub_key=key, example_weighted=True)
    view = View.of(metric, CONFIG)
    chunk = Chunk(batch, np.ones((rows, 1)))
    seen, flat, fractional = chunk.seen(view), chunk.flat(view), chunk.fractional(view)
    if seen is not None:
        assert of_tfma(batch, key, flatten=False) == [
            (label.tolist(), prediction.tolist(), [weight])
            for label, prediction, weight in zip(*seen, strict=True)
        ]
    for found, how in ((flat, {}), (fractional, {"fractional_labels": True})):
        if found is not None:
            ours = [([float(a)], [float(b)], [float(c)]) for a, b, c, _ in zip(*found, strict=True)]
            theirs = of_tfma(batch, key, **how)
            assert theirs is not None and sorted(ours) == sorted(theirs)
    if classes == 3 and key is None and labels.ndim < 2 and labels.min() >= 0:
        assert flat is not None, "the common case is never left to TFMA"


@pytest.mark.parametrize(
    ("labels", "predictions"),
    [
        (np.array([b"a"], dtype=object), np.array([0.5])),
        (np.array([[1.0, 0.0]]), np.array([[0.5]])),
        (np.zeros((1, 2, 2)), np.zeros((1, 2, 2))),
        (np.array([1.0]), {"classes": np.array([[b"a"]]), "scores": np.array([[0.5]])}),
        (np.array([1.0]), {"other": np.array([0.5])}),
        ([np.array([1.0])], np.array([0.5])),
        (None, np.array([0.5])),
    ],
)
def test_what_is_not_plain_is_left_to_tfma(labels: Any, predictions: Any) -> None:
    chunk = Chunk(judged.batch(labels, predictions), np.ones((1, 1)))
    assert chunk.flat(View()) is None and chunk.fractional(View()) is None


def test_models_and_outputs_are_found_by_name() -> None:
    batch = judged.batch(
        {"out": np.array([1.0])},
        {"a": {"out": np.array([0.25])}, "b": {"out": np.array([0.75])}},
    )
    seen = Chunk(batch, np.ones((1, 1))).seen(View(model_name="b", output_name="out"))
    assert seen and seen.labels.tolist() == [[1.0]] and seen.predictions.tolist() == [[0.75]]
    assert Chunk(batch, np.ones((1, 1))).seen(View(model_name="c")) is None


def test_a_sample_has_each_row_as_often_as_it_was_drawn() -> None:
    draws = np.array([[1, 0], [1, 2], [1, 1]])
    chunk = Chunk(judged.batch(np.array([1.0, 2.0, 3.0]), np.zeros(3)), draws).sample(1)
    seen = chunk.seen(View())
    assert seen and seen.labels.ravel().tolist() == [2.0, 2.0, 3.0]
