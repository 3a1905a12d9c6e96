"""The statistics of a split, by TFDV's generators, in one step of Beam.

TFDV's own transform hands what it has counted of every column from one step to the next, each time
as pickled bytes, and takes most of a wide table's time for that. In one process there is nobody to
hand it to. The results are the same, to the last bit where TFDV's own are always the same.
"""

from __future__ import annotations

import heapq
import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics import stats_impl
from tensorflow_data_validation.statistics.generators import top_k_uniques_stats_generator
from tensorflow_data_validation.utils import top_k_uniques_stats_util
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder
from tfx_bsl.statistics import merge_util

from components import tables  # noqa: F401  (makes Arrow safe)
from models.common import examples

BATCH_BYTES, BATCH_ROWS = 20 * 2**20, 8192
"""How many rows TFX decodes at once, where it goes by their bytes."""
READ_ROWS = 256
"""How many rows TensorFlow hands over at once: one by one takes longer than describing them."""


def can_describe(options: tfdv.StatsOptions) -> bool:
    """Whether these options ask for nothing but statistics of each column over all rows."""
    plain = tfdv.StatsOptions(
        num_top_values=options.num_top_values,
        num_rank_histogram_buckets=options.num_rank_histogram_buckets,
        num_values_histogram_buckets=options.num_values_histogram_buckets,
        num_histogram_buckets=options.num_histogram_buckets,
        num_quantiles_histogram_buckets=options.num_quantiles_histogram_buckets,
    )
    return bool(options.to_json() == plain.to_json())


def describe(
    files: Sequence[str], options: tfdv.StatsOptions
) -> statistics_pb2.DatasetFeatureStatisticsList:
    """As `tfdv.GenerateStatistics`.

    Args:
        files: TFRecord files of `tf.Example`s, in this order.
        options: Those of which `can_describe` is true.
    """
    return _described(map(ExamplesToRecordBatchDecoder().DecodeBatch, _batches(files)), options)


def _batches(files: Sequence[str]) -> Iterator[list[bytes]]:
    """Rows of about as many bytes each time, as TFX reads them."""
    least = -(-BATCH_BYTES // BATCH_ROWS)
    batch: list[bytes] = []
    held = 0
    read = examples.records(files).batch(READ_ROWS).as_numpy_iterator()
    for record in itertools.chain.from_iterable(read):
        size = max(len(record), least)
        if batch and held + size > BATCH_BYTES:
            yield batch
            batch, held = [], 0
        batch.append(record)
        held += size
    if batch:
        yield batch


def _described(
    batches: Iterable[pa.RecordBatch], options: tfdv.StatsOptions
) -> statistics_pb2.DatasetFeatureStatisticsList:
    [_, combined, _] = stats_impl._split_generator_types(stats_impl.get_generators(options), 1)
    combine = stats_impl._CombinerStatsGeneratorsCombineFn(combined, options.desired_batch_size)
    combine.setup()
    accumulated = combine.create_accumulator()
    counts = _Counts(options)
    empty = True
    for table in batches:
        accumulated = combine.add_input(accumulated, table)
        counts.add(table)
        empty = False
    if empty:
        return merge_util.merge_dataset_feature_statistics(
            [statistics_pb2.DatasetFeatureStatistics()]
        )
    accumulated = combine.compact(accumulated)
    found = combine._for_each_generator(
        lambda generator, one: generator.extract_output(one), accumulated.partial_accumulators
    )
    return merge_util.merge_dataset_feature_statistics([*found, *counts.described()])


class _Counts:
    """How often each text of each column occurs, as `TopKUniquesStatsGenerator` counts it."""

    def __init__(self, options: tfdv.StatsOptions) -> None:
        self._options = options
        self._of: dict[Any, Counter[Any]] = {}

    def add(self, table: pa.RecordBatch) -> None:
        """Counts some rows."""
        for (_, column, value), (count, _) in top_k_uniques_stats_generator._to_topk_tuples(
            (None, table), frozenset(), {}, self._options.example_weight_map
        ):
            self._of.setdefault(column, Counter())[value] += count

    def described(self) -> Iterator[statistics_pb2.DatasetFeatureStatistics]:
        """The most frequent texts of each column, and how many different ones it has."""
        options, util = self._options, top_k_uniques_stats_util
        most = max(options.num_top_values, options.num_rank_histogram_buckets)
        for column, counts in self._of.items():
            top = heapq.nlargest(most, ((count, value) for value, count in counts.items()))
            yield util.make_dataset_feature_stats_proto_topk_single(
                feature_path_tuple=column,
                value_count_list=[util.FeatureValueCount(value, count) for count, value in top],
                is_weighted_stats=False,
                num_top_values=options.num_top_values,
                frequency_threshold=options.frequency_threshold,
                num_rank_histogram_buckets=options.num_rank_histogram_buckets,
            )
            yield util.make_dataset_feature_stats_proto_unique_single(
                feature_path_tuple=column, num_uniques=len(counts)
            )
