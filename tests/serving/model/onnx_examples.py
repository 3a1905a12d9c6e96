"""Small models in ONNX's format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper


def save(path: Path, model: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))
    return path


def model(nodes: list[Any], inputs: list[Any], outputs: list[Any], weights: list[Any] = ()) -> Any:  # type: ignore[assignment]
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(weights))
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def info(name: str, kind: int, *shape: str | int) -> Any:
    return helper.make_tensor_value_info(name, kind, list(shape))


def linear() -> Any:
    """y = 2 x0 + 3 x1, for rows; and each row's name back."""
    weight = helper.make_tensor("W", TensorProto.FLOAT, [2, 1], [2.0, 3.0])
    return model(
        [helper.make_node("MatMul", ["x", "W"], ["y"]),
         helper.make_node("Identity", ["name"], ["named"])],
        [info("x", TensorProto.FLOAT, "rows", 2), info("name", TensorProto.STRING, "rows")],
        [info("y", TensorProto.FLOAT, "rows", 1), info("named", TensorProto.STRING, "rows")],
        [weight],
    )  # fmt: skip


def unary(operator: str, kind: int = TensorProto.FLOAT) -> Any:
    """An operator on rows of one number."""
    return model(
        [helper.make_node(operator, ["x"], ["y"])],
        [info("x", kind, "rows", 1)],
        [info("y", kind, "rows", 1)],
    )


def with_weights_in(location: str) -> Any:
    """`linear`, with its weights in another file."""
    made = linear()
    tensor = made.graph.initializer[0]
    tensor.ClearField("float_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return made
