"""What a SavedModel's signatures take and give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.tfx


def definition(*shape: int | None) -> Any:
    import tensorflow as tf

    v1 = tf.compat.v1
    with tf.Graph().as_default():
        x = v1.placeholder(tf.float32, shape, "x")
        made = v1.saved_model.build_signature_def(
            {"x": v1.saved_model.build_tensor_info(x)},
            {"y": v1.saved_model.build_tensor_info(x)},
            "tensorflow/serving/predict",
        )
    made.defaults["x"].CopyFrom(tf.make_tensor_proto([1.5]))
    return made


def test_a_definition_is_read() -> None:
    from tensorflow.core.protobuf import meta_graph_pb2

    from serving.model import signatures

    found = signatures.read({"a": definition(None), "__init": meta_graph_pb2.SignatureDef()})
    assert list(found) == ["a"]
    info = found["a"].inputs["x"]
    assert (info.name, info.tensor, info.type_name) == ("x", "x:0", "float")
    assert (info.dtype, info.shape) == (np.float32, (None,))
    assert info.default is not None and info.default.tolist() == [1.5]
    assert found["a"].outputs["y"].default is None


@pytest.mark.parametrize(
    ("shape", "batches", "fits", "not_fits"),
    [
        ((None,), True, (5,), (5, 1)),
        ((None, 3), True, (0, 3), (2, 4)),
        ((2,), False, (2,), (3,)),
        ((), False, (), (1,)),
    ],
)
def test_which_shapes_fit_and_batch(
    shape: tuple[int | None, ...], batches: bool, fits: tuple[int, ...], not_fits: tuple[int, ...]
) -> None:
    from serving.model import signatures

    made = signatures.read({"a": definition(*shape)})["a"]
    assert made.batches is batches
    assert made.inputs["x"].fits(fits) and not made.inputs["x"].fits(not_fits)
