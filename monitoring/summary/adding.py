"""Adds summaries of windows."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from monitoring.summary import sampling
from monitoring.summary.columns import first_examples
from monitoring.summary.counts import MOST_VALUES, most
from monitoring.summary.window_summary import FeatureSummary, OutputSummary, WindowSummary

_REQUESTS = "\0requests"
"""No feature has this name."""
_Part = TypeVar("_Part", FeatureSummary, OutputSummary)


def added(a: WindowSummary, b: WindowSummary) -> WindowSummary:
    """The summary of both windows.

    Counts are exact, whatever the order in which summaries are added. Of unseen values and unknown
    features the most frequent stay; rows by chance are drawn from both, in proportion.

    Raises:
        ValueError: They are of different versions, or counted in the bins of different profiles.
    """
    if (a.model, a.version) != (b.model, b.version):
        raise ValueError(f"{a.model} {a.version} and {b.model} {b.version} cannot be added")
    requests = a.requests + b.requests
    ends = max(a.sample_requests, default=0) + 1
    numbered = (
        {_REQUESTS: a.sample_requests},
        {_REQUESTS: tuple(ends + one for one in b.sample_requests)},
    )
    sample = sampling.merged(
        {**a.sample, **numbered[0]}, a.rows, {**b.sample, **numbered[1]}, b.rows
    )
    requests_of = sample.pop(_REQUESTS)
    # Requests that came, of which the log has a share.
    came = sum(one.requests / one.sampled for one in (a, b) if one.sampled)
    return WindowSummary.model_construct(
        model=a.model,
        version=a.version,
        first=min(_times(a.first, b.first), default=None),
        last=max(_times(a.last, b.last), default=None),
        requests=requests,
        refused=a.refused + b.refused,
        failed=a.failed + b.failed,
        rows=a.rows + b.rows,
        sampled=min(1.0, requests / came) if came else min(a.sampled, b.sampled),
        redacted=tuple(sorted({*a.redacted, *b.redacted})),
        features=_each(a.features, b.features, FeatureSummary(), _features),
        outputs=_each(a.outputs, b.outputs, OutputSummary(), _outputs),
        top_score=_bins(a.top_score, b.top_score),
        slices=_sums(a.slices, b.slices),
        unknown_features=most(_sums(a.unknown_features, b.unknown_features), MOST_VALUES),
        sample=sample,
        sample_requests=tuple(int(one) for one in requests_of if isinstance(one, int)),
    )


def _each(
    a: Mapping[str, _Part],
    b: Mapping[str, _Part],
    none: _Part,
    add: Callable[[_Part, _Part], _Part],
) -> dict[str, _Part]:
    names = dict.fromkeys([*a, *b])
    return {name: add(a.get(name, none), b.get(name, none)) for name in names}


def _features(a: FeatureSummary, b: FeatureSummary) -> FeatureSummary:
    # Sums of what was checked need no check, which takes as long as adding.
    return FeatureSummary.model_construct(
        rows=a.rows + b.rows,
        missing=a.missing + b.missing,
        wrong_type=a.wrong_type + b.wrong_type,
        wrong_examples=first_examples((*a.wrong_examples, *b.wrong_examples)),
        not_finite=a.not_finite + b.not_finite,
        bins=_bins(a.bins, b.bins),
        below=a.below + b.below,
        above=a.above + b.above,
        values=_sums(a.values, b.values),
        unseen=most(_sums(a.unseen, b.unseen), MOST_VALUES),
        unseen_values=a.unseen_values + b.unseen_values,
        lengths=_bins(a.lengths, b.lengths),
    )


def _outputs(a: OutputSummary, b: OutputSummary) -> OutputSummary:
    return OutputSummary.model_construct(
        rows=a.rows + b.rows,
        missing=a.missing + b.missing,
        bins=_bins(a.bins, b.bins),
        below=a.below + b.below,
        above=a.above + b.above,
        values=_sums(a.values, b.values),
        unseen_values=a.unseen_values + b.unseen_values,
        total=a.total + b.total,
        slices={
            name: _bins(a.slices.get(name, ()), b.slices.get(name, ()))
            for name in dict.fromkeys([*a.slices, *b.slices])
        },
    )


def _bins(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    if not a or not b:
        return a or b
    if len(a) != len(b):
        raise ValueError(f"{len(a)} bins and {len(b)} cannot be added: the profiles differ")
    return tuple(map(operator.add, a, b))


def _sums(a: Mapping[str, int], b: Mapping[str, int]) -> dict[str, int]:
    sums = dict(a)
    for name, count in b.items():
        sums[name] = sums.get(name, 0) + count
    return sums


def _times(*times: datetime | None) -> list[datetime]:
    return [time for time in times if time is not None]
