"""Transform traces a `preprocessing_fn` as seldom as it can, and finds the same."""

from __future__ import annotations

from typing import Any

import pytest
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_transform import graph_tools, impl_helper
from tensorflow_transform.beam import analysis_graph_builder

from components.wide_tables import transform

pytestmark = pytest.mark.tfx

SPECS = {name: tf.TensorSpec([None], tf.float32) for name in ("a", "b", "c")}


def traces() -> tuple[Any, list[int]]:
    """A `preprocessing_fn`, and a list that grows by 1 when it is traced."""
    traced: list[int] = []

    def preprocessing_fn(inputs: dict[str, Any]) -> dict[str, Any]:
        traced.append(1)
        return {"x": tft.scale_to_z_score(inputs["a"]), "y": inputs["b"]}

    return preprocessing_fn, traced


def looked_at(function: Any, specs: dict[str, Any] = SPECS) -> tuple[Any, ...]:
    """What TFX asks of a `preprocessing_fn` before it analyzes anything."""
    return (
        tft.get_analyze_input_columns(function, specs),
        tft.get_transform_input_columns(function, specs),
        tft.get_analyze_input_columns(function, specs),
        analysis_graph_builder.get_analysis_cache_entry_keys(function, specs, {}, False),
    )


def test_looking_at_it_takes_one_trace() -> None:
    function, traced = traces()
    theirs = looked_at(function)
    assert theirs[:2] == (["a"], ["a", "b"])
    before = len(traced)
    with transform.quick():
        assert looked_at(function) == theirs
    assert len(traced) - before == 1


def test_another_function_other_columns_and_another_node_are_traced_anew() -> None:
    function, traced = traces()
    other, traced_other = traces()
    fewer = {name: SPECS[name] for name in ("a", "b")}
    theirs = impl_helper.trace_preprocessing_function
    with transform.quick():
        looked_at(function)
        looked_at(other)
        looked_at(function, fewer)
    assert (len(traced), len(traced_other)) == (2, 1)
    with transform.quick():
        looked_at(function, fewer)
    assert len(traced) == 3
    assert impl_helper.trace_preprocessing_function is theirs


def test_the_columns_of_an_analyzer_are_those_that_tft_finds() -> None:
    theirs = graph_tools._retrieve_source_keys
    with tf.Graph().as_default():
        columns = {
            "dense": tf.compat.v1.placeholder(tf.float32, [None]),
            "sparse": tf.compat.v1.sparse_placeholder(tf.float32, [None, None]),
            "ragged": tf.compat.v1.ragged.placeholder(tf.float32, 1),
            "unused": tf.compat.v1.placeholder(tf.float32, [None]),
        }
        sums = {name: tf.reduce_sum(getattr(one, "values", one)) for name, one in columns.items()}
        width = tf.cast(columns["sparse"].dense_shape[1], tf.float32)
        for tensors in (
            [],
            [tf.constant(1.0)],
            [sums["dense"]],
            [sums["sparse"] + sums["dense"], width],
            [width],
            [sums["ragged"], columns["dense"]],
        ):
            assert transform.source_columns(tensors, columns) == theirs(tensors, columns)
    with transform.quick():
        assert graph_tools._retrieve_source_keys is transform.source_columns
    assert graph_tools._retrieve_source_keys is theirs
