"""Inputs that no answer depends on are found in the exported graph, however deep."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import tensorflow as tf

from models.common.labels import unused_inputs

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


@pytest.mark.parametrize("what", CASES)
def test_what_no_answer_depends_on(what: str, tmp_path: Path) -> None:
    answers, expected = CASES[what]
    module = tf.Module()
    spec = tf.TensorSpec([None], tf.float32)
    function = tf.function(lambda a, b: answers(a, b), input_signature=[spec, spec])
    module.f = function
    signatures = {unused_inputs.SIGNATURE: function.get_concrete_function()}
    tf.saved_model.save(module, str(tmp_path), signatures=signatures)
    assert unused_inputs.unused(str(tmp_path)) == expected
    found = unused_inputs.findings("m", str(tmp_path))
    assert [one["headline"] for one in found] == [
        f"The model does not look at its input '{name}'" for name in expected
    ]
