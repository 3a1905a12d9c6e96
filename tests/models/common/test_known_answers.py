"""The rows and predictions that are stored with an exported model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from models.common import examples, known_answers, training
from models.common.errors import ModelCodeError
from models.common.loaded_model import LoadedModel
from models.common.raw_inputs import Column
from pipeline.show.report import page
from tests.models import tiny_sample
from tests.models.tiny_sample import Sample

pytestmark = [pytest.mark.tfx, pytest.mark.slow]


def stored(export_path: str) -> dict[str, Any]:
    return json.loads((Path(export_path) / known_answers.PATH).read_text(encoding="utf-8"))


def test_training_stores_as_many_as_the_plan_says(tiny: Sample) -> None:
    known = stored(tiny.export_path)
    assert len(known["rows"]) == len(known["examples"]) == tiny_sample.plan().known_answers == 8
    assert np.shape(known["outputs"]["outputs"]) == (8, 1)


def test_rows_examples_and_outputs_belong_together(tiny: Sample) -> None:
    known = stored(tiny.export_path)
    serialized = [known_answers.decode(example) for example in known["examples"]]
    assert serialized == list(examples.records(tiny.eval_files).take(8).as_numpy_iterator())
    with LoadedModel(tiny.export_path) as model:
        by_row = model.predict_rows(known["rows"])
        by_example = model.call("serving_examples", {"inputs": np.array(serialized, object)})
    for outputs in (by_row, by_example):
        np.testing.assert_allclose(outputs["outputs"], known["outputs"]["outputs"], 1e-5)


def test_a_row_carries_no_label_and_nothing_that_is_missing(tiny: Sample) -> None:
    rows = stored(tiny.export_path)["rows"]
    names = set(tiny_sample.plan().inputs)
    assert all(row.keys() <= names for row in rows)
    assert any(row.keys() < names for row in rows)


def test_the_answers_are_the_networks_not_the_exports(tiny: Sample, tmp_path: Path) -> None:
    plan = tiny_sample.plan(known_answers=100)
    network = training.build(plan, {"learning_rate": 0.1, "units": 2}, tiny.transform)
    known_answers.write(network, tiny.transform, plan, tiny.eval_files, str(tmp_path))
    known = stored(str(tmp_path))
    assert len(known["rows"]) == 60, "as many as there are"
    transformed = examples.transformer(tiny.transform)(
        tf.constant([known_answers.decode(example) for example in known["examples"]])
    )
    expected = network(examples.model_inputs(transformed, plan.label), training=False)
    np.testing.assert_allclose(known["outputs"]["outputs"], expected, 1e-5)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"a": 1, "b": 2.5, "c": "é"}, {"a": 1, "b": 2.5, "c": "é"}),
        ({"a": [1, 2], "b": [2.5]}, {"a": [1, 2], "b": 2.5}),
        ({"a": 1, "other": 2}, {"a": 1}),
        ({}, {}),
    ],
)
def test_an_example_as_a_row(values: dict[str, Any], expected: dict[str, Any]) -> None:
    assert known_answers.row(tiny_sample.example(values), ["a", "b", "c"]) == expected


def test_an_empty_list_is_missing() -> None:
    example = tf.train.Example()
    example.features.feature["a"].int64_list.SetInParent()
    example.features.feature["b"].SetInParent()
    assert known_answers.row(example.SerializeToString(), ["a", "b"]) == {}


def test_bytes_that_are_no_text_are_base64() -> None:
    example = tf.train.Example()
    example.features.feature["a"].bytes_list.value.extend([b"\xff\x00", b"text"])
    row = known_answers.row(example.SerializeToString(), ["a"])
    assert row == {"a": [{"b64": "/wA="}, "text"]} and json.dumps(row)


def test_the_report_of_a_run_looks_where_they_are() -> None:
    assert page.KNOWN_ANSWERS == known_answers.PATH


def test_lists_are_padded_to_the_longest_as_a_request_needs_them() -> None:
    columns = [
        Column("stops", tf.int64, (None,), optional=True),
        Column("words", tf.string, (None,), optional=True),
        Column("none", tf.string, (None,), optional=True),
        Column("miles", tf.float32, (), optional=True),
    ]
    given: list[dict[str, Any]] = [
        {"stops": [1, 2], "miles": 0.5},
        {"words": ["a"]},
        {"stops": [3]},
    ]
    smallest = -(2**63)
    assert known_answers.rows([tiny_sample.example(row) for row in given], columns) == [
        {"stops": [1, 2], "words": [""], "miles": 0.5},
        {"stops": [smallest, smallest], "words": ["a"]},
        {"stops": [3, smallest], "words": [""]},
    ]


def test_arrays_have_their_dimensions_as_a_request_needs_them() -> None:
    columns = [
        Column("image", tf.float32, (2, 3), optional=False, parsed_shape=(2, 3)),
        Column("dot", tf.float32, (1, 1), optional=False, parsed_shape=(1, 1)),
        Column("names", tf.string, (1, 2), optional=False, parsed_shape=(1, 2)),
    ]
    given = {"image": [0.0, 1.0, 2.0, 3.0, 4.0, 5.0], "dot": 7.0, "names": ["a", "b"]}
    assert known_answers.rows([tiny_sample.example(given)], columns) == [
        {
            "image": [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]],
            "dot": [[7.0]],
            "names": [["a", "b"]],
        }
    ]


@pytest.mark.parametrize("shape", [(-1, 2), (1, -1), ()])
def test_a_network_that_does_not_answer_each_row_is_refused(
    tiny: Sample, tmp_path: Path, shape: tuple[int, ...]
) -> None:
    def network(inputs: Any, training: bool) -> tf.Tensor:
        miles = inputs["miles_xf"]
        return tf.reshape(miles, shape) if shape else tf.reduce_sum(miles)

    arguments: Any = (network, tiny.transform, tiny_sample.plan(), tiny.eval_files, str(tmp_path))
    with pytest.raises(ModelCodeError, match=r"models/tiny/model\.py: the network does not answer"):
        known_answers.write(*arguments)
