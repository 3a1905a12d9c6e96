"""The pictures of the rows that a classifier of images is most wrong about."""

from __future__ import annotations

import base64
import io
import json
from typing import Any

import matplotlib.image
import numpy as np
import pytest
from tensorflow_model_analysis.metrics import metric_types
from tensorflow_model_analysis.proto import config_pb2

from components.evaluation import mistakes

pytestmark = pytest.mark.tfx

CONFIG = config_pb2.EvalConfig(model_specs=[config_pb2.ModelSpec(label_key="y")])
IMAGE = np.arange(12).reshape(3, 4) * 20.0


def found(rows: list[tuple[Any, Any, Any]], parts: int = 1) -> dict[str, Any]:
    """What the metric gives for rows of label, scores and image, gathered in several parts."""
    [computation] = mistakes.Mistakes("image").computations(eval_config=CONFIG)
    worst: Any = computation.combiner
    accumulators = [worst.create_accumulator() for _ in range(parts)]
    for number, (label, scores, image) in enumerate(rows):
        element = metric_types.StandardMetricInputs(
            label=np.asarray(label),
            prediction=np.asarray(scores),
            example_weight=np.array([1.0]),
            features={"image": image},
        )
        part = number % parts
        accumulators[part] = worst.add_input(accumulators[part], element)
    [(key, value)] = worst.extract_output(worst.merge_accumulators(accumulators)).items()
    assert key.name == mistakes.NAME
    return dict(json.loads(value))


def pixels(png: str) -> np.ndarray:
    """A picture's pixels, from 0 to 255."""
    return np.round(matplotlib.image.imread(io.BytesIO(base64.b64decode(png))) * 255)


def test_a_wrong_row_is_shown_as_it_is() -> None:
    value = found([([2], [0.1, 0.7, 0.2], IMAGE), ([0], [0.8, 0.1, 0.1], IMAGE)])
    [row] = value.pop("rows")
    assert value == {"column": "image", "wrong": 1, "undrawn": 0}
    np.testing.assert_array_equal(pixels(row.pop("png")), IMAGE)
    assert row == {"label": "2", "predicted": "1", "score": 0.7}


@pytest.mark.parametrize(
    ("label", "scores", "expected"),
    [
        ([0, 0, 1], [0.1, 0.7, 0.2], ("2", "1", 0.7)),
        ([1], [0.25], ("1", "0", 0.75)),
        ([0], [0.75], ("0", "1", 0.75)),
    ],
)
def test_labels_may_be_one_hot_and_scores_of_two_classes_one_number(
    label: Any, scores: Any, expected: Any
) -> None:
    [row] = found([(label, scores, IMAGE)])["rows"]
    assert (row["label"], row["predicted"], row["score"]) == expected


@pytest.mark.parametrize(
    ("label", "scores"),
    [([1.5], [0.1, 0.9]), ([7], [0.1, 0.9]), ([-1], [0.1, 0.9]), ([0], [np.nan, 0.9]),
     ([0, 1], [0.9]), ([], [0.1, 0.9]), (["a"], [0.1, 0.9]), ([3.0], [120.0])],
)  # fmt: skip
def test_a_row_without_a_class_is_passed_over(label: Any, scores: Any) -> None:
    assert found([(label, scores, IMAGE)])["wrong"] == 0


@pytest.mark.parametrize("parts", [1, 5])
def test_the_worst_are_kept_however_the_rows_are_split(parts: int) -> None:
    many = 3 * mistakes.MOST
    order = np.random.RandomState(0).permutation(many)
    rows = [([0], [0.4 - 0.4 * one / many, 0.6 + 0.4 * one / many], IMAGE) for one in order]
    value = found(rows, parts)
    scores = [row["score"] for row in value["rows"]]
    assert value["wrong"] == many and len(scores) == mistakes.MOST
    expected = sorted((round(0.6 + 0.4 * one / many, 4) for one in range(many)), reverse=True)
    assert scores == expected[: mistakes.MOST]


@pytest.mark.parametrize(
    ("image", "shape"),
    [
        (np.ones((3, 4)), (3, 4, 1)),
        (np.ones((3, 4, 1)), (3, 4, 1)),
        (np.ones((1, 3, 4, 3)), (3, 4, 3)),
        (np.ones(784), (28, 28, 1)),
        (np.ones(27), (3, 3, 3)),
        (np.ones((960, 480)), (96, 48, 1)),
        (np.ones(7), None),
        (np.ones((3, 4, 2)), None),
        (np.array([["a", "b"], ["c", "d"]]), None),
        (np.array([[np.nan, 1], [1, 1]]), None),
        (np.ones(1), None),
        (np.array([]), None),
        ([[1], [1, 2]], None),
    ],
)
def test_what_is_an_image(image: Any, shape: tuple[int, ...] | None) -> None:
    made = mistakes.as_pixels(image)
    assert (made.shape if made is not None else None) == shape


def test_numbers_go_to_1_or_to_255() -> None:
    small, large = mistakes.as_pixels(np.array([[0, 0.5], [1, 0]])), mistakes.as_pixels(IMAGE)
    assert small is not None and small[..., 0].tolist() == [[0, 127], [255, 0]]
    assert large is not None and large[..., 0].tolist() == IMAGE.tolist()


@pytest.mark.parametrize("image", [None, np.ones(7)])
def test_rows_without_an_image_are_counted(image: Any) -> None:
    value = found([([0], [0.1, 0.9], image)])
    assert (value["wrong"], value["undrawn"], value["rows"]) == (1, 1, [])


def test_the_metric_is_found_by_its_name_in_a_config() -> None:
    assert metric_types.registered_metrics()["Mistakes"] is mistakes.Mistakes
