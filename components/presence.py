"""How many rows have a value, from TFDV's statistics.

ExampleGen writes a missing cell as a typed empty list, which TFDV counts as present, with no
values. So what its presence says is about columns, and this is about cells.
"""

from __future__ import annotations

from tensorflow_metadata.proto.v0 import statistics_pb2


def name_of(feature: statistics_pb2.FeatureNameStatistics) -> str:
    """The feature's name; TFDV gives it as a name or as a path."""
    return feature.name or ".".join(feature.path.step)


def common_of(
    feature: statistics_pb2.FeatureNameStatistics,
) -> statistics_pb2.CommonStatistics:
    """The statistics that features of every type have."""
    return getattr(feature, feature.WhichOneof("stats")).common_stats


def share_with_value(feature: statistics_pb2.FeatureNameStatistics, rows: int) -> float:
    """The share of the rows that have at least one value of the feature, from 0 to 1.

    It is exact where no row has several values. Of lists TFDV keeps only deciles of their lengths,
    so there the share may be up to a tenth too high.

    Args:
        feature: Its statistics.
        rows: `num_examples` of the split.
    """
    if not rows:
        return 0.0
    common = common_of(feature)
    if common.max_num_values <= 1:
        return common.tot_num_values / rows
    empty = sum(
        bucket.sample_count
        for bucket in common.num_values_histogram.buckets
        if bucket.high_value == 0
    )
    return max(0.0, common.num_non_missing - empty) / rows
