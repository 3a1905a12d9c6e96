"""Which rows are in which of the profile's slices."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow.compute as pc

import monitoring.core.arrow  # noqa: F401  (no file runs code)
from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.summary.columns import Values


def rows_of_slices(
    profile: ReferenceProfile, values: Mapping[str, Values], size: int
) -> dict[str, np.ndarray]:
    """[rows] for each slice: whether a row is in it.

    Args:
        profile: Has the slices.
        values: Of the features; those that a slice needs and are not there are in no row.
        size: How many rows there are.
    """
    found = {}
    for name, part in profile.slices.items():
        inside = np.ones(size, dtype=bool)
        for feature, value in part.of.items():
            inside &= _has_value(values.get(feature), value, size)
        found[name] = inside
    return found


def _has_value(values: Values | None, value: str, size: int) -> np.ndarray:
    """[rows]: whether a row has that value, or a list with it."""
    inside = np.zeros(size, dtype=bool)
    if values is None or not len(values.values):
        return inside
    if isinstance(values.values, np.ndarray):
        try:
            equal = values.values == float(value)
        except ValueError:
            return inside
    else:
        equal = pc.equal(values.values.dictionary, value).to_numpy(zero_copy_only=False)
        equal = equal[values.codes]
    inside[values.owners[equal]] = True
    return inside
