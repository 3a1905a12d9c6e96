"""What a window of served rows was like: counts in the bins of a version's reference profile.

Its size depends on the profile alone. The summaries of two windows, added, are the summary of both.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from monitoring.core.record import Record


class FeatureSummary(Record):
    """A feature in a window. Every row is of exactly one of: missing, wrong type, or a value."""

    rows: int = 0
    missing: int = 0
    """Absent, null, an empty list, NaN."""
    wrong_type: int = 0
    """Text where numbers were, numbers where text was, a list where one value was."""
    wrong_examples: tuple[str, ...] = ()
    """At most three, cut to 40 characters."""
    not_finite: int = 0
    """Infinite values; they are outside of the range too."""
    bins: tuple[int, ...] = ()
    """Of numbers, in the profile's bins."""
    below: int = 0
    """Values below the reference's minimum."""
    above: int = 0
    values: dict[str, int] = Field(default_factory=dict)
    """Of categories: the profile's values."""
    unseen: dict[str, int] = Field(default_factory=dict)
    """The most frequent values that the profile does not name, at most 100."""
    unseen_values: int = 0
    """All values that the profile does not name, by count."""
    lengths: tuple[int, ...] = ()
    """Of lists, in the profile's bins of lengths."""


class OutputSummary(Record):
    """An output in a window."""

    rows: int = 0
    missing: int = 0
    """Not answered, or not finite."""
    bins: tuple[int, ...] = ()
    below: int = 0
    above: int = 0
    values: dict[str, int] = Field(default_factory=dict)
    unseen_values: int = 0
    total: float = 0.0
    """The sum of finite numbers."""
    slices: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """By the profile's slices: counts in the same bins."""


class WindowSummary(Record):
    """A window of a version's traffic."""

    model: str
    version: int
    first: datetime | None
    """Time of the first request; null: none."""
    last: datetime | None
    requests: int = 0
    refused: int = 0
    """Requests with a status of 400 to 499, but 429; for want of a version, of the whole model."""
    failed: int = 0
    """With a status of 500 or more."""
    rows: int = 0
    """Instances of answered requests."""
    sampled: float = 1.0
    """The share of requests that was logged."""
    redacted: tuple[str, ...] = ()
    """Features whose values the log leaves out."""
    features: dict[str, FeatureSummary] = Field(default_factory=dict)
    outputs: dict[str, OutputSummary] = Field(default_factory=dict)
    top_score: tuple[int, ...] = ()
    """Of several classes: the highest score of each row, in the profile's bins."""
    slices: dict[str, int] = Field(default_factory=dict)
    """Rows of each of the profile's slices."""
    unknown_features: dict[str, int] = Field(default_factory=dict)
    """Names in requests that the profile does not have, with rows; at most 100."""
    sample: dict[str, tuple[float | int | str | None, ...]] = Field(default_factory=dict)
    """Rows by chance, as columns, for features of one value a row: at most 2,000 rows."""
    sample_requests: tuple[int, ...] = ()
    """For each row of the sample a number, the same for rows of the same request."""
