"""The slices that each row of a batch is in, by TFMA's own rules.

TFMA is asked once for each combination of values that the slices' features have.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.slicer import slicer_lib

from components.evaluation.batches import extracts

SliceKey = tuple[tuple[str, Any], ...]
"""Of TFMA: the features with their values; empty for all rows."""
_MOST_KNOWN = 10_000
"""Combinations that are remembered from batch to batch."""


class Slices:
    """Which slices there are.

    Args:
        eval_config: TFMA's configuration.
    """

    def __init__(self, eval_config: config_pb2.EvalConfig) -> None:
        specs = eval_config.slicing_specs or [config_pb2.SlicingSpec()]
        self._config = eval_config
        self._columns = {
            column for spec in specs for column in (*spec.feature_keys, *spec.feature_values)
        }
        self._known: dict[Hashable, frozenset[SliceKey]] = {}

    def rows(self, batch: Mapping[str, Any], count: int) -> dict[SliceKey, np.ndarray]:
        """The numbers of the rows of each slice, ascending.

        Args:
            batch: TFMA's extracts of features, raw and transformed.
            count: How many rows there are.
        """
        transformed, raw = self._features(batch)
        leaves = [leaf for part in (*transformed, raw) for leaf in part.values()]
        columns = [_hashable(leaf) for leaf in leaves if leaf is not None]
        rows: Iterable[Hashable] = zip(*columns, strict=True) if columns else [()] * count
        numbers: dict[Hashable, int] = {}
        codes = np.fromiter((numbers.setdefault(row, len(numbers)) for row in rows), int, count)
        order = np.argsort(codes, kind="stable")
        starts = np.searchsorted(codes[order], np.arange(len(numbers)))
        alike = np.split(order, starts[1:])
        found: dict[SliceKey, list[np.ndarray]] = {}
        for combination, members in zip(numbers, alike, strict=True):
            for key in self._keys(combination, transformed, raw, members[:1]):
                found.setdefault(key, []).append(members)
        return {
            key: parts[0] if len(parts) == 1 else np.sort(np.concatenate(parts))
            for key, parts in found.items()
        }

    def _features(self, batch: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        """The columns to slice by: of each model's transformed features, and of the raw ones."""
        made = batch.get(constants.TRANSFORMED_FEATURES_KEY)
        models = []
        if made is not None:
            specs = self._config.model_specs
            several = len(specs) > 1
            models = [made[one.name] for one in specs if one.name in made] if several else [made]
        raw = batch.get(constants.FEATURES_KEY) or {}
        return [self._sliced(part) for part in models], self._sliced(raw)

    def _sliced(self, features: Mapping[str, Any]) -> dict[str, Any]:
        kept = {name: features[name] for name in sorted(self._columns & features.keys())}
        return extracts.of_rows(kept)

    def _keys(
        self,
        combination: Hashable,
        transformed: Sequence[dict[str, Any]],
        raw: dict[str, Any],
        row: np.ndarray,
    ) -> frozenset[SliceKey]:
        if combination not in self._known:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            specs = self._config.slicing_specs or [config_pb2.SlicingSpec()]
            self._known[combination] = frozenset(
                slicer_lib.get_slices_for_features_dicts(
                    [_one(part, row) for part in transformed],
                    _one(raw, row),
                    [slicer_lib.SingleSliceSpec(spec=spec) for spec in specs],
                )
            )
        return self._known[combination]


def _one(features: dict[str, Any], row: np.ndarray) -> dict[str, Any]:
    return extracts.one_by_one(extracts.take(features, row))[0] if features else {}


def _hashable(leaf: Any) -> Iterable[Hashable]:
    """Each row's values as something to compare."""
    if isinstance(leaf, np.ndarray) and leaf[:1].size == 1:
        return leaf.ravel().tolist()
    if isinstance(leaf, np.ndarray):
        return [tuple(row.ravel().tolist()) for row in leaf]
    return [_of_one(value) for value in leaf]


def _of_one(value: Any) -> Hashable:
    for part in ("values", "flat_values"):
        value = getattr(value, part, value)
    return tuple(np.ravel(value).tolist())
