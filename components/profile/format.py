"""The format of `assets.extra/reference_profile.json`, as the pipeline writes it.

`monitoring.profile.reference_profile` reads it and says at length what each field is; a test holds
these classes to those, field by field.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal

FILE = "reference_profile.json"
"""In `assets.extra/` of a version's folder, and in the artifact of the node that makes it."""

Value = float | int | str | None


@dataclass(frozen=True)
class Numbers:
    """How numbers are distributed: counts between edges."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    standard_deviation: float | None = None
    integers: bool = False


@dataclass(frozen=True)
class Categories:
    """How often each value occurred."""

    counts: dict[str, int]
    other_rows: int = 0
    other_values: int = 0


@dataclass(frozen=True)
class Feature:
    """An input of the serving signature, as it was in the training split."""

    kind: Literal["number", "category", "opaque"]
    dtype: str
    rows: int
    missing: int = 0
    numbers: Numbers | None = None
    categories: Categories | None = None
    lengths: Numbers | None = None


@dataclass(frozen=True)
class Calibration:
    """For each bin of an output how many of its rows had the label."""

    positives: tuple[int, ...]


@dataclass(frozen=True)
class Output:
    """A number or a text that the model answers, as it was on the test split."""

    output: str
    rows: int
    position: int | None = None
    numbers: Numbers | None = None
    categories: Categories | None = None
    calibration: Calibration | None = None
    slices: dict[str, tuple[int, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class TopScore:
    """The highest score of each row, and for each bin how many rows it was right in."""

    output: str
    classes: int
    numbers: Numbers
    right: tuple[int, ...]


@dataclass(frozen=True)
class Slice:
    """A part of the rows: those where each of these features has that value."""

    of: dict[str, str]
    rows: int


@dataclass(frozen=True)
class SliceMetric:
    """A metric in a slice, and the bounds that hold there."""

    value: float | None
    lower: float | None = None
    upper: float | None = None


@dataclass(frozen=True)
class Metric:
    """A metric of the Evaluator, with its bounds."""

    metric: str
    value: float | None
    settings: dict[str, Value | bool] = field(default_factory=dict)
    lower: float | None = None
    upper: float | None = None
    better: Literal["higher", "lower"] | None = None
    slices: dict[str, SliceMetric] = field(default_factory=dict)


@dataclass(frozen=True)
class Label:
    """What is judged."""

    name: str
    task: Literal["binary", "multiclass", "regression", "other"]
    columns: tuple[str, ...]
    formula: str | None = None
    classes: tuple[str, ...] = ()
    output: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReferenceProfile:
    """What a pushed version was trained on, and how it answered."""

    version: Literal[1] = 1
    model: str
    run: str
    made: str
    """UTC, as ISO 8601 has it."""
    training_rows: int
    test_rows: int
    features: dict[str, Feature]
    outputs: dict[str, Output]
    slices: dict[str, Slice] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    label: Label | None = None
    top_score: TopScore | None = None
    sample: dict[str, tuple[Value, ...]] = field(default_factory=dict)


_ALWAYS = {"version", "value", "rows"}
"""Written even where they are what a reader would take for granted."""


def to_json(document: object) -> str:
    """A document, or a part of one, as short JSON: what is empty or null is left out."""
    return json.dumps(_plain(document), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def size(document: object) -> int:
    """Bytes of that JSON."""
    return len(to_json(document).encode("utf-8", errors="replace"))


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        pairs = ((one.name, getattr(value, one.name)) for one in fields(value))
        return {
            name: _plain(part)
            for name, part in pairs
            if name in _ALWAYS or _is_said(value, name, part)
        }
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [_short(one) if type(one) is float else one for one in value]
    return _short(value) if isinstance(value, float) else value


def _short(value: float) -> float | int:
    """A whole number without the point."""
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


def _is_said(document: Any, name: str, value: Any) -> bool:
    """Whether a reader needs to be told; what a field without a default holds it always does."""
    required = {"edges", "counts", "columns", "positives", "right", "features", "outputs", "of"}
    if name in required:
        return True
    if name in ("missing", "other_rows", "other_values"):
        return bool(value)
    return not (value is None or value is False or value in ((), {}))
