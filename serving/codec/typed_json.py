"""The usual request, read straight into tensors: rows of plain values for the default signature.

msgspec checks types while it parses, so that what comes out of it needs no second look. It takes no
more than TensorFlow Serving would; what it does not take is not wrong yet, but for `predict_json`,
which takes everything and has the messages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any

import msgspec
import numpy as np

from serving.codec import instances_json, tensors
from serving.codec.instances_json import Layout
from serving.model.signatures import DEFAULT, Arrays, Signature, TensorInfo

_TYPES: dict[str, type] = {"f": float, "i": int, "u": int, "b": bool, "O": str}


def arrays(body: bytes, signature: Signature) -> Arrays | None:
    """The tensors of a request's body; None if it is not of the usual kind.

    Args:
        body: JSON, perhaps.
        signature: The default one.
    """
    reader = _reader(signature)
    if reader is None:
        return None
    try:
        request = reader.decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    if not request.instances or request.signature_name not in ("", DEFAULT):
        return None
    return reader.layout.arrays(reader.columns(request.instances), _block)


@dataclass(frozen=True)
class _Reader:
    layout: Layout
    decode: Callable[[bytes], Any]
    columns: Callable[[list[Any]], list[Any]]
    """For each input its values, from the rows."""


# As many as a server has models and versions at a time.
@lru_cache(maxsize=256)
def _reader(signature: Signature) -> _Reader | None:
    layout = instances_json.layout(signature)
    infos = [signature.inputs[name] for name in layout.names]
    if any(info.dtype.kind not in _TYPES or not info.shape for info in infos):
        return None
    # What a row may leave out stands in it as a plain value.
    if any(not isinstance(value, str | int | float) for value in layout.absent.values()):
        return None
    if len(infos) == 1:
        row: Any = _type(infos[0])
    else:
        fields = [
            (f"input_{number}", _type(info), _field(info.name, layout))
            for number, info in enumerate(infos)
        ]
        try:
            row = msgspec.defstruct(
                "Row", fields, forbid_unknown_fields=True, gc=False, kw_only=True
            )
        except ValueError:  # A name that JSON escapes: with a quote, a backslash, a line break.
            return None
    body = msgspec.defstruct(
        "Body", [("instances", list[row]), ("signature_name", str, "")], forbid_unknown_fields=True
    )
    return _Reader(
        layout, msgspec.json.Decoder(body).decode, _one_column if len(infos) == 1 else _columns
    )


def _type(info: TensorInfo) -> Any:
    kind: Any = _TYPES[info.dtype.kind]
    for _ in (info.shape or ())[1:]:
        kind = list[kind]
    return kind


def _field(name: str, layout: Layout) -> Any:
    if name in layout.absent:
        return msgspec.field(name=name, default=layout.absent[name])
    return msgspec.field(name=name)


def _one_column(rows: list[Any]) -> list[Any]:
    return [rows]


def _columns(rows: list[Any]) -> list[Any]:
    return list(zip(*map(msgspec.structs.astuple, rows), strict=True))


def _block(columns: list[Any], info: TensorInfo) -> np.ndarray | None:
    """A tensor of each column, one array for all; None if that takes a closer look."""
    if len(info.shape or ()) > 1:
        return tensors.block(columns, info)
    items = list(chain.from_iterable(columns))
    if info.dtype.kind != "f":
        flat = tensors.flat(items, {_TYPES[info.dtype.kind]}, info)
    else:
        flat = tensors.floats(items, info.dtype)
    return None if flat is None else flat.reshape(len(columns), -1)
