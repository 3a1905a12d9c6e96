"""Profiles and windows of columns that a test draws: NaN and None are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np

from monitoring.profile.reference_profile import (
    Categories,
    Feature,
    Numbers,
    Output,
    ReferenceProfile,
)
from monitoring.summary.window_summary import FeatureSummary, OutputSummary, WindowSummary

NOW = datetime(2026, 11, 27, tzinfo=timezone.utc)
_QUANTILES = [0.001, 0.005, *(i / 100 for i in range(1, 100)), 0.995, 0.999]
Columns = Mapping[str, np.ndarray]


def numbers(values: np.ndarray) -> Numbers:
    """Of finite values, in bins between the reference's quantiles."""
    edges = np.unique(np.quantile(values, _QUANTILES, method="inverted_cdf"))
    return Numbers(
        edges=tuple(edges.tolist()),
        counts=bins(edges, values),
        minimum=float(values.min()),
        maximum=float(values.max()),
    )


def bins(edges: Sequence[float] | np.ndarray, values: np.ndarray) -> tuple[int, ...]:
    """Counts of values up to each edge, and above the last."""
    found = np.bincount(np.searchsorted(edges, values), minlength=len(edges) + 1)
    return tuple(found.tolist())


def categories(values: Sequence[str], most: int = 1_000) -> Categories:
    """The most frequent values by name."""
    counts = Counter(values)
    named = dict(counts.most_common(most))
    return Categories(
        counts=named,
        other_rows=len(values) - sum(named.values()),
        other_values=len(counts) - len(named),
    )


def profile(columns: Columns, answers: Columns | None = None, sample: int = 0) -> ReferenceProfile:
    """Of training rows, and what the model answered on the test split."""
    features, rows = {}, 0
    for name, values in columns.items():
        rows = len(values)
        present = _present(values)
        is_text = values.dtype.kind in "OU"
        features[name] = Feature(
            kind="category" if is_text else "number",
            dtype="DT_STRING" if is_text else "DT_FLOAT",
            rows=rows,
            missing=rows - len(present),
            numbers=numbers(present) if not is_text and len(present) else None,
            categories=categories(present.tolist()) if is_text else None,
        )
    outputs = {
        name: Output(output=name, rows=len(values), numbers=numbers(values))
        for name, values in (answers or {}).items()
    }
    return ReferenceProfile(
        version=1, model="taxi", run="run", made=NOW, training_rows=rows, test_rows=rows,
        features=features, outputs=outputs, sample=_sample(columns, sample),
    )  # fmt: skip


def window(
    of: ReferenceProfile,
    columns: Columns,
    answers: Columns | None = None,
    sample: int = 0,
    **more: Any,
) -> WindowSummary:
    """Of served rows, counted in a profile's bins."""
    rows = len(next(iter(columns.values()))) if columns else 0
    features = {}
    for name, values in columns.items():
        feature, present = of.features[name], _present(values)
        counts: dict[str, Any] = {"rows": rows, "missing": rows - len(present)}
        if feature.numbers is not None:
            counts |= _numbers(feature.numbers, present)
        elif feature.categories is not None:
            found = Counter(present.tolist())
            unseen = {name: n for name, n in found.items() if name not in feature.categories.counts}
            counts |= {
                "values": {name: n for name, n in found.items() if name not in unseen},
                "unseen": dict(Counter(unseen).most_common(100)),
                "unseen_values": sum(unseen.values()),
            }
        features[name] = FeatureSummary(**counts)
    outputs = {}
    for name, values in (answers or {}).items():
        reference = of.outputs[name].numbers
        assert reference is not None
        outputs[name] = OutputSummary(rows=len(values), **_numbers(reference, values))
    given = {"requests": rows, "rows": rows, "first": NOW, "last": NOW, **more}
    return WindowSummary(
        model="taxi", version=1, features=features, outputs=outputs,
        sample=_sample(columns, sample), **given,
    )  # fmt: skip


def _numbers(reference: Numbers, values: np.ndarray) -> dict[str, Any]:
    assert reference.minimum is not None
    return {
        "bins": bins(reference.edges, values),
        "below": int((values < reference.minimum).sum()),
        "above": int((values > reference.maximum).sum()),
    }


def _present(values: np.ndarray) -> np.ndarray:
    if values.dtype.kind in "OU":
        return np.array([value for value in values if value is not None], dtype=object)
    return values[~np.isnan(values)]


def _sample(columns: Columns, rows: int) -> dict[str, tuple[Any, ...]]:
    return {
        name: tuple(None if value != value else value for value in values[:rows].tolist())
        for name, values in columns.items()
        if rows
    }
