from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from google.protobuf.message import DecodeError
from hypothesis import given, settings
from hypothesis import strategies as st
from tensorflow_serving.apis import classification_pb2, predict_pb2

from serving.grpc import open_inference_messages
from serving.grpc.long_messages import TooManyPiecesError, parsed

pytestmark = pytest.mark.tfx

_MANY = 10**6
_texts = st.lists(st.binary(max_size=40), max_size=30)
_numbers = st.lists(st.integers(-(2**63), 2**63 - 1), max_size=40)


@st.composite
def _predict_requests(draw: Any) -> Any:
    request = predict_pb2.PredictRequest()
    request.model_spec.name = draw(st.text(max_size=20))
    for name in draw(st.lists(st.text(max_size=5), unique=True, max_size=4)):
        proto = request.inputs[name]
        proto.string_val.extend(draw(_texts))
        proto.int64_val.extend(draw(_numbers))
        proto.float_val.extend(draw(st.lists(st.floats(width=32, allow_nan=False), max_size=30)))
        proto.tensor_content = draw(st.binary(max_size=60))
    request.output_filter.extend(draw(st.lists(st.text(max_size=4), max_size=5)))
    return request


@st.composite
def _classify_requests(draw: Any) -> Any:
    request = classification_pb2.ClassificationRequest()
    examples = request.input.example_list_with_context.examples
    for values in draw(st.lists(_texts, max_size=4)):
        features = examples.add().features.feature
        features["text"].bytes_list.value.extend(values)
        features["number"].int64_list.value.extend(draw(_numbers))
    return request


@st.composite
def _infer_requests(draw: Any) -> Any:
    request = open_inference_messages.CLASSES["ModelInferRequest"](id=draw(st.text(max_size=9)))
    for values in draw(st.lists(_texts, max_size=3)):
        tensor = request.inputs.add(name="x", datatype="BYTES", shape=[len(values)])
        tensor.contents.bytes_contents.extend(values)
        tensor.contents.int64_contents.extend(draw(_numbers))
    request.raw_input_contents.extend(draw(_texts))
    return request


@settings(deadline=None)
@given(_predict_requests() | _classify_requests() | _infer_requests(), st.integers(1, 200))
def test_parts_give_the_message(message: Any, part_bytes: int) -> None:
    data = message.SerializeToString()
    assert parsed(data, type(message), _MANY, part_bytes) == message


@settings(deadline=None)
@given(_predict_requests(), st.data(), st.integers(1, 60))
def test_a_damaged_message_is_what_the_whole_parser_makes_of_it(
    message: Any, data: Any, part_bytes: int
) -> None:
    content = bytearray(message.SerializeToString())
    if content:
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    try:
        # As text, which leaves unknown fields out, and in which NaN is equal to itself.
        whole = str(predict_pb2.PredictRequest.FromString(bytes(content)))
    except DecodeError:
        whole = None
    try:
        found = str(parsed(bytes(content), predict_pb2.PredictRequest, _MANY, part_bytes))
    except DecodeError:
        found = None
    # Groups, which no client sends, are refused, and what nobody reads may be damaged.
    assert found is None or whole is None or found == whole


def test_the_last_of_two_entries_counts() -> None:
    parts = []
    for values in (["a", "b"], ["c"]):
        request = predict_pb2.PredictRequest()
        request.inputs["x"].CopyFrom(tf.make_tensor_proto(values * 100))
        parts.append(request.SerializeToString())
    made = parsed(b"".join(parts), predict_pb2.PredictRequest, _MANY, part_bytes=50)
    assert tf.make_ndarray(made.inputs["x"]).tolist() == [b"c"] * 100


def test_short_pieces_are_counted_before_they_take_memory() -> None:
    request = predict_pb2.PredictRequest()
    request.inputs["x"].string_val.extend([b""] * 100_000)
    data = request.SerializeToString()
    assert parsed(data, predict_pb2.PredictRequest, 100_010) == request
    with pytest.raises(TooManyPiecesError):
        parsed(data, predict_pb2.PredictRequest, 99_000)


def test_many_numbers_are_few_pieces() -> None:
    request = predict_pb2.PredictRequest()
    request.inputs["x"].float_val.extend(np.arange(200_000, dtype=np.float32))
    request.inputs["y"].int64_val.extend(range(-100_000, 100_000))
    assert parsed(request.SerializeToString(), predict_pb2.PredictRequest, 50) == request
