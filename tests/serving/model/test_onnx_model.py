"""A version in ONNX's format in memory."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from serving.core.errors import Code, ServingError
from tests.serving.model import onnx_examples

pytestmark = pytest.mark.tfx


def load(folder: Path, model: Any) -> Any:
    from serving.model.loading import load as load_version

    onnx_examples.save(folder / "model.onnx", model)
    return load_version(folder)


def text(*values: bytes) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array


def test_it_is_run_in_batches(tmp_path: Path) -> None:
    loaded = load(tmp_path, onnx_examples.linear())
    signature = loaded.signature("serving_default")
    assert (loaded.platform, signature.batches) == ("onnx_onnxv1", True)
    assert {name: info.type_name for name, info in signature.inputs.items()} == {
        "name": "string", "x": "float"
    }  # fmt: skip
    fed = {"x": np.float32([[1, 2], [0, 1]]), "name": text(b"a", "é".encode())}
    outputs = loaded.run(signature, fed)
    assert outputs["y"].tolist() == [[8.0], [3.0]]
    assert outputs["named"].tolist() == [b"a", "é".encode()]
    loaded.close()


NUMBERS = ("FLOAT", "DOUBLE", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32",
           "UINT64", "BOOL", "FLOAT16")  # fmt: skip


@pytest.mark.parametrize("kind", NUMBERS)
def test_each_type_of_number_comes_back(tmp_path: Path, kind: str) -> None:
    loaded = load(tmp_path, onnx_examples.unary("Identity", getattr(TensorProto, kind)))
    signature = loaded.signature("serving_default")
    values = np.array([[1], [0]]).astype(signature.inputs["x"].dtype)
    outputs = loaded.run(signature, {"x": values})
    assert outputs["y"].dtype == signature.outputs["y"].dtype == values.dtype
    assert outputs["y"].tolist() == values.tolist()


@pytest.mark.parametrize(
    ("x", "name", "told"),
    [
        (np.zeros((1, 3), np.float32), text(b"a"), "Input 'x': expected shape [-1, 2], received"),
        (np.zeros((1, 2), np.float32), text(b"\xff"), "Input 'name': strings must be UTF-8"),
        (np.zeros((1, 2), np.float64), text(b"a"), "Unexpected input data type"),
    ],
)
def test_what_does_not_fit_is_the_clients_mistake(
    tmp_path: Path, x: np.ndarray, name: np.ndarray, told: str
) -> None:
    loaded = load(tmp_path, onnx_examples.linear())
    with pytest.raises(ServingError) as raised:
        loaded.run(loaded.signature("serving_default"), {"x": x, "name": name})
    assert raised.value.code is Code.INVALID_ARGUMENT
    assert told in raised.value.message


def test_a_run_that_nobody_waits_for_is_ended(tmp_path: Path) -> None:
    from serving.model.loaded_model import Cancelled

    one = helper.make_tensor("one", TensorProto.BOOL, [], [True])
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["go"]), helper.make_node("Cos", ["v"], ["w"])], "b",
        [onnx_examples.info("i", TensorProto.INT64), onnx_examples.info("c", TensorProto.BOOL),
         onnx_examples.info("v", TensorProto.FLOAT, "rows", 1)],
        [onnx_examples.info("go", TensorProto.BOOL),
         onnx_examples.info("w", TensorProto.FLOAT, "rows", 1)],
    )  # fmt: skip
    endless = onnx_examples.model(
        [helper.make_node("Loop", ["", "one", "x"], ["y"], body=body)],
        [onnx_examples.info("x", TensorProto.FLOAT, "rows", 1)],
        [onnx_examples.info("y", TensorProto.FLOAT, "rows", 1)],
        [one],
    )
    loaded = load(tmp_path, endless)
    timer = threading.Timer(0.3, loaded.cancel)
    timer.start()
    start = time.monotonic()
    with pytest.raises(Cancelled):
        loaded.run(loaded.signature("serving_default"), {"x": np.zeros((1, 1), np.float32)})
    assert time.monotonic() - start < 20
    timer.join()


def test_what_is_no_tensor_is_refused_with_what_to_do(tmp_path: Path) -> None:
    node = helper.make_node("ZipMap", ["x"], ["y"], domain="ai.onnx.ml", classlabels_int64s=[0, 1])
    value = helper.make_tensor_type_proto(TensorProto.FLOAT, [])
    kind = helper.make_sequence_type_proto(helper.make_map_type_proto(TensorProto.INT64, value))
    made = onnx_examples.model(
        [node], [onnx_examples.info("x", TensorProto.FLOAT, "rows", 2)],
        [helper.make_value_info("y", kind)],
    )  # fmt: skip
    with pytest.raises(ServingError) as raised:
        load(tmp_path, made)
    assert "'y' is of type seq(map(int64,tensor(float))), which is no tensor" in str(raised.value)
    assert "zipmap" in raised.value.remedy


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    from serving.model.loading import load as load_version

    (tmp_path / "model.onnx").write_bytes(b"\x3a\x00")
    with pytest.raises(ServingError, match="does not load"):
        load_version(tmp_path)


def test_without_its_package_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ServingError) as raised:
        load(tmp_path, onnx_examples.linear())
    assert "needs the package onnxruntime" in raised.value.message
    assert raised.value.remedy == "Install it: uv sync --group onnx"


def test_weights_in_files_beside_it_are_read(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(np.float32([4, 5]).tobytes())
    loaded = load(tmp_path, onnx_examples.with_weights_in("w.bin"))
    fed = {"x": np.float32([[1, 1]]), "name": text(b"")}
    assert loaded.run(loaded.signature("serving_default"), fed)["y"].tolist() == [[9.0]]
