"""What the data looks like, feature by feature and split by split, from TFDV's statistics."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from typing import Any, Literal

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import statistics_pb2

from components.presence import name_of, share_with_value
from pipeline.record.run_details import Bucket, Feature, SplitFeature, TopValue
from pipeline.results import drift

TOP_VALUES = 20
"""So many of a categorical feature's values are kept."""
QUANTILES = 30
"""Buckets of equal count that StatisticsGen makes. With TFDV's ten, one pair of samples of the same
heavy-tailed data in seven counts as drift; each further bucket costs time for every column."""
_KEPT_QUANTILES = 10
MOST_DRAWN = 200
"""Of more columns, so many keep their histograms: these are most of what a run's details weigh, and
nobody looks at thousands of drawings."""

_Type = Literal["int", "float", "string"]
_TYPES: dict[int, _Type] = {
    statistics_pb2.FeatureNameStatistics.INT: "int",
    statistics_pb2.FeatureNameStatistics.FLOAT: "float",
    statistics_pb2.FeatureNameStatistics.STRING: "string",
    statistics_pb2.FeatureNameStatistics.BYTES: "string",
}


def features(statistics_uri: str, splits: Iterable[str]) -> list[Feature]:
    """Every column of the data, label columns included, in the statistics' order.

    Args:
        statistics_uri: StatisticsGen's `statistics` artifact.
        splits: The splits to describe, in the order in which to describe them. Of a table that
            `shorten` would shorten, only the training split gets what is drawn.
    """
    found: dict[str, Feature] = {}
    for split in splits:
        dataset = _statistics(statistics_uri, split)
        # A struct has no values of its own.
        columns = [described for described in dataset.features if described.type in _TYPES]
        drawn = split == drift.SPLIT or len(columns) <= MOST_DRAWN
        for described in columns:
            name = name_of(described)
            if name not in found:
                found[name] = Feature(name=name, type=_TYPES[described.type], splits={})
            found[name].splits[split] = _described(described, int(dataset.num_examples), drawn)
    return list(found.values())


def shorten(features: Sequence[Feature], first: Collection[str]) -> None:
    """Takes what is drawn from all columns but the most relevant, where a table has very many.

    The quantiles of the training split stay, as the next run's drift is measured by them.

    Args:
        features: Are changed, with their drift known.
        first: Columns that matter more than any other, such as the label's.
    """
    if len(features) <= MOST_DRAWN:
        return

    def relevance(feature: Feature) -> tuple[bool, float]:
        moved = feature.drift.value / max(feature.drift.expected, 1e-12) if feature.drift else 0.0
        # Within noise all are alike, and come in the data's order.
        return feature.name in first, moved if moved > 1 else 0.0

    ranked = sorted(features, key=relevance, reverse=True)
    for number, feature in enumerate(ranked):
        for split, found in feature.splits.items():
            if split != drift.SPLIT:
                found.quantiles = []
            if split != drift.SPLIT or number >= MOST_DRAWN:
                found.histogram = []


def rows(statistics_uri: str, split: str) -> int:
    """How many rows a split has.

    Args:
        statistics_uri: StatisticsGen's `statistics` artifact.
        split: The split.
    """
    return int(_statistics(statistics_uri, split).num_examples)


def fine_quantiles(statistics_uri: str, split: str) -> dict[str, list[Bucket]]:
    """All of the buckets of equal count of each numeric feature, by its name.

    Args:
        statistics_uri: StatisticsGen's `statistics` artifact.
        split: The split to describe.
    """
    return {
        name_of(described): _histogram(described.num_stats, statistics_pb2.Histogram.QUANTILES)
        for described in _statistics(statistics_uri, split).features
        if described.WhichOneof("stats") == "num_stats"
    }


def _statistics(uri: str, split: str) -> statistics_pb2.DatasetFeatureStatistics:
    return tfdv.load_stats_binary(f"{uri}/Split-{split}/FeatureStats.pb").datasets[0]


def _described(
    feature: statistics_pb2.FeatureNameStatistics, rows: int, drawn: bool
) -> SplitFeature:
    kind = feature.WhichOneof("stats")
    common = getattr(feature, kind).common_stats
    split = SplitFeature(
        rows=rows, missing=round(rows * (1 - min(1.0, share_with_value(feature, rows))))
    )
    if common.max_num_values > 1:
        split.values = int(common.tot_num_values)
    if kind == "num_stats" and common.tot_num_values:
        _describe_numbers(split, feature.num_stats, drawn)
    elif kind == "string_stats":
        _describe_texts(split, feature.string_stats)
    return split


def _describe_numbers(
    split: SplitFeature, numbers: statistics_pb2.NumericStatistics, drawn: bool
) -> None:
    split.mean, split.std = _finite(numbers.mean), _finite(numbers.std_dev)
    split.min, split.median = _finite(numbers.min), _finite(numbers.median)
    split.max, split.zeros = _finite(numbers.max), int(numbers.num_zeros)
    if not drawn:
        return
    split.histogram = _histogram(numbers, statistics_pb2.Histogram.STANDARD)
    split.quantiles = joined(_histogram(numbers, statistics_pb2.Histogram.QUANTILES))


def _describe_texts(split: SplitFeature, texts: statistics_pb2.StringStatistics) -> None:
    split.unique = int(texts.unique)
    split.top = [
        TopValue(value=found.value, count=found.frequency)
        for found in texts.top_values[:TOP_VALUES]
    ]


def _histogram(numbers: statistics_pb2.NumericStatistics, kind: Any) -> list[Bucket]:
    """A histogram's buckets; those that reach to infinity are left out."""
    return [
        Bucket(low=bucket.low_value, high=bucket.high_value, count=bucket.sample_count)
        for histogram in numbers.histograms
        if histogram.type == kind
        for bucket in histogram.buckets
        if math.isfinite(bucket.low_value) and math.isfinite(bucket.high_value)
    ]


def joined(buckets: Sequence[Bucket]) -> list[Bucket]:
    """About ten buckets of about equal count, out of many; each edge is there once.

    A value that many rows share is several buckets without width. They become one: it alone, or
    the end of the bucket before it.
    """
    if not buckets:
        return []
    full = sum(bucket.count for bucket in buckets) / _KEPT_QUANTILES
    joined = [buckets[0].model_copy()]
    for bucket in buckets[1:]:
        last = joined[-1]
        ends_together = bucket.high == last.high
        # Rounded counts must not leave a sliver over.
        if ends_together or last.count < full * 0.999:
            last.high = bucket.high
            last.count += bucket.count
        else:
            joined.append(bucket.model_copy())
    return joined


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
