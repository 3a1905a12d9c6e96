"""One comparison in a look; labels and statistics make them, `look` puts them together."""

from __future__ import annotations

from typing import Literal

from monitoring.core.record import Record


class Finding(Record):
    """One comparison."""

    subject: Literal["feature", "output", "requests", "rows", "metric"]
    """Rows: all features at once, by the domain classifier. Requests: those that were refused."""
    name: str
    """Of the feature, output or metric; empty where there is one only."""
    slice: str = ""
    """Empty: all rows."""
    test: Literal[
        "distribution", "tail", "missing", "unseen", "out of range", "wrong type", "lengths",
        "refused", "classifier", "bound", "estimate",
    ]  # fmt: skip
    against: Literal["training", "last window", "bound"]
    statistic: str
    """What `effect` is, such as `PSI`, `L-infinity`, `share`, `AUC`."""
    effect: float | None
    reference: float | None = None
    """Of a share or metric: what it was in the reference."""
    served: float | None = None
    """The same, as served."""
    low: float | None = None
    """Of a metric: between these two it lies, as served, by its confidence sequence."""
    high: float | None = None
    noise: float | None = None
    """What 95 % of samples of the same data and size stay below."""
    matters_from: float | None = None
    """The effect from which it is an alarm, if it is significant."""
    p_value: float | None = None
    """Corrected for the number of comparisons in the look, and in `watch` for all looks."""
    rows: int
    """Served rows that it rests on."""
    rows_needed: int | None = None
    """Without that many, no verdict."""
    verdict: Literal["differs", "differs little", "same", "too early"]
    counts: bool = True
    """Whether it may raise an alarm, by the model's `monitoring` settings."""
    words: str
    """A sentence for people."""
