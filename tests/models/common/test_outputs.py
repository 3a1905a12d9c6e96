"""A network's answers have names, one of them is judged, and each is one answer a row."""

from __future__ import annotations

from typing import Any

import keras
import pytest
import tensorflow as tf

from models.common import outputs
from models.common.errors import ModelCodeError
from tests.models import tiny_sample

pytestmark = pytest.mark.tfx

ROWS = {"x": tf.zeros([outputs.ROWS, 3])}


def functional(shape: str) -> keras.Model:
    x = keras.Input((3,), name="x")
    click = keras.layers.Dense(1, name="click")(x)
    score = keras.layers.Dense(2, name="score")(x)
    answer = {"dict": {"click": click, "score": score}, "list": [click, score], "one": click}[shape]
    return keras.Model({"x": x}, answer)


class Pair(keras.Model):
    """Returns a list, of whose parts Keras knows no name, and takes no `training`."""

    def call(self, inputs: Any) -> Any:
        return [inputs["x"], inputs["x"][:, :1]]


@pytest.mark.parametrize(
    ("network", "names"),
    [
        (functional("dict"), ["click", "score"]),
        (functional("list"), ["click", "score"]),
        (functional("one"), ["outputs"]),
        (Pair(), ["output_1", "output_2"]),
        (keras.Sequential([keras.layers.Lambda(lambda rows: rows["x"] * 2)]), ["outputs"]),
    ],
)
def test_every_answer_has_a_name(network: keras.Model, names: list[str]) -> None:
    found = outputs.answers(network, ROWS)
    assert list(found) == names
    assert all(len(answer) == outputs.ROWS for answer in found.values())


def check(found: dict[str, Any], classes: list[str] | None = None, **plan: Any) -> None:
    outputs.check(tiny_sample.plan(**plan), found, classes or [])


TWO = {"click": tf.zeros([2, 1]), "score": tf.zeros([2, 3])}
ONE = {"outputs": tf.zeros([2, 1])}


@pytest.mark.parametrize(
    ("found", "plan", "classes"),
    [
        (ONE, {}, []),
        (ONE, {}, ["no", "yes"]),
        ({"outputs": tf.zeros([2, 3])}, {}, ["a", "b", "c"]),
        ({"outputs": tf.zeros([2])}, {}, ["no", "yes"]),
        (TWO, {"label_output": "click"}, ["no", "yes"]),
        (TWO, {"label_output": "score", "other_labels": {"click": "c"}}, ["a", "b", "c"]),
    ],
)
def test_what_is_clear_is_let_through(found: Any, plan: Any, classes: Any) -> None:
    check(found, classes, **plan)


@pytest.mark.parametrize(
    ("found", "plan", "classes", "message"),
    [
        (TWO, {}, [], "no label.output says which of the network's 2 outputs is judged"),
        (TWO, {"label_output": "clik"}, [], "label.output: the network has no output 'clik'"),
        (ONE, {"label_output": "click"}, [], "label.output: the network has no output 'click'"),
        (
            TWO,
            {"label_output": "click", "other_labels": {"scores": "s"}},
            [],
            "label.other_outputs: the network has no output 'scores'",
        ),
        (ONE, {}, ["a", "b", "c"], "answers 1 number a row, and the label 'generous' has 3"),
        (TWO, {"label_output": "score"}, ["a", "b"], "answers 3 numbers a row"),
        ({"outputs": tf.zeros([4, 1])}, {}, [], "'outputs' is not one answer a row"),
        ({"outputs": tf.zeros([])}, {}, [], "'outputs' is not one answer a row"),
        ({"outputs": "text"}, {}, [], "'outputs' is not one answer a row"),
    ],
)
def test_what_is_not_is_refused(found: Any, plan: Any, classes: Any, message: str) -> None:
    with pytest.raises(ModelCodeError) as caught:
        check(found, classes, **plan)
    assert message in caught.value.headline
    assert caught.value.detail and caught.value.remedy
