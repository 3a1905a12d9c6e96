"""What a SavedModel's signatures take and give, as far as requests are concerned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

DEFAULT = "serving_default"
PREDICT = "tensorflow/serving/predict"
CLASSIFY = "tensorflow/serving/classify"
REGRESS = "tensorflow/serving/regress"

Arrays = Mapping[str, np.ndarray]
"""Inputs or outputs of a signature by name, one row of each array for each instance."""


@dataclass(frozen=True)
class TensorInfo:
    """One input or output of a signature."""

    name: str
    """By which requests and answers know it."""
    tensor: str
    """Its name in the graph."""
    type_name: str
    """TensorFlow's, such as `float`, `int64`, `string`."""
    dtype: np.dtype
    """`object` for strings, which are `bytes` in arrays."""
    shape: tuple[int | None, ...] | None
    """None if even the rank is unknown."""
    default: np.ndarray | None = None
    """What stands for an input that a request leaves out; None if it must not."""

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether a tensor of a shape has the declared one."""
        return self.shape is not None and (
            len(self.shape) == len(shape)
            and all(size in (None, given) for size, given in zip(self.shape, shape, strict=True))
        )


@dataclass(frozen=True, eq=False)
class Signature:
    """A function of the model that requests may call; equal to none but itself."""

    name: str
    method: str
    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]
    definition: Any
    """The `SignatureDef`."""

    @property
    def batches(self) -> bool:
        """Whether it is declared to take any number of rows, and to answer each."""
        infos = [*self.inputs.values(), *self.outputs.values()]
        return all(info.shape and info.shape[0] is None for info in infos)

    def misfit(self, arrays: Arrays) -> str | None:
        """Which input is not of its declared shape, with both shapes; None if all are."""
        for name, info in self.inputs.items():
            received = arrays[name].shape
            if info.shape is not None and not info.fits(received):
                declared = [-1 if size is None else size for size in info.shape]
                return f"Input '{name}': expected shape {declared}, received {list(received)}"
        return None


def read(definitions: Mapping[str, Any]) -> dict[str, Signature]:
    """The signatures of a SavedModel, without TensorFlow's internal ones.

    Args:
        definitions: `SignatureDef`s by name.
    """
    found = {}
    for name, definition in definitions.items():
        if definition.inputs and definition.outputs:
            # Their field exists from TensorFlow 2.13 on.
            defaults = getattr(definition, "defaults", {})
            inputs = {
                key: _info(key, info, defaults.get(key))
                for key, info in sorted(definition.inputs.items())
            }
            outputs = {key: _info(key, info) for key, info in sorted(definition.outputs.items())}
            found[name] = Signature(name, definition.method_name, inputs, outputs, definition)
    return found


def _info(name: str, info: Any, default: Any = None) -> TensorInfo:
    dtype = tf.as_dtype(info.dtype)
    shape = None
    if not info.tensor_shape.unknown_rank:
        shape = tuple(None if dim.size < 0 else dim.size for dim in info.tensor_shape.dim)
    return TensorInfo(
        name=name,
        tensor=info.name,
        type_name={"float32": "float", "float64": "double", "float16": "half"}.get(
            dtype.name, dtype.name
        ),
        dtype=np.dtype(object) if dtype == tf.string else np.dtype(dtype.as_numpy_dtype),
        shape=shape,
        default=None if default is None else tf.make_ndarray(default),
    )
