"""The record of a look: `<serving folder>/.monitoring/<model>/<version>/looks/<time>.json`."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from monitoring.core.finding import Finding
from monitoring.core.record import Record

__all__ = ["Distribution", "Finding", "Look", "Verdict"]

Verdict = Literal["nothing", "alarm", "too early"]


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
