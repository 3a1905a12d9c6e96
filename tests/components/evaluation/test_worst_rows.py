"""The rows that a model's answers are furthest off, with their raw columns."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pytest
import tensorflow as tf
from apache_beam.options.pipeline_options import PipelineOptions
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.proto import config_pb2

from components.evaluation import worst_rows
from components.evaluation.worst_rows import LONGEST, MOST_COLUMNS, Wanted, WorstRows

pytestmark = pytest.mark.tfx

CONFIG = config_pb2.EvalConfig(model_specs=[config_pb2.ModelSpec(label_key="y")])
COMPARED = config_pb2.EvalConfig(
    model_specs=[
        config_pb2.ModelSpec(name="baseline", label_key="y", is_baseline=True),
        config_pb2.ModelSpec(name="candidate", label_key="y"),
    ]
)


def example(**values: Sequence[Any]) -> bytes:
    """A serialized example; columns of no values are features that are not set."""
    features = {}
    for name, value in values.items():
        kinds = {bytes: "bytes_list", float: "float_list", int: "int64_list"}
        kind = {kinds[type(value[0])]: {"value": value}} if value else {}
        features[name] = tf.train.Feature(**kind)
    return tf.train.Example(features=tf.train.Features(feature=features)).SerializeToString()


def batch(labels: Any, predictions: Any, examples: Sequence[bytes] = ()) -> dict[str, Any]:
    """A batch as TFMA's extractors give it; each row has its number in the column `row`."""
    rows = examples or [example(row=[number]) for number in range(len(labels))]
    return {
        constants.LABELS_KEY: np.asarray(labels),
        constants.PREDICTIONS_KEY: predictions,
        constants.INPUT_KEY: np.array(rows, dtype=object),
    }


Judge = Callable[..., dict[str, Any]]


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Gives what is kept of some batches."""

    def kept(
        *batches: dict[str, Any],
        rows: int = 20,
        without: Sequence[str] = (),
        config: config_pb2.EvalConfig = CONFIG,
    ) -> dict[str, Any]:
        file = tmp_path / "kept"
        with beam.Pipeline(options=PipelineOptions(["--runner=FnApiRunner"])) as pipeline:
            found = pipeline | beam.Create(batches) | WorstRows(config, Wanted(rows, without))
            _ = found | beam.MapTuple(lambda key, value: file.write_text(_checked(key, value)))
        return dict(json.loads(file.read_text()))

    return kept


def _checked(key: Any, value: bytes) -> str:
    assert key.name == worst_rows.NAME and key.model_name in ("", "candidate")
    return value.decode()


def told(value: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Number, label, answer and score of each row."""
    return [
        (int(row["values"]["row"]), row["label"], row["answer"], row["score"])
        for row in value["rows"]
    ]


def test_of_a_regression_the_largest_absolute_errors(judge: Judge) -> None:
    value = judge(batch([1.0, 2.5, -7.0, np.nan], np.array([1.5, -2.5, -6.0, 4])), rows=2)
    assert told(value) == [(1, "2.5", "-2.5", None), (2, "-7", "-6", None)]


@pytest.mark.parametrize(
    "labels",
    [[0, 1, 2, 1], [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 0]]],
    ids=["number", "one-hot"],
)
def test_of_a_classifier_the_wrong_classes_that_scored_highest(judge: Judge, labels: Any) -> None:
    scores = np.array([[0.5, 0.3, 0.2], [0.9, 0.1, 0], [0.4, 0.2, 0.38], [0.3, 0.1, 0.6]])
    expected = [(1, "1", "0", 0.9), (3, "1", "2", 0.6), (2, "2", "0", 0.4)]
    assert told(judge(batch(np.array(labels), scores))) == expected


@pytest.mark.parametrize(
    ("labels", "predictions"),
    [
        ([[1, 1, 0], [0, 0, 0]], [[0.1, 0.2, 0.7]] * 2),  # Several classes, and none.
        ([3, -1], [[0.1, 0.2, 0.7]] * 2),  # Classes that there are not.
        ([0, 1], [[np.nan, 0.2, 0.7]] * 2),
        ([[0, 1], [1, 0]], [[0.1], [0.2]]),
        (["a", "b"], [[0.1], [0.2]]),
    ],
)
def test_what_has_no_loss_is_not_shown(judge: Judge, labels: Any, predictions: Any) -> None:
    assert judge(batch(np.array(labels), np.array(predictions)))["rows"] == []


def test_they_are_the_worst_of_all_batches_whatever_their_order(judge: Judge) -> None:
    random = np.random.default_rng(1)
    labels, predictions = random.normal(size=(2, 600)).astype(np.float32)
    whole = batch(labels, predictions)
    pieces = [
        {key: value[cut] for key, value in whole.items()}
        for cut in np.array_split(random.permutation(600), 7)
    ]
    expected = np.argsort(-abs(labels - predictions))[:20]
    assert [row[0] for row in told(judge(*pieces))] == expected.tolist()


def test_the_candidate_is_judged_and_not_the_baseline(judge: Judge) -> None:
    answers = {"candidate": np.array([5.0, 1]), "baseline": np.array([1.0, 5])}
    [worst, _] = told(judge(batch([1.0, 1.0], answers), config=COMPARED))
    assert worst == (0, "1", "5", None)


def test_values_are_text_and_cut(judge: Judge) -> None:
    row = example(
        text=["Ünrü".encode()],
        number=[0.1],
        several=[1, 2, 3],
        none=[],
        binary=[b"\xff\x00"],
        long=["ü".encode() * 1_000_000],
        vector=[0.5] * 100_000,
    )
    values = judge(batch([1.0], np.array([2.0]), [row]))["rows"][0]["values"]
    assert "none" not in values
    assert values["text"] == "Ünrü" and values["number"] == "0.1" and values["several"] == "1, 2, 3"
    assert values["long"] == "ü" * (LONGEST - 1) + "…"
    assert len(values["vector"]) == LONGEST and values["vector"].startswith("0.5, 0.5")
    assert values["binary"] == "\ufffd\0"


def test_of_a_wide_table_a_part_of_the_columns(judge: Judge) -> None:
    row = example(**{f"c{number:04}": [number] for number in range(3_000)})
    value = judge(batch([1.0], np.array([2.0]), [row]), without=["c0001"])
    assert value["columns"] == 2_999
    shown = list(value["rows"][0]["values"])
    assert len(shown) == MOST_COLUMNS and "c0001" not in shown and shown[:2] == ["c0000", "c0002"]


def test_columns_that_are_left_out_are_nowhere(judge: Judge) -> None:
    row = example(name=[b"Ada Lovelace"], fare=[2.5])
    value = judge(batch([1.0], np.array([2.0]), [row]), without=["name"])
    assert "Ada" not in json.dumps(value) and value["rows"][0]["values"] == {"fare": "2.5"}


def test_details_stay_small(judge: Judge) -> None:
    columns = {f"c{number}": [b"\xff" * 10_000] for number in range(100)}
    rows = [example(**columns)] * 50
    value = judge(batch([1.0] * 50, np.zeros(50), rows), rows=50)
    assert len(json.dumps(value, ensure_ascii=False)) < 50 * MOST_COLUMNS * (LONGEST + 20)
