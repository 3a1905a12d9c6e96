"""At which looks of a sequence an alarm can be: those where some effect is large enough to matter.

Where none is, there is no alarm, however sure a difference is; and whether one is, many windows'
counts say at once. All others are looked at as `watch` does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import reduce
from typing import TypeVar

import numpy as np

from monitoring.core.settings import Settings
from monitoring.look.floors import matters_from
from monitoring.look.history import History, remember
from monitoring.look.judging import Candidate, is_alarm
from monitoring.look.looking import candidates
from monitoring.profile.reference_profile import Categories, Numbers, ReferenceProfile
from monitoring.statistics.distributions import GROUPS, grouped, l_infinity, psi
from monitoring.statistics.multiplicity import allowance
from monitoring.summary.summarizing import added
from monitoring.summary.window_summary import FeatureSummary, OutputSummary, WindowSummary

_SETTINGS = Settings()
_LARGEST_TAIL = 0.01
_T = TypeVar("_T")
_Found = tuple[np.ndarray, np.ndarray]
"""The last windows of blocks of one length, and what there is of each."""


def alarms(profile: ReferenceProfile, windows: Sequence[WindowSummary]) -> list[bool]:
    """For each window of a sequence, whether `watch` raises an alarm; without a classifier.

    Args:
        profile: The reference.
        windows: Without a sample, a refused request, a value of a wrong type, or a list.
    """
    large = _large(profile, windows)
    found, history, at = [False] * len(windows), History(), 0
    for look, window in enumerate(windows):
        some = [one for (last, length), names in large.items() if last == look
                for one in _some(profile, windows, look, length, names)]  # fmt: skip
        # Among fewer comparisons none is less sure than among all.
        if is_alarm(some, _SETTINGS):
            for earlier in windows[at:look]:
                history = remember(history, profile, earlier, _SETTINGS)
            at = look
            found[look] = is_alarm(candidates(profile, window, None, history, None), _SETTINGS)
    return found


def _some(
    profile: ReferenceProfile,
    windows: Sequence[WindowSummary],
    look: int,
    length: int,
    names: frozenset[str],
) -> Iterator[Candidate]:
    """The comparisons of some features and outputs in the last windows together."""

    def of(all_: Mapping[str, _T]) -> dict[str, _T]:
        return {name: one for name, one in all_.items() if name in names}

    parts = [
        one.model_copy(update={"features": of(one.features), "outputs": of(one.outputs)})
        for one in windows[look + 1 - length : look + 1]
    ]
    part = profile.model_copy(
        update={"features": of(profile.features), "outputs": of(profile.outputs)}
    )
    for each in candidates(part, reduce(added, parts), None, None, None):
        yield Candidate(each.comparison, allowance(look + 1, length), length)


_Large = dict[tuple[int, int], frozenset[str]]


def _large(profile: ReferenceProfile, windows: Sequence[WindowSummary]) -> _Large:
    """By look and number of windows together: of what some effect is large enough."""
    found: dict[tuple[int, int], set[str]] = defaultdict(set)

    def note(name: str, screened: Iterator[_Found]) -> None:
        for last, large in screened:
            length = int(last[0]) + 1
            for look in last[large].tolist():
                found[look, length].add(name)

    for name, feature in profile.features.items():
        served = [window.features[name] for window in windows]
        note(name, _missing(feature.missing / max(1, feature.rows), served))
        if feature.numbers is not None and feature.numbers.edges:
            note(name, _numbers(feature.numbers, served))
        if feature.categories is not None and feature.categories.counts:
            note(name, _values(feature.categories, served))
    for name, output in profile.outputs.items():
        if output.numbers is not None and output.numbers.edges:
            note(name, _numbers(output.numbers, [window.outputs[name] for window in windows]))
    return {key: frozenset(names) for key, names in found.items()}


def _blocks(counts: np.ndarray) -> Iterator[_Found]:
    """The last windows, and the sums, of 1, 2, 4, ... windows together."""
    length = 1
    while length <= len(counts):
        whole = len(counts) // length
        summed = counts[: whole * length].reshape(whole, length, -1).sum(axis=1)
        yield np.arange(1, whole + 1) * length - 1, summed
        length *= 2


def _matters(test: str, statistic: str) -> float:
    # Of one that rounding alone keeps below, the look decides.
    return matters_from(_SETTINGS, test, statistic) * (1 - 1e-9)


def _missing(reference: float, served: Sequence[FeatureSummary]) -> Iterator[_Found]:
    counts = np.array([(one.missing, one.rows) for one in served])
    for last, summed in _blocks(counts):
        share = summed[:, 0] / np.maximum(1, summed[:, 1])
        yield last, np.abs(share - reference) >= _matters("missing", "share")


def _numbers(
    numbers: Numbers, served: Sequence[FeatureSummary] | Sequence[OutputSummary]
) -> Iterator[_Found]:
    reference = np.array(numbers.counts)
    shares = np.cumsum(reference)[:-1] / reference.sum(), np.cumsum(reference[::-1])[:-1]
    low, high = shares[0], shares[1] / reference.sum()
    counts = np.array([(*one.bins, one.below + one.above) for one in served])
    for last, summed in _blocks(counts):
        bins, outside = summed[:, :-1], summed[:, -1]
        rows = np.maximum(1, bins.sum(axis=1))
        groups, *others = grouped(reference, *bins)
        large = psi(groups, np.stack(others)) >= _matters("distribution", "PSI")
        large |= outside / rows >= _matters("out of range", "share")
        for tail, cumulated in (
            (low, np.cumsum(bins, axis=1)[:, :-1]),
            (high, np.cumsum(bins[:, ::-1], axis=1)[:, :-1]),
        ):
            within = tail <= _LARGEST_TAIL
            more = cumulated[:, within] / rows[:, None] - tail[within]
            large |= more.max(axis=1, initial=0.0) >= _matters("tail", "share")
        yield last, large


def _values(categories: Categories, served: Sequence[FeatureSummary]) -> Iterator[_Found]:
    names = sorted(categories.counts, key=lambda name: -categories.counts[name])

    def named(values: Mapping[str, int], others: int) -> list[int]:
        return [*(values.get(name, 0) for name in names), others]

    reference = np.array(named(categories.counts, categories.other_rows))
    counts = np.array([named(one.values, one.unseen_values) for one in served])
    for last, summed in _blocks(counts):
        a, b = (_groups(each) for each in (reference, summed))
        large = l_infinity(reference, summed) >= _matters("distribution", "L-infinity")
        large |= psi(a, b) >= _matters("distribution", "PSI")
        unseen = summed[:, -1] / np.maximum(1, summed.sum(axis=1))
        large |= unseen >= _matters("unseen", "share")
        yield last, large


def _groups(counts: np.ndarray) -> np.ndarray:
    rest = counts[..., GROUPS:].sum(axis=-1, keepdims=True)
    return np.concatenate([counts[..., :GROUPS], rest], axis=-1)
