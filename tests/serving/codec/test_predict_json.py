"""Rows and columns become tensors, and defaults stand for what a request leaves out."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytestmark = pytest.mark.tfx


@pytest.fixture(scope="module")
def signature() -> Any:
    """A needed `x`, and optional `name`, `place` (a list) with their defaults."""
    from serving.model.signatures import PREDICT, Signature, TensorInfo

    floats, texts = np.dtype(np.float32), np.dtype(object)
    infos = [
        TensorInfo("x", "x:0", "float", floats, (None,)),
        TensorInfo("name", "n:0", "string", texts, (None,), np.array([b""], dtype=object)),
        TensorInfo(
            "place", "p:0", "float", floats, (None, None), np.array([[np.nan]], dtype=np.float32)
        ),
    ]
    return Signature("serving_default", PREDICT, {info.name: info for info in infos}, {}, None)


def test_an_input_that_no_row_has_takes_the_signatures_default(signature: Any) -> None:
    from serving.codec import predict_json

    arrays = predict_json.inputs({"instances": [{"x": 1}, {"x": 2.5}]}, signature)
    assert arrays["x"].tolist() == [1.0, 2.5]
    assert arrays["name"].tolist() == [b"", b""]
    np.testing.assert_array_equal(arrays["place"], [[np.nan], [np.nan]])
    assert predict_json.inputs({"inputs": {"x": [1]}}, signature)["name"].tolist() == [b""]


def test_an_input_that_some_rows_lack_is_filled_in(signature: Any) -> None:
    from serving.codec import predict_json

    rows = [{"x": 1, "name": "a", "place": [1.5]}, {"x": 2}, {"x": 3, "name": {"b64": "/w=="}}]
    arrays = predict_json.inputs({"instances": rows}, signature)
    assert arrays["name"].tolist() == [b"a", b"", b"\xff"]
    np.testing.assert_array_equal(arrays["place"], [[1.5], [np.nan], [np.nan]])


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"instances": [{"name": "a"}]}, "keys must be equal to: x,name,place. Missing: x$"),
        ({"instances": [{"x": 1}, {"y": 1}]}, "element: 1 key: y"),
        ({"instances": [{"x": 1}, {"x": None}]}, "element: 1 key: x"),
        ({"inputs": {"name": ["a"]}}, "Missing named input: x"),
    ],
)
def test_what_does_not_fit_is_named(signature: Any, body: dict[str, Any], told: str) -> None:
    from serving.codec import predict_json
    from serving.core.errors import ServingError

    with pytest.raises(ServingError, match=told):
        predict_json.inputs(body, signature)


@pytest.mark.parametrize("kind", [np.uint8, np.uint64, np.int8, np.int64])
@pytest.mark.parametrize("beyond", [-1, 1])
def test_a_whole_number_out_of_range_is_refused_and_not_wrapped(kind: Any, beyond: int) -> None:
    from serving.codec import tensors
    from serving.core.errors import ServingError
    from serving.model.signatures import TensorInfo

    info = TensorInfo("x", "x:0", np.dtype(kind).name, np.dtype(kind), (None,))
    limit = int(np.iinfo(kind).max if beyond > 0 else np.iinfo(kind).min)
    assert tensors.tensor([limit], info).tolist() == [limit]
    with pytest.raises(ServingError, match="is not of expected type"):
        tensors.tensor([limit + beyond], info)


@given(
    values=st.lists(st.floats(width=32), min_size=1, max_size=6),
    kind=st.sampled_from([np.float32, np.float64]),
)
def test_numbers_come_back_as_they_were(values: list[float], kind: Any) -> None:
    import json

    from serving.codec import predict_json
    from serving.model.signatures import TensorInfo

    array = np.array(values, dtype=kind)
    info = TensorInfo("y", "y:0", "float", np.dtype(kind), (None,))
    for rows, key in ((True, "predictions"), (False, "outputs")):
        text = predict_json.answer({"y": array}, {"y": info}, rows)
        np.testing.assert_array_equal(np.array(json.loads(text)[key], dtype=kind), array)
