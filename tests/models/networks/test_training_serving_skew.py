"""A row is transformed in training as in serving.

Integers are the same, floats to within rounding, because TensorFlow optimizes the
two graphs differently.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from models.common import examples, training
from models.common.labels import encoding
from models.common.loaded_model import LoadedModel
from tests.models import tiny_sample
from tests.models.tiny_sample import LABEL, Row, Sample

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

# Two units in the last place; of integers the error is none, or at least one whole.
FLOAT_ROUNDING = 2.5e-7

Transformed = dict[str, np.ndarray]
Transform = Callable[[list[bytes]], Transformed]


@pytest.fixture(scope="module")
def in_training(tiny: Sample) -> Transform:
    transform = tf.function(
        examples.transformer(tiny.transform),
        input_signature=[tf.TensorSpec([None], tf.string)],
        autograph=False,
    )
    return lambda serialized: {
        name: tensor.numpy() for name, tensor in transform(tf.constant(serialized)).items()
    }


@pytest.fixture(scope="module")
def in_serving(tiny: Sample) -> Iterator[Transform]:
    with LoadedModel(tiny.export_path) as model:

        def transformed(serialized: list[bytes]) -> Transformed:
            found = model.call("transform_features", {"inputs": np.array(serialized, object)})
            assert found.pop(f"{LABEL}{encoding.NUMBER}").tolist() == found[LABEL].tolist()
            return found

        yield transformed


def check_same(one: Transformed, other: Transformed) -> None:
    assert one.keys() == other.keys()
    for name, values in one.items():
        assert values.dtype == other[name].dtype and values.shape == other[name].shape, name
        np.testing.assert_allclose(values, other[name], FLOAT_ROUNDING, err_msg=name)


def serialized(rows: list[Row]) -> list[bytes]:
    return [tiny_sample.example(row) for row in rows]


def test_the_training_data_is_transformed_the_same(
    tiny: Sample, in_training: Transform, in_serving: Transform
) -> None:
    raw = list(examples.records(tiny.train_files).as_numpy_iterator())
    assert len(raw) == 240
    check_same(in_training(raw), in_serving(raw))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 5), scale=st.floats(-100, 100, width=32))
def test_any_row_is_transformed_the_same(
    in_training: Transform, in_serving: Transform, seed: int, count: int, scale: float
) -> None:
    rows = tiny_sample.rows(count, seed)
    for row in rows:
        row["miles"] *= scale
        row["company"] = f"{row.get('company')}{seed % 3 or ''}"
    check_same(in_training(serialized(rows)), in_serving(serialized(rows)))


def test_the_batch_makes_no_difference(in_training: Transform, in_serving: Transform) -> None:
    raw = serialized(tiny_sample.rows(20, seed=3))
    alone = [in_serving([one]) for one in raw]
    check_same(
        in_training(raw),
        {name: np.concatenate([one[name] for one in alone]) for name in alone[0]},
    )


def test_what_the_network_learns_from_is_what_serving_transforms(
    tiny: Sample, in_serving: Transform
) -> None:
    _, validation = training.datasets(
        tiny_sample.plan(), tiny.transform, tiny.train_files, tiny.eval_files
    )
    [(features, labels)] = list(validation.as_numpy_iterator())
    served = in_serving(list(examples.records(tiny.eval_files).as_numpy_iterator()))
    label = served.pop(LABEL)
    check_same(features, {name: values.reshape(60, -1) for name, values in served.items()})
    assert labels.tolist() == label.reshape(-1, 1).tolist()
