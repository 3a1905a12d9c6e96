"""The rows of a request, `instances`, as tensors.

Well-formed rows are read together, with one array for all the inputs of a type: for a table with
many columns, numpy's work for each array would take longer than the values'. What does not fit is
read input by input, for TensorFlow Serving's message about the first thing that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any

import numpy as np

from serving.codec import tensors
from serving.core import json_text
from serving.core.errors import Code, ServingError
from serving.model.signatures import Arrays, Signature, TensorInfo


def arrays(rows: list[Any], signature: Signature) -> Arrays:
    """The tensors of rows; what a row leaves out, and may, takes the signature's default.

    Args:
        rows: At least one.
        signature: What they are for.

    Raises:
        ServingError: They do not fit the signature.
    """
    made = _read_together(rows, signature)
    return _read_one_by_one(rows, signature) if made is None else made


def is_named(row: Any) -> bool:
    """Whether a row holds its values by the inputs' names."""
    return type(row) is dict and not tensors.is_bytes(row)


@dataclass(frozen=True)
class Layout:
    """How rows with a value for each input are read together."""

    names: tuple[str, ...]
    """The inputs, those of a block beside each other."""
    values: Callable[[dict[str, Any]], tuple[Any, ...]]
    """A row's values, in the order of the names; fails with KeyError."""
    blocks: tuple[tuple[int, int, TensorInfo], ...]
    """From and to which name the inputs have the same type and shape, and one of them."""
    absent: Mapping[str, Any]
    """What stands in a row for the inputs that it may leave out."""

    def arrays(
        self,
        columns: list[Any],
        read: Callable[[list[Any], TensorInfo], np.ndarray | None],
    ) -> Arrays | None:
        """The tensors of columns; None if some make none.

        Args:
            columns: For each name its values.
            read: Makes one array of a block's columns, or None.
        """
        made: dict[str, np.ndarray] = {}
        for start, end, info in self.blocks:
            block = read(columns[start:end], info)
            if block is None:
                return None
            made.update(zip(self.names[start:end], block, strict=True))
        return made


@lru_cache(maxsize=256)
def layout(signature: Signature) -> Layout:
    """How rows for a signature are read together."""
    alike: dict[tuple[Any, ...], list[TensorInfo]] = {}
    for info in signature.inputs.values():
        sized = info.shape is not None and None not in info.shape[1:]
        alike.setdefault((info.type_name, info.shape, sized or info.name), []).append(info)
    names: list[str] = []
    blocks = []
    for infos in alike.values():
        blocks.append((len(names), len(names) + len(infos), infos[0]))
        names += [info.name for info in infos]
    absent = {
        name: _as_json(info.default[0], info)
        for name, info in signature.inputs.items()
        if info.default is not None and _stands_for_a_row(info)
    }
    return Layout(tuple(names), itemgetter(*names), tuple(blocks), absent)


def _stands_for_a_row(info: TensorInfo) -> bool:
    """Whether a default is of one row, and not of the request, such as a scalar."""
    of_rows = info.shape is not None and info.shape[:1] == (None,)
    return of_rows and info.default is not None and info.default.shape[:1] == (1,)


def _read_together(rows: list[Any], signature: Signature) -> Arrays | None:
    """The tensors, or None if a row is not as it should be."""
    plan = layout(signature)
    # The values of a single input may come without its name.
    if len(plan.names) < 2 or set(map(type, rows)) != {dict}:
        return None
    width = {len(plan.names)}
    if set(map(len, rows)) != width:
        rows = [{**plan.absent, **row} for row in rows]
        if set(map(len, rows)) != width:
            return None
    try:
        columns = list(zip(*map(plan.values, rows), strict=True))
    except KeyError:
        return None
    return plan.arrays(columns, tensors.block)


def _read_one_by_one(rows: list[Any], signature: Signature) -> Arrays:
    infos = signature.inputs
    if not is_named(rows[0]):
        if len(infos) > 1:
            raise _refused(
                "instances is a plain list, but expecting list of objects as multiple input "
                "tensors required as per tensorinfo_map"
            )
        (info,) = infos.values()
        for row, value in enumerate(rows):
            if is_named(value):
                raise _refused(f"Expecting value/list but got object at item {row} of input list")
        return {info.name: _stacked(rows, info, "")}
    known = infos.keys()
    needed = {name for name, info in infos.items() if info.default is None}
    for number, row in enumerate(rows):
        if not is_named(row):
            raise _refused(f"Expecting object but got list at item {number} of input list")
        if not needed <= row.keys() <= known:
            raise _wrong_names(number, row, signature)
    return {name: _column(rows, info) for name, info in infos.items()}


def _wrong_names(number: int, row: Mapping[str, Any], signature: Signature) -> ServingError:
    infos = signature.inputs
    for name in row:
        if name not in infos:
            return _refused(
                f"Failed to process element: {number} key: {name} of 'instances' list. Error: "
                f"INVALID_ARGUMENT: JSON object: does not have named input: {name}"
            )
    missing = [name for name, info in infos.items() if info.default is None and name not in row]
    return _refused(
        f"Failed to process element: {number} of 'instances' list. JSON object: "
        f"{json_text.shown(row)} keys must be equal to: {','.join(infos)}. "
        f"Missing: {','.join(missing)}"
    )


def absent(info: TensorInfo, given: Collection[str], infos: Mapping[str, TensorInfo]) -> np.ndarray:
    """What stands for an input that a single row leaves out, and that it may leave out.

    Raises:
        ServingError: It must not.
    """
    if info.default is None:
        missing = [name for name in infos if infos[name].default is None and name not in given]
        raise _refused(
            f"JSON object: keys must be equal to: {','.join(infos)}. Missing: {','.join(missing)}"
        )
    return _column([{}], info)


def _column(rows: list[dict[str, Any]], info: TensorInfo) -> np.ndarray:
    key = f" key: {info.name}"
    if info.default is None:
        return _stacked([row[info.name] for row in rows], info, key)
    if not _stands_for_a_row(info) and not any(info.name in row for row in rows):
        return info.default
    absent = _as_json(info.default[0], info)
    return _stacked([row.get(info.name, absent) for row in rows], info, key)


def _stacked(values: list[Any], info: TensorInfo, key: str) -> np.ndarray:
    try:
        return tensors.stacked(values, info)
    except ServingError as error:
        row, _, reason = error.message.partition("\n")
        if not reason:
            raise
        raise ServingError(
            error.code,
            f"Failed to process element: {row}{key} of 'instances' list. Error: "
            f"{error.code.name}: {reason}",
        ) from None


def _as_json(value: Any, info: TensorInfo) -> Any:
    """An element of a default as a row would hold it."""
    if info.dtype.kind != "O":
        return value.tolist()
    nested = value.tolist() if isinstance(value, np.ndarray) else value
    # What is text need not be decoded for each row.
    return "" if nested == b"" else _encoded(nested)


def _encoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_encoded(item) for item in value]
    return tensors.as_b64(value)


def _refused(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)
