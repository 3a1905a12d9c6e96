"""Tensors as gRPC carries them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import types_pb2

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
        return tf.make_ndarray(proto)
    except KeyError:  # of a type that no array has, such as a resource
        raise _refused(f"tensor parsing error: {name}: unsupported type {proto.dtype}") from None
    except (AttributeError, IndexError, OverflowError, TypeError, ValueError) as error:
        raise _refused(f"tensor parsing error: {name}: {error}") from None


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
