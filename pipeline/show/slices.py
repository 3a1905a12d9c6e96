"""The slices of a run by the features that they are of, as every table shows them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from pipeline.record.run_record import OVERALL, SliceMetric

Features = tuple[str, ...]

OTHER = "other"
"""The group of slices of which nobody knows the features."""
EMPTY = "(empty)"
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")


@dataclass(frozen=True)
class SliceGroup:
    """The slices of one feature, or of several crossed ones."""

    name: str
    """The features' names joined by `, `."""
    features: Features
    slices: dict[str, str]
    """By a slice's name its label, the values alone; numbers in their order, then words."""
    values: dict[str, dict[str, str]] = field(default_factory=dict, compare=False)
    """By a slice's name the value of each feature."""


def groups(metrics: Iterable[SliceMetric], configured: Sequence[Sequence[str]]) -> list[SliceGroup]:
    """Each slice in the one group of its features, in the order of the config.

    Args:
        metrics: The run's metrics; those of all rows are left out.
        configured: The config's `evaluation.slices`.
    """
    # TFMA names crossed features in the order of their names, whatever the config's order.
    known = list(dict.fromkeys(tuple(sorted(names)) for names in configured))
    found: dict[Features, dict[str, list[str]]] = {features: {} for features in known}
    for measured in metrics:
        if measured.slice != OVERALL:
            features = tuple(measured.features) or _features(measured.slice, known)
            values = _values(measured.slice, features) or [measured.slice]
            found.setdefault(features, {})[measured.slice] = values
    return [
        SliceGroup(
            name=", ".join(features) or OTHER,
            features=features,
            slices={name: _label(values[name]) for name in sorted(values, key=_order(values))},
            values={
                name: dict(zip(features, found, strict=True))
                for name, found in values.items()
                if len(found) == len(features)
            },
        )
        for features, values in sorted(found.items(), key=lambda group: group[0] == ())
        if values
    ]


def _features(name: str, known: Iterable[Features]) -> Features:
    """The features in a slice's name; of several readings the one with the most of them.

    Records of earlier versions have no more than the name, in which values may hold what stands
    between the pairs.
    """
    fitting = [features for features in known if _values(name, features) is not None]
    return max(fitting, key=len, default=())


def _values(name: str, features: Features) -> list[str] | None:
    """The features' values in a slice's name; None if it is not of these features."""
    pattern = ", ".join(f"{re.escape(feature)}=(.*?)" for feature in features)
    match = re.fullmatch(pattern, name, re.DOTALL)
    return list(match.groups()) if match and features else None


def _label(values: list[str]) -> str:
    return ", ".join(value or EMPTY for value in values)


def _order(values: dict[str, list[str]]) -> Callable[[str], list[tuple[bool, float, str]]]:
    """A key by which slices' names stand in the order of their values."""
    return lambda name: [_natural(value) for value in values[name]]


def _natural(value: str) -> tuple[bool, float, str]:
    """Numbers in their order, then words in theirs."""
    number = float(value) if _NUMBER.fullmatch(value) else None
    return number is None, number or 0.0, value
