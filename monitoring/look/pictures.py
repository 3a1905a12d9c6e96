"""The numbers of a look's pictures: shares in the same few bins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from monitoring.look import words
from monitoring.look.look import Distribution
from monitoring.profile.reference_profile import (
    Categories,
    Feature,
    Numbers,
    Output,
    ReferenceProfile,
)
from monitoring.summary.window_summary import FeatureSummary, OutputSummary, WindowSummary

_BARS = 20


def of_features(
    profile: ReferenceProfile, window: WindowSummary, last: WindowSummary | None
) -> dict[str, Distribution]:
    """For each feature whose values are compared."""
    before = {} if last is None else last.features
    return _of(profile.features, window.features, before)


def of_outputs(
    profile: ReferenceProfile, window: WindowSummary, last: WindowSummary | None
) -> dict[str, Distribution]:
    """For each output."""
    before = {} if last is None else last.outputs
    return _of(profile.outputs, window.outputs, before)


def _of(
    references: Mapping[str, Feature] | Mapping[str, Output],
    window: Mapping[str, FeatureSummary] | Mapping[str, OutputSummary],
    last: Mapping[str, FeatureSummary] | Mapping[str, OutputSummary],
) -> dict[str, Distribution]:
    found = {}
    for name, reference in references.items():
        served, before = window.get(name), last.get(name)
        if served is None:
            continue
        if reference.numbers is not None and reference.numbers.edges:
            found[name] = _numbers(
                reference.numbers, served.bins, before.bins if before is not None else None
            )
        elif reference.categories is not None and reference.categories.counts:
            found[name] = _values(reference.categories, served, before)
    return found


def _numbers(numbers: Numbers, served: Sequence[int], before: Sequence[int] | None) -> Distribution:
    """Neighbouring bins put together where they are small, so that there are at most 20."""
    counts = np.array(numbers.counts)
    cumulated = np.cumsum(counts)[:-1] / max(1, counts.sum())
    wanted = np.array([.01, *(i / 18 for i in range(1, 18)), .99])  # fmt: skip
    cuts = np.unique(np.abs(cumulated[:, None] - wanted).argmin(axis=0))
    starts = np.concatenate([[0], cuts + 1])
    edges = [numbers.edges[cut] for cut in cuts]
    shown = [words.number(edge) for edge in edges]
    labels = [
        f"up to {shown[0]}",
        *(f"{low} to {high}" for low, high in pairwise(shown)),
        f"above {shown[-1]}",
    ]

    def shares(of: Sequence[int]) -> tuple[float, ...]:
        return _shares(np.add.reduceat(np.array(of), starts) if len(of) else np.zeros(len(starts)))

    return Distribution(
        labels=tuple(labels),
        reference=shares(numbers.counts),
        served=shares(served),
        last_window=shares(before) if before else None,
    )


def _values(
    categories: Categories,
    served: FeatureSummary | OutputSummary,
    before: FeatureSummary | OutputSummary | None,
) -> Distribution:
    """The most frequent values, also those that training does not have, and all others together."""
    together = {name: _share(categories.counts, name) for name in categories.counts}
    unseen = served.unseen if isinstance(served, FeatureSummary) else {}
    for counts in (served.values, unseen):
        for name in counts:
            together[name] = max(together.get(name, 0.0), counts[name] / max(1, _all(served)))
    names = sorted(together, key=lambda name: -together[name])[: _BARS - 1]

    def shares(counts: Mapping[str, int], total: int) -> tuple[float, ...]:
        named = [counts.get(name, 0) for name in names]
        return _shares(np.array([*named, total - sum(named)]))

    total = sum(categories.counts.values()) + categories.other_rows
    last = None
    if before is not None and _all(before):
        last = shares({**_unseen(before), **before.values}, _all(before))
    return Distribution(
        labels=(*names, "other"),
        reference=shares(categories.counts, total),
        served=shares({**unseen, **served.values}, _all(served)),
        last_window=last,
    )


def _share(counts: Mapping[str, int], name: str) -> float:
    return counts[name] / max(1, sum(counts.values()))


def _unseen(of: FeatureSummary | OutputSummary) -> Mapping[str, int]:
    return of.unseen if isinstance(of, FeatureSummary) else {}


def _all(of: FeatureSummary | OutputSummary) -> int:
    return sum(of.values.values()) + of.unseen_values


def _shares(counts: np.ndarray) -> tuple[float, ...]:
    total = float(counts.sum())
    return tuple((counts / total if total else counts * 0.0).tolist())
