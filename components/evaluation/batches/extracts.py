"""Batches of TFMA's extracts: rows taken out of them, put together, and one by one.

A batch is a tree of mappings, as TFMA's extractors give it. Its leaves here are arrays of [rows,
...], None, or lists of what TFMA makes of each row where it is no dense array.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from tensorflow_model_analysis.utils import util

Tree = Any
"""A batch, or a part of one."""


def of_rows(extracts: Mapping[str, Any]) -> dict[str, Any]:
    """A batch of TFMA's, with lists for what is no dense array."""
    return {key: _leaf(value) for key, value in extracts.items()}


def _leaf(value: Any) -> Tree:
    if isinstance(value, Mapping):
        return of_rows(value)
    if value is None or (isinstance(value, np.ndarray) and value.ndim):
        return value
    return [row["value"] for row in util.split_extracts({"value": value})]


def size(tree: Tree) -> int | None:
    """The number of rows; None of nothing but None."""
    if isinstance(tree, Mapping):
        return next((rows for rows in map(size, tree.values()) if rows is not None), None)
    return None if tree is None else len(tree)


def take(tree: Tree, rows: np.ndarray) -> Tree:
    """Some rows of a batch.

    Args:
        tree: The batch.
        rows: Their numbers, in the order wanted; one may come several times.
    """
    return _mapped(tree, lambda leaf: _rows_of(leaf, rows))


def _rows_of(leaf: np.ndarray | list[Any], rows: np.ndarray) -> np.ndarray | list[Any]:
    return leaf[rows] if isinstance(leaf, np.ndarray) else [leaf[row] for row in rows]


def _mapped(tree: Tree, change: Callable[[Any], Any]) -> Tree:
    if isinstance(tree, Mapping):
        return {key: _mapped(value, change) for key, value in tree.items()}
    return None if tree is None else change(tree)


def joined(trees: Sequence[Tree]) -> list[Tree]:
    """Batches put together as far as they are of one form: the same keys, types and shapes."""
    alike: dict[Any, list[Tree]] = {}
    for tree in trees:
        alike.setdefault(_form(tree), []).append(tree)
    return [same[0] if len(same) == 1 else _concatenated(same) for same in alike.values()]


def _form(tree: Tree) -> Any:
    if isinstance(tree, Mapping):
        return tuple((key, _form(value)) for key, value in sorted(tree.items()))
    return (tree.dtype.str, tree.shape[1:]) if isinstance(tree, np.ndarray) else type(tree)


def _concatenated(trees: Sequence[Tree]) -> Tree:
    first = trees[0]
    if isinstance(first, Mapping):
        return {key: _concatenated([tree[key] for tree in trees]) for key in first}
    if isinstance(first, np.ndarray):
        return np.concatenate(trees)
    return None if first is None else [row for tree in trees for row in tree]


def one_by_one(tree: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each row by itself, as TFMA's own extractor splits a batch."""
    dense = _only(tree, np.ndarray)
    rows: list[dict[str, Any]] = util.split_extracts(dense) if dense else []
    rows = rows or [{} for _ in range(size(tree) or 0)]
    for number, row in enumerate(rows):
        _add_listed(row, tree, number)
    return rows


def _only(tree: Mapping[str, Any], kind: type) -> dict[str, Any]:
    found = {
        key: _only(value, kind) if isinstance(value, Mapping) else value
        for key, value in tree.items()
        if isinstance(value, Mapping | kind)
    }
    return {key: value for key, value in found.items() if not isinstance(value, dict) or value}


def _add_listed(row: dict[str, Any], tree: Mapping[str, Any], number: int) -> None:
    for key, value in tree.items():
        if isinstance(value, Mapping):
            _add_listed(row.setdefault(key, {}), value, number)
        elif value is None or isinstance(value, list):
            row[key] = None if value is None else value[number]
