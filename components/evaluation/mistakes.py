"""A metric of TFMA that keeps pictures of the rows that a classifier of images is most wrong about.

Its value is JSON, as `run_details.Mistakes` of the pipeline has it, so no threshold can be held
against it.
"""

from __future__ import annotations

import base64
import heapq
import json
import math
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import tensorflow as tf
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.metrics import metric_types, metric_util

from components.evaluation.batches.chunk import Chunk, View

NAME = "mistakes"
MOST = 24
"""So many pictures are kept."""
_LARGEST = 96
"""Pixels of a picture's side; of larger ones every second, third ... is taken."""


class _Mistake(NamedTuple):
    badness: float
    """By how much the score of the predicted class is above the right one's."""
    label: int
    predicted: int
    score: float
    """Of the predicted class."""
    picture: bytes
    """PNG."""


class _Found(NamedTuple):
    wrong: int
    """Rows that are wrong, with a picture or without."""
    undrawn: int
    """Those whose column is no picture."""
    worst: list[_Mistake]


class Mistakes(metric_types.Metric):
    """The pictures of the rows whose wrong class had the highest score.

    Args:
        column: The raw column with an image in each row: [height, width], or with 1 or 3 channels
            behind it; or as one list, of a square.
        name: The metric's name.
    """

    def __init__(self, column: str, name: str = NAME) -> None:
        super().__init__(
            metric_util.merge_per_key_computations(_computations), column=column, name=name
        )

    @property
    def compute_confidence_interval(self) -> bool:
        """Whether TFMA looks for an interval: of no pictures."""
        return False


metric_types.register_metric(Mistakes)


def _computations(
    column: str,
    name: str = NAME,
    eval_config: Any = None,
    model_name: str = "",
    output_name: str = "",
    example_weighted: bool = False,
) -> metric_types.MetricComputations:
    key = metric_types.MetricKey(
        name=name,
        model_name=model_name,
        output_name=output_name,
        example_weighted=example_weighted,
    )
    return [
        metric_types.MetricComputation(
            keys=[key],
            preprocessors=[metric_types.FeaturePreprocessor(feature_keys=[column])],
            combiner=_Worst(key, eval_config, column),
        )
    ]


class _Worst(beam.CombineFn):
    """Keeps the worst rows."""

    def __init__(self, key: metric_types.MetricKey, eval_config: Any, column: str) -> None:
        self._key = key
        self._eval_config = eval_config
        self._column = column

    def create_accumulator(self) -> _Found:
        return _Found(0, 0, [])

    def add_input(self, found: _Found, element: metric_types.StandardMetricInputs) -> _Found:
        label, scores = self._row(element)
        if label is None:
            return found
        return _with_row(found, label, scores, (element.features or {}).get(self._column))

    def add_batch(self, found: _Found, chunk: Chunk) -> _Found | None:
        """Adds rows at once; None where they have to be looked at one by one."""
        view = View.of(self._key, self._eval_config, sub_key=False, example_weighted=False)
        seen = chunk.seen(view)
        if seen is None:
            return None
        scores, classes = seen.predictions.astype(float), seen.classes()
        if classes is None:
            return found
        known = np.isfinite(scores).all(axis=1)
        if scores.shape[1] == 1:
            known &= (scores[:, 0] >= 0) & (scores[:, 0] <= 1)
            scores = np.concatenate([1 - scores, scores], axis=1)
        known &= classes % 1 == 0
        images = chunk.inputs.get(constants.FEATURES_KEY, {}).get(self._column)
        for row in np.flatnonzero(known & (scores.argmax(axis=1) != classes)):
            image = None if images is None else images[row]
            found = _with_row(found, int(classes[row]), scores[row], image)
        return found

    def merge_accumulators(self, accumulators: Any) -> _Found:
        wrong, undrawn = 0, 0
        worst: list[_Mistake] = []
        for found in accumulators:
            wrong, undrawn = wrong + found.wrong, undrawn + found.undrawn
            worst = heapq.nlargest(MOST, [*worst, *found.worst])
        heapq.heapify(worst)
        return _Found(wrong, undrawn, worst)

    def extract_output(self, found: _Found) -> dict[metric_types.MetricKey, bytes]:
        value = {
            "column": self._column,
            "wrong": found.wrong,
            "undrawn": found.undrawn,
            "rows": [
                {
                    "label": str(one.label),
                    "predicted": str(one.predicted),
                    "score": round(one.score, 4),
                    "png": base64.b64encode(one.picture).decode(),
                }
                for one in sorted(found.worst, reverse=True)
            ],
        }
        return {self._key: json.dumps(value, separators=(",", ":")).encode()}

    def _row(self, element: metric_types.StandardMetricInputs) -> tuple[int | None, np.ndarray]:
        """The number of the row's class, and the scores of all; None where it has no class."""
        try:
            [(label, scores, _)] = metric_util.to_label_prediction_example_weight(
                element,
                eval_config=self._eval_config,
                model_name=self._key.model_name,
                output_name=self._key.output_name,
                flatten=False,
            )
            label, scores = (np.ravel(x).astype(float) for x in (label, scores))
        except (KeyError, TypeError, ValueError):
            return None, np.array([])
        if scores.size == 1 and 0 <= scores[0] <= 1:
            scores = np.array([1 - scores[0], scores[0]])
        if label.size == scores.size and np.count_nonzero(label) == 1:
            label = np.array([np.argmax(label)])  # One-hot.
        whole = label.size == 1 and float(label[0]).is_integer()
        return (int(label[0]) if whole and np.isfinite(scores).all() else None), scores


def _with_row(found: _Found, label: int, scores: np.ndarray, image: Any) -> _Found:
    """With a row more, which may be right or of no class.

    Args:
        found: What there is.
        label: The number of its class.
        scores: Of all classes.
        image: Its picture; None where it has none.
    """
    predicted = int(np.argmax(scores)) if len(scores) else 0
    if not 0 <= label < len(scores) or predicted == label:
        return found
    pixels = None if image is None else as_pixels(image)
    if pixels is None:
        return found._replace(wrong=found.wrong + 1, undrawn=found.undrawn + 1)
    badness = float(scores[predicted] - scores[label])
    worst = found.worst
    if len(worst) < MOST or badness > worst[0].badness:
        picture = tf.io.encode_png(pixels).numpy()
        mistake = _Mistake(badness, label, predicted, float(scores[predicted]), picture)
        worst = list(worst)
        (heapq.heappush if len(worst) < MOST else heapq.heapreplace)(worst, mistake)
    return found._replace(wrong=found.wrong + 1, worst=worst)


def as_pixels(image: Any) -> np.ndarray | None:
    """An image as [height, width, 1 or 3] from 0 to 255; None if it is none.

    Args:
        image: Numbers from 0 to 255, or from 0 to 1. Where they are one list, of a square, of one
            channel or three.
    """
    try:
        numbers = np.squeeze(np.asarray(image)).astype(np.float32)
    except (TypeError, ValueError):
        return None
    if numbers.ndim == 1:
        for channels in (1, 3):
            side = math.isqrt(numbers.size // channels)
            if side > 1 and side * side * channels == numbers.size:
                numbers = numbers.reshape(side, side, channels)
                break
    if numbers.ndim == 2:
        numbers = numbers[..., None]
    if numbers.ndim != 3 or numbers.shape[2] not in (1, 3) or not np.isfinite(numbers).all():
        return None
    step = math.ceil(max(numbers.shape[:2]) / _LARGEST)
    numbers = numbers[::step, ::step]
    return np.clip(numbers if numbers.max() > 1 else numbers * 255, 0, 255).astype(np.uint8)
