"""Makes summaries from served rows, a batch at a time, and adds summaries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timezone

import numpy as np
import pyarrow as pa

import monitoring.core.arrow  # noqa: F401  (no file runs code)
from monitoring.profile.reference_profile import Output, ReferenceProfile
from monitoring.summary import columns
from monitoring.summary.adding import added
from monitoring.summary.columns import Values
from monitoring.summary.counts import (
    MOST_VALUES,
    FeatureCounts,
    NumberCounts,
    TextCounts,
    most,
)
from monitoring.summary.rows import Column, Rows
from monitoring.summary.sampling import Sampler
from monitoring.summary.slicing import rows_of_slices
from monitoring.summary.window_summary import OutputSummary, WindowSummary

__all__ = ["Summarizer", "added"]

_OUTPUT_DTYPE = "DT_FLOAT"
"""Most models answer these; where one answers doubles, their last digits do not matter."""


class Summarizer:
    """Sums served rows up.

    Args:
        profile: The version's reference profile, in whose bins is counted.
        version: The version.
        seed: Of the rows that are kept by chance.
    """

    def __init__(self, profile: ReferenceProfile, version: int, seed: int = 0) -> None:
        self._profile = profile
        self._version = version
        self._features = {name: FeatureCounts(one) for name, one in profile.features.items()}
        self._outputs = {name: _OutputCounts(one) for name, one in profile.outputs.items()}
        top = profile.top_score
        self._top = None if top is None else NumberCounts(top.numbers, _OUTPUT_DTYPE)
        self._slices = dict.fromkeys(profile.slices, 0)
        self._unknown: Counter[str] = Counter()
        self._sampler = Sampler(
            [name for name, counts in self._features.items() if counts.single], seed
        )
        self._requests = self._refused = self._failed = self.rows = 0
        """`rows`: how many were added so far."""
        self._first: float | None = None
        self._last: float | None = None
        self._logged_of = 0.0
        self._redacted: frozenset[str] = frozenset()

    def add(self, batch: Rows) -> None:
        """Counts rows, and the requests they came with."""
        self._requests += batch.requests
        self._refused += batch.refused
        self._failed += batch.failed
        if batch.sampled > 0:
            self._logged_of += batch.requests / batch.sampled
        times = [time for time in (batch.first, batch.last) if time is not None]
        if times:
            self._first = min(times if self._first is None else [*times, self._first])
            self._last = max(times if self._last is None else [*times, self._last])
        self._redacted |= self._left_out(batch)
        self.rows += batch.size
        if batch.size:
            self._add_rows(batch)

    def summary(self) -> WindowSummary:
        """What was counted so far."""
        # A sample has many values, and checking each of them takes longer than counting.
        return WindowSummary.model_construct(
            model=self._profile.model,
            version=self._version,
            first=_time(self._first),
            last=_time(self._last),
            requests=self._requests,
            refused=self._refused,
            failed=self._failed,
            rows=self.rows,
            sampled=min(1.0, self._requests / self._logged_of) if self._logged_of else 1.0,
            redacted=tuple(sorted(self._redacted)),
            features={name: counts.summary() for name, counts in self._features.items()},
            outputs={name: counts.summary() for name, counts in self._outputs.items()},
            top_score=() if self._top is None else tuple(self._top.bins.tolist()),
            slices=dict(self._slices),
            unknown_features=most(self._unknown, MOST_VALUES),
            sample=self._sampler.columns(),
            sample_requests=self._sampler.requests(),
        )

    def _left_out(self, batch: Rows) -> frozenset[str]:
        """Features that cannot be compared, since the log leaves their values out."""
        if not batch.redacted:
            return frozenset()
        features = self._profile.features
        # Binary values are left out together with them, and look as if they were missing.
        binary = {n for n, f in features.items() if f.kind == "opaque" and f.dtype == "DT_STRING"}
        return (frozenset(batch.redacted) & features.keys()) | binary

    def _add_rows(self, batch: Rows) -> None:
        left_out = self._left_out(batch)
        values: dict[str, Values] = {}
        for name, counts in self._features.items():
            if name not in left_out:
                found = counts.add(batch.inputs.get(name), batch.size)
                if found is not None:
                    values[name] = found
        for name in batch.inputs.keys() - self._features.keys():
            present = int((columns.presence(batch.inputs[name]) > 0).sum())
            if present:
                self._unknown[name] += present
        slices = rows_of_slices(self._profile, values, batch.size)
        for name, rows in slices.items():
            self._slices[name] += int(rows.sum())
        if batch.outputs:  # Else it was another signature, or the answer was left out.
            self._add_outputs(batch, slices)
        self._sampler.add(values, batch.size, batch.numbers)

    def _add_outputs(self, batch: Rows, slices: Mapping[str, np.ndarray]) -> None:
        parsed: dict[str, Values | None] = {}
        for counts in self._outputs.values():
            name = counts.output.output
            if name not in parsed:
                column = batch.outputs.get(name)
                parsed[name] = None if column is None else counts.parsed(column)
            counts.add(parsed[name], batch.size, slices)
        top = self._profile.top_score
        scores = None if top is None else parsed.get(top.output)
        if self._top is not None and top is not None and scores is not None:
            whole = np.repeat(scores.lengths == top.classes, scores.lengths)
            highest = scores.values[whole].reshape(-1, top.classes).max(axis=1)
            self._top.add(highest[np.isfinite(highest)])


class _OutputCounts:
    """Of one number, or one text, that the model answers."""

    def __init__(self, output: Output) -> None:
        self.output = output
        self._numbers = NumberCounts(output.numbers, _OUTPUT_DTYPE) if output.numbers else None
        self._texts = TextCounts(output.categories) if output.categories else None
        self._slices = (
            {name: np.zeros_like(self._numbers.bins) for name in output.slices}
            if self._numbers
            else {}
        )
        self._rows = self._missing = 0
        self._total = 0.0

    def parsed(self, column: Column) -> Values:
        """A batch's answers."""
        if self.output.categories is not None:
            return columns.texts(column, "DT_STRING", empty=True)
        return columns.numbers(column, _OUTPUT_DTYPE, keep_nan=True)

    def add(self, answers: Values | None, rows: int, slices: Mapping[str, np.ndarray]) -> None:
        """Counts a batch; its answers are None where none has this output."""
        self._rows += rows
        if answers is None:
            self._missing += rows
            return
        place = self.output.position or 0
        starts = np.cumsum(answers.lengths) - answers.lengths
        answered = np.flatnonzero(answers.lengths > place)
        at = starts[answered] + place
        if self._texts is not None:
            self._missing += rows - len(answered)
            self._texts.add(answers.values.take(pa.array(at)))
            return
        numbers = answers.values[at]
        finite = np.isfinite(numbers)
        numbers, answered = numbers[finite], answered[finite]
        self._missing += rows - len(answered)
        if self._numbers is None:
            return
        bins = self._numbers.add(numbers)
        self._total += float(numbers.sum())
        for name, counted in self._slices.items():
            if name in slices:
                counted += np.bincount(bins[slices[name][answered]], minlength=len(counted))

    def summary(self) -> OutputSummary:
        """What was counted so far."""
        numbers, texts = self._numbers, self._texts
        return OutputSummary(
            rows=self._rows,
            missing=self._missing,
            bins=tuple(numbers.bins.tolist()) if numbers else (),
            below=numbers.below if numbers else 0,
            above=numbers.above if numbers else 0,
            values=dict(texts.values) if texts else {},
            unseen_values=texts.unseen_values if texts else 0,
            total=self._total,
            slices={name: tuple(counted.tolist()) for name, counted in self._slices.items()},
        )


def _time(seconds: float | None) -> datetime | None:
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(seconds, timezone.utc)
    except (OverflowError, ValueError, OSError):  # A clock that was set to nonsense.
        return datetime.fromtimestamp(0, timezone.utc)
