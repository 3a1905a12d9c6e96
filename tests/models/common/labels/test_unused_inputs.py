"""Inputs that no answer depends on are found in the exported graph, however deep."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from models.common import examples
from models.common.labels import unused_inputs
from models.common.preprocessing import fill_missing

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

Answer = Callable[..., dict[str, tf.Tensor]]


@tf.function
def swapped(one: tf.Tensor, other: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return other * 2.0, one * 3.0


@tf.function
def nested(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
    first, _ = swapped(one, other)
    return first + 1.0


def looped(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    return tf.while_loop(lambda n, _: n < 3, lambda n, x: (n + 1, x + b), (0, a))[1]


def asserted(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    with tf.control_dependencies([tf.debugging.Assert(b[0] > 0, [b])]):
        return tf.identity(a)


def deep(a: tf.Tensor) -> tf.Tensor:
    for _ in range(1100):
        a = tf.identity(a)
    return a


CASES: dict[str, tuple[Answer, list[str]]] = {
    # what: (the answers, the inputs that none of them depends on)
    "all": (lambda a, b: {"y": a + b}, []),
    "none": (lambda a, b: {"y": tf.ones_like(a), "z": tf.zeros_like(b)}, ["a", "b"]),
    "one": (lambda a, b: {"y": a}, ["b"]),
    "one of several answers": (lambda a, b: {"y": a, "z": a + b}, []),
    "the first through functions": (lambda a, b: {"y": swapped(a, b)[1]}, ["b"]),
    "the second through functions": (lambda a, b: {"y": swapped(a, b)[0]}, ["a"]),
    "functions in functions": (lambda a, b: {"y": nested(a, b)}, ["a"]),
    "its number of rows alone": (lambda a, b: {"y": tf.fill(tf.shape(b), a[0])}, ["b"]),
    "an assertion alone": (lambda a, b: {"y": asserted(a, b)}, ["b"]),
    "a loop": (lambda a, b: {"y": looped(a, b)}, []),
    "a loop without it": (lambda a, b: {"y": looped(a, a)}, ["b"]),
    "a branch": (lambda a, b: {"y": tf.cond(a[0] > 0, lambda: a, lambda: b)}, []),
    "a part of a split": (lambda a, b: {"y": tf.unstack(tf.stack([a, a]))[1]}, ["b"]),
    "a long way": (lambda a, b: {"y": deep(a)}, ["b"]),
}


def exported(answers: Answer, spec: dict[str, Any], folder: Path) -> str:
    """A model that is asked the columns of a spec, or examples that have them."""
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def of_examples(inputs: tf.Tensor) -> dict[str, tf.Tensor]:
        return answers(**examples.parse(inputs, spec))

    @tf.function(input_signature=[{n: tf.TensorSpec([None], tf.float32, n) for n in spec}])
    def of_request(features: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        return {"y": tf.add_n(list(features.values()))}

    module.f, module.g = of_examples, of_request
    signatures = {unused_inputs.EXAMPLES: of_examples, unused_inputs.REQUEST: of_request}
    tf.saved_model.save(module, str(folder), signatures=signatures)
    return str(folder)


@pytest.mark.parametrize("what", CASES)
def test_what_no_answer_depends_on(what: str, tmp_path: Path) -> None:
    answers, expected = CASES[what]
    spec = {name: tf.io.FixedLenFeature([], tf.float32) for name in ("a", "b")}
    path = exported(answers, spec, tmp_path)
    assert unused_inputs.unused(path) == expected
    found = unused_inputs.findings("m", path)
    assert [one["headline"] for one in found] == [
        f"The model does not look at its input '{name}'" for name in expected
    ]


@pytest.mark.parametrize("unread", ["a", "b", "c", "d"])
def test_columns_of_every_kind_are_told_apart(unread: str, tmp_path: Path) -> None:
    spec = {name: tf.io.FixedLenFeature([], tf.float32) for name in ("a", "c")}
    spec |= {name: tf.io.VarLenFeature(tf.float32) for name in ("d", "b")}

    def answers(**columns: Any) -> dict[str, tf.Tensor]:
        read = [one for name, one in columns.items() if name != unread]
        return {"y": tf.add_n([fill_missing(one) for one in read])}

    assert unused_inputs.unused(exported(answers, spec, tmp_path)) == [unread]
