"""The whole profile, made to fit into its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from components.profile import distribution, features, format, outputs
from components.profile.format import Feature, Output, ReferenceProfile
from components.profile.reading import Column

MOST_BYTES = 300_000
"""Of a profile. Where it would be more, all features get fewer edges and fewer named values, level
by level of `distribution.LEVELS`; where even the coarsest does not do, as many features as do not
fit keep presence alone, the last by name first."""
MANY_FEATURES = 200
"""With more of them numbers have fewer digits."""
FEW_DIGITS = 4
_LEAST_FOR_SAMPLE = 30_000
"""Bytes that features and outputs leave to the sample."""


def digits(number: int) -> int:
    """Significant digits of the numbers of so many features."""
    return distribution.DIGITS if number <= MANY_FEATURES else FEW_DIGITS


def fitted(
    profile: ReferenceProfile, columns: Mapping[str, Column], most: int = MOST_BYTES
) -> ReferenceProfile:
    """The profile with a sample, as fine as there is room for.

    Args:
        profile: With its features and outputs as fine as they come, and no sample.
        columns: The rows that the sample is from.
        most: Bytes.
    """
    room = most - _LEAST_FOR_SAMPLE
    found = _finest(profile, room)
    size = format.size(found)
    if size > room:
        found = _without_details(found, room - format.size(replace(found, features={})))
        size = format.size(found)
    left = most - size
    sample = features.sample(found.features, columns, min(features.SAMPLED_BYTES, left * 9 // 10))
    while sample and format.size(replace(found, sample=sample)) > most:
        sample = {name: cells[: len(cells) // 2] for name, cells in sample.items()}
        sample = sample if next(iter(sample.values())) else {}
    return replace(found, sample=sample)


def _finest(profile: ReferenceProfile, room: int) -> ReferenceProfile:
    """The profile at the finest level that fits, or else at the coarsest: each one is smaller."""
    if _fits(profile, 0, room):
        return profile
    low, high = 1, len(distribution.LEVELS) - 1
    while low < high:
        middle = (low + high) // 2
        if _fits(profile, middle, room):
            high = middle
        else:
            low = middle + 1
    return replace(_beside_features(profile, low), features=_coarser_features(profile, low))


def _fits(profile: ReferenceProfile, level: int, room: int) -> bool:
    """Whether the profile at a level has at most so many bytes; looks no further than it must."""
    # Each feature adds what it is without its braces, and all but the first add a comma.
    used = format.size(_beside_features(profile, level)) - bool(profile.features)
    for name, one in profile.features.items():
        used += format.size({name: features.coarser(one, level)}) - 1
        if used > room:
            return False
    return used <= room


def _coarser_features(profile: ReferenceProfile, level: int) -> dict[str, Feature]:
    return {name: features.coarser(one, level) for name, one in profile.features.items()}


def _beside_features(profile: ReferenceProfile, level: int) -> ReferenceProfile:
    """All but the features at a level."""
    if not level:
        return replace(profile, features={})
    described: dict[str, Output] = {
        name: outputs.coarser(one, level) for name, one in profile.outputs.items()
    }
    bounded = profile.metrics
    if level >= len(distribution.LEVELS) - 3:
        bounded = {name: replace(one, slices={}) for name, one in bounded.items()}
    return replace(
        profile,
        features={},
        outputs=described,
        metrics=bounded,
        slices=profile.slices if level < len(distribution.LEVELS) - 3 else {},
    )


def _without_details(profile: ReferenceProfile, room: int) -> ReferenceProfile:
    """The profile with presence alone of as many features as do not fit."""
    behind = len(distribution.LEVELS)
    bare = {name: features.coarser(one, behind) for name, one in profile.features.items()}
    size_of = {name: format.size({name: one}) for name, one in bare.items()}
    used = sum(size_of.values())
    found: dict[str, Feature] = {}
    for name, one in profile.features.items():
        more = format.size({name: one}) - size_of[name]
        fits = used + more <= room
        used += more if fits else 0
        found[name] = one if fits else bare[name]
    return replace(profile, features=found)
