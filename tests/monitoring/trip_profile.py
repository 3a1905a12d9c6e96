"""A profile of trips with each kind of feature, for tests."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import numpy as np

from monitoring.profile.reference_profile import ReferenceProfile
from monitoring.summary.window_summary import WindowSummary


def numbers(edges: list[float], counts: list[int], **changes: Any) -> dict[str, Any]:
    """Counts of numbers in bins."""
    low, high = (edges[0], edges[-1]) if edges else (None, None)
    return {"edges": edges, "counts": counts, "minimum": low, "maximum": high, **changes}


def profile(**changes: Any) -> ReferenceProfile:
    """Of a model that answers how likely a large tip is."""
    common = {"rows": 100, "missing": 0}
    features = {
        "fare": {
            "kind": "number", "dtype": "DT_FLOAT", **common,
            "numbers": numbers([0.7, 10, 20], [10, 40, 40, 10]),
        },
        "seconds": {
            "kind": "number", "dtype": "DT_INT64", **common,
            "numbers": numbers([60, 600], [30, 40, 30], integers=True),
        },
        "company": {
            "kind": "category", "dtype": "DT_STRING", **common,
            "categories": {"counts": {"A": 60, "B": 30}, "other_rows": 10, "other_values": 4},
        },
        "area": {
            "kind": "category", "dtype": "DT_INT64", **common,
            "categories": {"counts": {"1": 60, "2": 40}},
        },
        "stops": {
            "kind": "number", "dtype": "DT_FLOAT", **common,
            "numbers": numbers([1, 2], [100, 100, 0]), "lengths": numbers([1, 2], [40, 40, 20]),
        },
        "tags": {
            "kind": "category", "dtype": "DT_STRING", **common,
            "categories": {"counts": {"x": 100, "y": 100}}, "lengths": numbers([1, 2], [50, 50, 0]),
        },
        "image": {"kind": "opaque", "dtype": "DT_STRING", **common},
    }  # fmt: skip
    values = {
        "version": 1,
        "model": "trips",
        "run": "run-1",
        "made": datetime(2026, 11, 1, tzinfo=timezone.utc),
        "training_rows": 100,
        "test_rows": 50,
        "features": features,
        "outputs": {
            "probability": {
                "output": "probability",
                "rows": 50,
                "numbers": numbers([0.25, 0.5, 0.75], [20, 10, 10, 10]),
                "calibration": {"positives": [2, 3, 6, 9]},
                "slices": {"company=A": [10, 5, 5, 5]},
            }
        },
        "slices": {"company=A": {"of": {"company": "A"}, "rows": 25}},
        "label": {
            "name": "big_tip",
            "task": "binary",
            "columns": ["tips"],
            "output": "probability",
        },
    }
    return ReferenceProfile.model_validate(values | changes)


def of_one(name: str, feature: dict[str, Any], **changes: Any) -> ReferenceProfile:
    """A profile with one feature alone."""
    return profile(features={name: feature}, slices={}, outputs={}, label=None, **changes)


def counts(found: WindowSummary) -> dict[str, Any]:
    """All but what depends on the order: rows by chance, and the last digits of sums."""
    content = found.model_dump(exclude={"sample", "sample_requests"})
    for output in content["outputs"].values():
        output["total"] = np.float32(output["total"])
    return content
