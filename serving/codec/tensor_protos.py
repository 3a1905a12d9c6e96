"""Tensors as gRPC carries them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2

from serving.core.background import LONG, pause
from serving.core.errors import Code, ServingError
from serving.model.signatures import TensorInfo

_WIDEST = 8
"""Bytes of a value, at most; complex numbers apart."""

# Which field of a `TensorProto` holds the values of a type.
_FIELDS = {
    "float32": "float_val",
    "float64": "double_val",
    "int32": "int_val",
    "int16": "int_val",
    "int8": "int_val",
    "uint8": "int_val",
    "uint16": "int_val",
    "int64": "int64_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
    "bool": "bool_val",
    "object": "string_val",
}

# Those whose values are numbers as they are; of short ones TensorFlow's own function is as good.
_LONG_FIELDS = {
    name: field
    for name, field in _FIELDS.items()
    if name not in ("object", "int16", "int8", "uint8", "uint16")
}


def array(proto: Any, info: TensorInfo, limit: int) -> np.ndarray:
    """The values of a `TensorProto`.

    Args:
        proto: As a client sent it.
        info: The input that it is for.
        limit: The most bytes that it may take; a few can stand for many.

    Raises:
        ServingError: It contradicts itself, is too large, or is of another type than the input.
    """
    values = parsed(proto, info.name, limit)
    if values.dtype != info.dtype:
        raise _refused(
            f"Expects arg[{info.name}] to be {info.type_name} but {values.dtype.name} is provided"
        )
    return values


def parsed(proto: Any, name: str, limit: int) -> np.ndarray:
    """The values of a `TensorProto` of any type.

    Raises:
        ServingError: It contradicts itself, or would take more than `limit` bytes.
    """
    sizes = [dim.size for dim in proto.tensor_shape.dim]
    if proto.tensor_shape.unknown_rank or any(size < 0 for size in sizes):
        raise _refused(f"tensor parsing error: {name}")
    # A tensor without values has a shape, too, and TensorFlow counts on its product.
    if math.prod(max(size, 1) for size in sizes) * _WIDEST > limit:
        raise _too_large(name, limit)
    values = math.prod(sizes)
    if proto.string_val and (values - len(proto.string_val)) * len(proto.string_val[-1]) > limit:
        raise _too_large(name, limit)
    try:
        if proto.dtype == types_pb2.DT_STRING and not (proto.string_val or proto.tensor_content):
            # No value stands for empty ones, of which `make_ndarray` makes text instead of bytes.
            return np.full(sizes, b"", dtype=object)
        return _made(proto, sizes)
    except KeyError:  # of a type that no array has, such as a resource
        raise _refused(f"tensor parsing error: {name}: unsupported type {proto.dtype}") from None
    except (AttributeError, IndexError, OverflowError, TypeError, ValueError) as error:
        raise _refused(f"tensor parsing error: {name}: {error}") from None


def numbers(values: Any, dtype: np.dtype) -> np.ndarray:
    """The numbers of a message's repeated field, in parts, none of which takes long."""
    made = np.empty(len(values), dtype)
    for start in range(0, len(made), LONG):
        if start:
            pause()
        made[start : start + LONG] = values[start : start + LONG]
    return made


def _made(proto: Any, sizes: list[int]) -> np.ndarray:
    """What `tf.make_ndarray` makes, which holds the interpreter's lock all the time."""
    dtype = tf.as_dtype(proto.dtype)
    field = _LONG_FIELDS.get(dtype.name)
    values = getattr(proto, field) if field else ()
    if len(values) <= LONG or proto.tensor_content:
        return tf.make_ndarray(proto)
    found = numbers(values, np.dtype(dtype.as_numpy_dtype))
    count = math.prod(sizes)
    if len(found) < count:  # The last value stands for those that are left out.
        found = np.pad(found, (0, count - len(found)), "edge")
    return found.reshape(sizes)


def proto(values: np.ndarray) -> Any:
    """A `TensorProto` with its values one by one, as TensorFlow Serving answers.

    Clients read `float_val` and the like; types without such a field come as bytes.
    """
    field = _FIELDS.get(values.dtype.name)
    if field is None:
        return tf.make_tensor_proto(values)
    made = tf.make_tensor_proto(0)
    made.Clear()
    made.dtype = tf.as_dtype(tf.string if field == "string_val" else values.dtype).as_datatype_enum
    made.tensor_shape.SetInParent()
    for size in values.shape:
        made.tensor_shape.dim.add(size=size)
    getattr(made, field).extend(values.ravel().tolist())
    return made


def _too_large(name: str, limit: int) -> ServingError:
    return _refused(f"tensor parsing error: {name}: more than {limit} bytes")


def _refused(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)
