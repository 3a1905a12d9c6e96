"""What is compared of an output, with the test split and with the last window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from monitoring.look import features
from monitoring.look.comparison import Comparison, Key, of_bins
from monitoring.profile.reference_profile import Feature, Output
from monitoring.summary.window_summary import FeatureSummary, OutputSummary


def of_output(name: str, output: Output, window: OutputSummary) -> Iterator[Comparison]:
    """Compares what the model answers with what it answered on the test split.

    In slices, the distribution alone.
    """
    key = Key("output", name, "missing")
    yield features.of_missing(
        key, output.rows - _values(output), output.rows, window.missing, window.rows
    )
    present = window.rows - window.missing
    if output.numbers is not None and output.numbers.edges:
        outside = window.below, window.above
        yield from features.of_numbers(
            key, output.numbers, _values(output), window.bins, present, outside
        )
        for of, counts in output.slices.items():
            yield of_bins(
                key._replace(test="distribution", slice=of),
                output.numbers.edges,
                np.array(counts),
                np.array(window.slices.get(of) or (0,) * len(counts)),
                "answers",
            )
    if output.categories is not None and output.categories.counts:
        yield from features.of_categories(
            key, output.categories, _as_feature(window), present, _values(output)
        )


def of_last(
    name: str, output: Output, window: OutputSummary, last: OutputSummary
) -> Iterator[Comparison]:
    """Compares an output with the last window."""
    as_feature = Feature(
        kind="number" if output.numbers else "category",
        dtype="",
        rows=output.rows,
        missing=0,
        numbers=output.numbers,
        categories=output.categories,
    )
    for found in features.of_last(name, as_feature, _as_feature(window), _as_feature(last)):
        yield replace(found, key=found.key._replace(subject="output"))


def _as_feature(window: OutputSummary) -> FeatureSummary:
    """An output's counts, which are counted alike."""
    return FeatureSummary(
        rows=window.rows,
        missing=window.missing,
        bins=window.bins,
        below=window.below,
        above=window.above,
        values=window.values,
        unseen_values=window.unseen_values,
    )


def _values(output: Output) -> int:
    """How many of the test split's rows had an answer; all, if nothing is known."""
    if output.numbers is not None and output.numbers.counts:
        return min(output.rows, sum(output.numbers.counts))
    if output.categories is not None:
        named = sum(output.categories.counts.values())
        return min(output.rows, named + output.categories.other_rows)
    return output.rows
