"""REST's bodies of the Open Inference Protocol."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from serving.core.errors import ServingError

pytestmark = pytest.mark.tfx

X = {"name": "x", "datatype": "FP32", "shape": [2], "data": [1, 2.5]}


def read(content: Any, raw: bytes = b"", rows: int = 10) -> Any:
    from serving.codec import open_inference_json

    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return open_inference_json.read(text + raw, len(text) if raw else None, rows)


def test_a_request_is_read() -> None:
    asked = read(
        {
            "id": "7", "parameters": {"signature_name": "s", "timeout": 3}, "unknown": [1],
            "inputs": [
                X,
                {"name": "flat", "datatype": "INT8", "shape": [2, 2], "data": [1, 2, 3, 4]},
                {"name": "nested", "datatype": "BYTES", "shape": [1, 2], "data": [["a", "é"]]},
                {"name": "b", "datatype": "BOOL", "shape": [1], "data": [True]},
                {"name": "none", "datatype": "FP64", "shape": [0], "data": []},
                {"name": "scalar", "datatype": "UINT64", "shape": [], "data": [2**64 - 1]},
            ],
            "outputs": [{"name": "y"}, {"name": "z", "parameters": {"binary_data": True}}],
        }
    )  # fmt: skip
    assert (asked.id, asked.signature_name) == ("7", "s")
    assert asked.inputs["x"].tolist() == [1.0, 2.5]
    assert asked.inputs["flat"].tolist() == [[1, 2], [3, 4]]
    assert asked.inputs["nested"].tolist() == [[b"a", "é".encode()]]
    assert asked.inputs["scalar"] == np.uint64(2**64 - 1)
    assert asked.outputs == [("y", False), ("z", True)]


def test_bytes_behind_the_json_are_the_inputs_in_their_order() -> None:
    sized = {"binary_data_size": 8}
    names = [
        {"name": "a", "datatype": "FP32", "shape": [2], "parameters": sized},
        X,
        {"name": "b", "datatype": "INT32", "shape": [2, 1], "parameters": sized},
    ]
    raw = np.array([1, 2], np.float32).tobytes() + np.array([3, 4], np.int32).tobytes()
    asked = read({"inputs": names, "parameters": {"binary_data_output": True}}, raw)
    assert asked.inputs["a"].tolist() == [1, 2]
    assert asked.inputs["b"].tolist() == [[3], [4]]
    assert asked.raw


def changed(**values: Any) -> dict[str, Any]:
    return {"inputs": [{**X, **values}]}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "document is empty"),
        (b"[]", "Is not object"),
        ({}, "'inputs' must be a list"),
        ({"inputs": {}}, "'inputs' must be a list"),
        ({"inputs": [1]}, "Each of 'inputs' must be an object"),
        ({"inputs": [X, X]}, "Input 'x' is there twice"),
        ({"inputs": [X], "id": 7}, "'id' must be a string, received 7"),
        ({"inputs": [X], "id": "\ud800"}, "Invalid surrogate"),
        ({"inputs": [X], "parameters": []}, "'parameters' must be an object"),
        ({"inputs": [X], "outputs": ["y"]}, "'outputs' must be a list of objects"),
        ({"inputs": [X], "outputs": [{"name": "y"}] * 2}, "Output 'y' is there twice"),
        (
            {"inputs": [X], "outputs": [{"name": "y", "parameters": {"classification": 2}}]},
            "'y': the parameter 'classification' is not supported",
        ),
        (changed(name=None), "'name' must be a string"),
        (changed(datatype="float"), "Input 'x': there is no datatype 'float'"),
        (changed(datatype=None), "'datatype' of input 'x' must be a string"),
        (changed(shape=[3]), "shape [3] has 3 values, received 2"),
        (changed(shape=[2, 1], data=[[1, 2]]), "shape [2, 1] is declared, received [1, 2]"),
        (changed(shape=[11]), "Task size 11 is larger than maximum input batch size 10"),
        (changed(data=["a", "b"]), "Input 'x': JSON Value: \"a\" Type: String is not of expected"),
        (changed(data=[[1], [2, 3]]), "Input 'x': Encountered list at unexpected size"),
        (changed(datatype="INT8", data=[1, 300]), "300"),
        (changed(datatype="FP16"), "FP16 has no form in JSON; send it as binary data"),
        (changed(parameters={"shared_memory_region": "r"}), "'shared_memory_region' is not"),
        (changed(parameters={"binary_data_size": 8}), "both 'data' and 'binary_data_size'"),
        ({"inputs": [{"name": "x", "datatype": "FP32", "shape": [1]}]}, "neither 'data' nor"),
    ],
)
def test_what_is_no_request_is_told(content: Any, told: str) -> None:
    with pytest.raises(ServingError) as raised:
        read(content)
    assert told in raised.value.message
    assert raised.value.http_status == 400


@pytest.mark.parametrize(
    ("size", "raw", "told"),
    [
        (9, b"\0" * 8, "binary_data_size is 9, where 8 bytes are left"),
        (-1, b"\0" * 8, "binary_data_size is -1"),
        ("8", b"\0" * 8, 'binary_data_size is "8"'),
        (True, b"\0" * 8, "binary_data_size is true"),
        (8, b"\0" * 9, "1 bytes are left behind those of the inputs"),
        (4, b"\0" * 4, "takes 8 bytes, received 4"),
    ],
)
def test_bytes_of_another_length_are_refused(size: Any, raw: bytes, told: str) -> None:
    tensor = {
        "name": "x",
        "datatype": "FP32",
        "shape": [2],
        "parameters": {"binary_data_size": size},
    }
    with pytest.raises(ServingError) as raised:
        read({"inputs": [tensor]}, raw)
    assert told in raised.value.message


def test_json_cannot_be_longer_than_the_body() -> None:
    from serving.codec import open_inference_json

    with pytest.raises(ServingError, match="is 9, but the body has 2 bytes"):
        open_inference_json.read(b"{}", 9, 10)


@pytest.mark.parametrize("width", [1, 3])
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("datatype", ["FP32", "BYTES", "INT64"])
def test_a_long_body_is_read_as_a_short_one_is(width: int, nested: bool, datatype: str) -> None:
    rows = 40_000 // width
    flat: list[Any] = [number % 97 for number in range(rows * width)]
    if datatype == "BYTES":
        flat = [f'{number}"' for number in flat]
    data: list[Any] = flat
    if nested:
        data = [flat[at : at + width] for at in range(0, len(flat), width)]
    tensor = {"name": "l", "datatype": datatype, "shape": [rows, width], "data": data}
    asked = read({"inputs": [X, tensor], "id": "7", "more": {"a": 1}}, rows=10**6)
    assert asked.id == "7"
    assert asked.inputs["x"].tolist() == [1.0, 2.5]
    expected = np.array(flat, object if datatype == "BYTES" else None)
    if datatype == "BYTES":
        expected = np.array([value.encode() for value in flat], object)
    assert (asked.inputs["l"] == expected.reshape(rows, width)).all()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1],
        lambda text: text.replace(b'"id"', b'"id" 3, "id"'),
        lambda text: text.replace(b"]}]", b"] 1}]"),
        lambda text: text.replace(b"]}]", b"]}] 2"),
        lambda text: text.replace(b"0, 1, 2", b"0, 1 2"),
        lambda text: b"[" + text + b"]",
        lambda text: text.replace(b'"id": "7"', b'"id": "' + b"7" * 70_000 + b'"'),
    ],
)
def test_a_long_body_that_is_no_json_is_refused(spoil: Any) -> None:
    tensor = {"name": "l", "datatype": "INT64", "shape": [40_000], "data": list(range(40_000))}
    text = json.dumps({"id": "7", "inputs": [tensor]}).encode()
    assert read(text, rows=10**6).inputs["l"].size == 40_000
    with pytest.raises(ServingError):
        read(spoil(text), rows=10**6)


def outputs_of(**arrays: np.ndarray) -> Any:
    from serving.codec import open_inference
    from serving.model.signatures import Signature, TensorInfo

    infos = {}
    for name, array in arrays.items():
        known = open_inference.info_of(name, open_inference.datatype_of(array.dtype))
        infos[name] = TensorInfo(name, "", known.type_name, known.dtype, None)
    return Signature("s", "predict", {}, infos, None)


@pytest.mark.parametrize("count", [0, 3, 20_000])
def test_an_answer_has_its_values_flat_or_as_bytes(count: int) -> None:
    from serving.codec import open_inference_json
    from serving.codec.open_inference import Output, Request

    strings = np.empty(count, object)
    strings[:] = [b"a\xc3\xa9"] * count
    arrays = {
        "f": np.linspace(0, 1, 2 * count, dtype=np.float32).reshape(count, 2), "s": strings,
        "i": np.arange(count), "b": np.arange(count) % 2 == 0,
    }  # fmt: skip
    signature = outputs_of(**arrays)
    request = Request(id="9", outputs=[Output("f", False), Output("s", False), Output("i", True),
                                       Output("b", False)])  # fmt: skip
    body, length = open_inference_json.write(request, "m", 3, signature, arrays)
    answer = json.loads(body[:length])
    assert (answer["model_name"], answer["model_version"], answer["id"]) == ("m", "3", "9")
    f, s, i, b = answer["outputs"]
    assert np.array(f["data"], np.float32).tolist() == arrays["f"].ravel().tolist()
    assert f["shape"] == [count, 2]
    assert s["data"] == ["aé"] * count
    assert i["parameters"] == {"binary_data_size": 8 * count}
    assert "data" not in i
    assert body[length:] == arrays["i"].tobytes()
    assert b["data"] == arrays["b"].tolist()


def test_special_numbers_are_tokens_as_in_the_rest_of_the_api() -> None:
    from serving.codec import open_inference_json
    from serving.codec.open_inference import Request

    arrays = {"y": np.array([np.nan, np.inf, 1.5], np.float32)}
    body, _ = open_inference_json.write(Request(), "m", 1, outputs_of(**arrays), arrays)
    assert b'"data":[NaN,Infinity,1.5]' in body


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.array([b"\xff"], object), "bytes that are no UTF-8; ask for it with"),
        (np.array([1], np.float16), "FP16 has no form in JSON; ask for it with"),
    ],
)
def test_what_has_no_form_in_json_is_refused_and_not_altered(array: np.ndarray, told: str) -> None:
    from serving.codec import open_inference_json
    from serving.codec.open_inference import Request

    with pytest.raises(ServingError, match=told):
        open_inference_json.write(Request(), "m", 1, outputs_of(y=array), {"y": array})
    body, length = open_inference_json.write(
        Request(raw=True), "m", 1, outputs_of(y=array), {"y": array}
    )
    assert length is not None
    assert body[length:]


def test_texts_are_counted_over_all_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    from serving.codec import open_inference_json, tensors
    from serving.core.errors import ServingError

    monkeypatch.setattr(tensors, "MOST_TEXTS", 5)
    raw = b"\x01\x00\x00\x00a" * 3
    inputs = [
        {"name": name, "datatype": "BYTES", "shape": [3], "parameters": {"binary_data_size": 15}}
        for name in "ab"
    ]
    head = json.dumps({"inputs": inputs}).encode()
    with pytest.raises(ServingError, match="more than 5 texts"):
        open_inference_json.read(head + 2 * raw, len(head), 99)
    head = json.dumps({"inputs": inputs[:1]}).encode()
    assert open_inference_json.read(head + raw, len(head), 99).inputs["a"].tolist() == [b"a"] * 3
