"""Columns for a signature's inputs and outputs, and values that fit them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

import serving.core.arrow  # noqa: F401  (no file runs code)
from serving.model.registry import Tensor

_INTEGERS = {
    f"DT_{sign}INT{bits}": getattr(pa, f"{sign.lower()}int{bits}")()
    for sign in ("", "U")
    for bits in (8, 16, 32, 64)
}
_TYPES = {
    "DT_STRING": pa.string(), "DT_FLOAT": pa.float32(), "DT_DOUBLE": pa.float64(),
    "DT_BOOL": pa.bool_(), **_INTEGERS,
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column of one input or output."""

    name: str
    """As requests and answers name it."""
    type: pa.DataType
    """Of one row: a scalar, or a list of scalars."""

    def value(self, given: Any) -> Any:
        """The value of a row, from JSON.

        Raises:
            ValueError: It does not fit the type.
        """
        if given is None:
            return None
        if not pa.types.is_list(self.type):
            if isinstance(given, list) and len(given) == 1:
                given = given[0]
            return _scalar(given, self.type)
        values = given if isinstance(given, list) else [given]
        return [_scalar(value, self.type.value_type) for value in values]


def columns(tensors: Mapping[str, Tensor]) -> list[Column]:
    """The columns of a signature's inputs or outputs; those without a type for it are left out."""
    found = []
    for name, tensor in tensors.items():
        scalar, shape = _TYPES.get(tensor.dtype), tensor.shape
        if scalar is not None and shape is not None and len(shape) in (1, 2):
            single = len(shape) == 1 or shape[1] == 1
            found.append(Column(name, scalar if single else pa.list_(scalar)))
    return found


def _scalar(value: Any, wanted: pa.DataType) -> Any:
    if value is None:
        return None
    checks: list[tuple[Callable[[pa.DataType], bool], Callable[[Any], Any]]] = [
        (pa.types.is_string, _text),
        (pa.types.is_boolean, _only(bool)),
        (pa.types.is_integer, lambda given: _integer(given, wanted)),
        (pa.types.is_floating, lambda given: float(_only(int, float)(given))),
    ]
    for fits, convert in checks:
        if fits(wanted):
            try:
                return convert(value)
            except OverflowError as error:
                raise ValueError(f"{value} is too large for {wanted}") from error
    raise ValueError(f"no column type for {wanted}")


def _integer(value: Any, wanted: pa.DataType) -> int:
    pa.scalar(_only(int)(value), wanted)  # Raises where it is too large.
    return int(value)


def _only(*types: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        # To Python, true is an integer.
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise ValueError(f"{value!r} is not of the type {types[0].__name__}")
        return value

    return check


def _text(value: Any) -> str:
    if isinstance(value, dict) and value.keys() == {"b64"}:
        try:
            value = base64.b64decode(value["b64"]).decode()
        except (binascii.Error, UnicodeDecodeError, TypeError) as error:
            raise ValueError("not text") from error
    return str(_only(str)(value)).encode(errors="replace").decode()
