"""The record of a look: `<serving folder>/.monitoring/<model>/<version>/looks/<time>.json`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from monitoring.core.record import Record

Verdict = Literal["nothing", "alarm", "too early"]


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


class Distribution(Record):
    """For pictures: shares in the same few bins, of training and served."""

    labels: tuple[str, ...]
    """Of the bins: ranges or values, at most 20."""
    reference: tuple[float, ...]
    served: tuple[float, ...]
    last_window: tuple[float, ...] | None = None


class Look(Record):
    """What was seen at one time."""

    format: Literal[1] = 1
    model: str
    version: int
    time: datetime
    """When it was looked."""
    first: datetime | None
    """The first and last request of the window."""
    last: datetime | None
    number: int = 1
    """Of the look, in `watch`; `check` has one."""
    requests: int
    rows: int
    refused: int
    failed: int
    sampled: float
    verdict: Verdict
    headline: str
    """A sentence: what changed most, or that nothing did, or what is waited for."""
    findings: tuple[Finding, ...]
    """Alarms first, then by how much they differ."""
    features: dict[str, Distribution] = Field(default_factory=dict)
    outputs: dict[str, Distribution] = Field(default_factory=dict)
    classifier_features: dict[str, float] = Field(default_factory=dict)
    """What the domain classifier used, by the AUC that it loses without each."""
