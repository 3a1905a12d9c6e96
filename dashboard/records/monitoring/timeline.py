"""Looks side by side: each feature, output and metric over the looks of a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.records.fields import Fields
from dashboard.records.monitoring.looks import STATES, Look, Metric

MOST_ROWS = 500
"""Features and outputs that are given; those that deserve attention first."""
_GROUPS = {"feature": "features", "output": "outputs", "requests": "others", "rows": "others"}


def series(looks: Sequence[Look]) -> dict[str, Any]:
    """The looks' comparisons by what they are of.

    Returns:
        `features`, `outputs` and `others`, each a list of `name`, `states` (one for each look, as
        its place in STATES, or None), `severity` (likewise) and `test` of the latest; those that
        deserve attention first. `metrics`: each with its values over the looks that have it.
    """
    keys = {key: None for look in looks for key in look.cells}
    rows = [_row(key, looks) for key in keys if key[0] in _GROUPS]
    rows.sort(key=_attention)
    grouped: dict[str, list[dict[str, Any]]] = {group: [] for group in _GROUPS.values()}
    for row in rows[:MOST_ROWS]:
        grouped[_GROUPS[row["subject"]]].append(row)
    return {
        **grouped,
        "rows_left_out": max(len(rows) - MOST_ROWS, 0),
        "metrics": _metrics(looks),
    }


def _row(key: tuple[str, str], looks: Sequence[Look]) -> dict[str, Any]:
    cells = [look.cells.get(key) for look in looks]
    latest = next((cell for cell in cells if cell is not None), None)
    return {
        "subject": key[0],
        "name": key[1],
        "states": [None if cell is None else STATES.index(cell.state) for cell in cells],
        "severity": [_rounded(cell.severity) if cell else None for cell in cells],
        "test": latest.test if latest else "",
    }


def _attention(row: dict[str, Any]) -> tuple[Any, ...]:
    """The latest state first, then the number of looks that saw a difference, then the name."""
    states = [state for state in row["states"] if state is not None]
    return states[0] if states else len(STATES), -sum(state < 2 for state in states), row["name"]


def _metrics(looks: Sequence[Look]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str, bool], list[dict[str, Any]]] = {}
    for place, look in enumerate(looks):
        for one in look.metrics:
            key = one.name, one.slice, one.estimate
            found.setdefault(key, []).append({"look": place, **_values(one)})
    return [
        {"name": name, "slice": part, "estimate": estimate, "values": values}
        for (name, part, estimate), values in sorted(found.items(), key=lambda pair: pair[0][1:])
    ]


def _values(metric: Metric) -> dict[str, Any]:
    kept = ("state", "rows", "reference", "served", "low", "high")
    return {key: getattr(metric, key) for key in kept}


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.3g}")


def of_profile(content: dict[str, Any]) -> dict[str, Any] | None:
    """What a page shows of a reference profile: the run, the rows, and the metrics' bounds."""
    if not content:
        return None
    profile = Fields(content)
    metrics = profile.part("metrics")
    return {
        "run": profile.text("run"),
        "made": profile.time("made"),
        "training_rows": profile.number("training_rows"),
        "test_rows": profile.number("test_rows"),
        "metrics": {name: _bounds(metrics.part(name)) for name in metrics.content},
        "categories": profile.items("categories"),
    }


def _bounds(metric: Fields) -> dict[str, Any]:
    slices = metric.part("slices")
    bounds = {key: metric.number(key) for key in ("value", "lower", "upper")}
    parts = {name: slices.part(name) for name in slices.content}
    return {
        **bounds,
        "slices": {
            name: {key: part.number(key) for key in ("value", "lower", "upper")}
            for name, part in parts.items()
        },
    }
