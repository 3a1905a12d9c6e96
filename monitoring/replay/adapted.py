"""The profile that a version would have that was trained on a window: what a replayed retraining
leaves behind.

It takes the training for having worked: the new version knows what was served in the window that
raised the alarm, and answers as the old one did. Labels are not in it, nor what needs them.
"""

from __future__ import annotations

from collections.abc import Mapping

from monitoring.profile.reference_profile import (
    Categories,
    Feature,
    Numbers,
    Output,
    ReferenceProfile,
)
from monitoring.summary.window_summary import FeatureSummary, OutputSummary, WindowSummary


def adapted(profile: ReferenceProfile, window: WindowSummary) -> ReferenceProfile:
    """A profile with a window's counts in the place of those of training.

    Args:
        profile: Of the version that was served.
        window: What it was served.
    """
    features = {
        name: _feature(feature, window.features[name])
        if name in window.features and window.features[name].rows
        else feature
        for name, feature in profile.features.items()
    }
    outputs = {
        name: _output(output, window.outputs[name])
        if name in window.outputs and window.outputs[name].rows
        else output
        for name, output in profile.outputs.items()
    }
    return profile.model_copy(
        update={
            "features": features,
            "outputs": outputs,
            "training_rows": window.rows,
            "test_rows": window.rows,
            "slices": {},
            "metrics": {},
            "top_score": None,
            "sample": dict(window.sample),
        }
    )


def _feature(feature: Feature, seen: FeatureSummary) -> Feature:
    changes: dict[str, object] = {"rows": seen.rows, "missing": seen.missing + seen.wrong_type}
    if feature.numbers is not None and seen.bins:
        changes["numbers"] = _numbers(feature.numbers, seen.bins, seen.below, seen.above)
    if feature.categories is not None:
        changes["categories"] = _categories(seen.values, seen.unseen, seen.unseen_values)
    if feature.lengths is not None and seen.lengths:
        changes["lengths"] = _numbers(feature.lengths, seen.lengths, 0, 0)
    return feature.model_copy(update=changes)


def _output(output: Output, seen: OutputSummary) -> Output:
    changes: dict[str, object] = {"rows": seen.rows, "calibration": None, "slices": {}}
    if output.numbers is not None and seen.bins:
        changes["numbers"] = _numbers(output.numbers, seen.bins, seen.below, seen.above)
    if output.categories is not None:
        changes["categories"] = _categories(seen.values, {}, seen.unseen_values)
    return output.model_copy(update=changes)


def _numbers(numbers: Numbers, bins: tuple[int, ...], below: int, above: int) -> Numbers:
    # How far values went beyond the old range, the window's counts do not say.
    return Numbers(
        edges=numbers.edges,
        counts=bins,
        minimum=None if below else numbers.minimum,
        maximum=None if above else numbers.maximum,
        integers=numbers.integers,
    )


def _categories(
    values: Mapping[str, int], unseen: Mapping[str, int], unseen_values: int
) -> Categories:
    named = {value: count for value, count in {**values, **unseen}.items() if count}
    others = max(0, unseen_values - sum(unseen.values()))
    return Categories(counts=named, other_rows=others, other_values=int(others > 0))
