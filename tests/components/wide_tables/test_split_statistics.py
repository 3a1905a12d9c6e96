"""A split's statistics are those that TFDV's own transform writes, to the last bit."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
from absl import flags
from tfx_bsl.coders import batch_util
from tfx_bsl.tfxio import tf_example_record

from components.wide_tables import histograms, split_statistics

pytestmark = pytest.mark.tfx

OPTIONS = tfdv.StatsOptions(num_quantiles_histogram_buckets=30)


def numbers(draw: random.Random) -> list[float]:
    odd = [float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 1e38, 1e-40]
    return [draw.choice(odd) if draw.random() < 0.02 else draw.gauss(0, 10)]


KINDS: dict[str, Any] = {
    "number": numbers,
    "finite": lambda draw: [draw.expovariate(1)],
    "gaps": lambda draw: [draw.random()] if draw.random() < 0.6 else [],
    "count": lambda draw: [draw.randrange(-5, 50)],
    "constant": lambda draw: [7],
    "list": lambda draw: [draw.random() for _ in range(draw.randrange(4))],
    "name": lambda draw: [draw.choice([b"a", b"b", "ü".encode(), b"\xff", b""])],
    "names": lambda draw: [str(draw.randrange(3000)).encode() for _ in range(draw.randrange(3))],
    "never": lambda draw: [],
}


def written(folder: Path, rows: int, seed: int, columns: int = 12, files: int = 1) -> list[str]:
    """Files of rows whose columns are of random kinds, each at least once."""
    draw = random.Random(seed)
    kinds = [*KINDS, *draw.choices(list(KINDS), k=columns - len(KINDS))]
    paths = []
    for number in range(files):
        paths.append(str(folder / f"data-{number:05}.gz"))
        with tf.io.TFRecordWriter(paths[-1], "GZIP") as writer:
            for _ in range(rows):
                row = {f"{kind} {i}": KINDS[kind](draw) for i, kind in enumerate(kinds)}
                writer.write(serialized(row))
    return paths


def serialized(row: dict[str, list[Any]]) -> bytes:
    example = tf.train.Example()
    for name, values in row.items():
        feature = example.features.feature[name]
        if not values:
            continue
        if isinstance(values[0], bytes):
            feature.bytes_list.value.extend(values)
        elif isinstance(values[0], int):
            feature.int64_list.value.extend(values)
        else:
            feature.float_list.value.extend(values)
    return bytes(example.SerializeToString())


def theirs(files: Sequence[str], folder: Path, options: tfdv.StatsOptions = OPTIONS) -> bytes:
    """What TFX's own node would write, with rows batched by their bytes."""
    flag = flags.FLAGS["tfxio_use_byte_size_batching"]
    before, path = flag.default, str(folder / "theirs.pb")
    flags.FLAGS.set_default(flag.name, True)
    try:
        source = tf_example_record.TFExampleRecord(list(files), telemetry_descriptors=["test"])
        with beam.Pipeline(runner="BundleBasedDirectRunner") as pipeline:
            _ = (
                pipeline
                | source.BeamSource()
                | tfdv.GenerateStatistics(options)
                | tfdv.WriteStatisticsToBinaryFile(path)
            )
    finally:
        flags.FLAGS.set_default(flag.name, before)
    return bytes(tfdv.load_stats_binary(path).SerializeToString(deterministic=True))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rows", "seed", "columns"), [(0, 0, 12), (1, 1, 12), (900, 2, 20), (2500, 3, 12)]
)
def test_they_are_those_of_tfdv(
    rows: int, seed: int, columns: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that many rows are several batches, some of which TFDV puts together again.
    monkeypatch.setattr(batch_util, "_TARGET_BATCH_BYTES_SIZE", 400_000)
    monkeypatch.setattr(batch_util, "_BATCH_SIZE_CAP_WITH_BYTE_TARGET", 700)
    monkeypatch.setattr(split_statistics, "BATCH_BYTES", 400_000)
    monkeypatch.setattr(split_statistics, "BATCH_ROWS", 700)
    files = written(tmp_path, rows, seed, columns)
    histograms.apply()
    ours = split_statistics.describe(files, OPTIONS)
    assert ours.SerializeToString(deterministic=True) == theirs(files, tmp_path)
    assert ours.datasets[0].num_examples == rows


def test_rows_of_several_files_are_those_of_all(tmp_path: Path) -> None:
    files = written(tmp_path, 40, 4, files=3)
    [found] = split_statistics.describe(files, OPTIONS).datasets
    assert found.num_examples == 120
    [names] = [one for one in found.features if one.path.step == ["name 6"]]
    assert sum(one.sample_count for one in names.string_stats.rank_histogram.buckets) == 120


def test_batches_are_as_many_bytes_as_tfx_reads() -> None:
    assert split_statistics.BATCH_BYTES == batch_util._TARGET_BATCH_BYTES_SIZE
    assert split_statistics.BATCH_ROWS == batch_util._BATCH_SIZE_CAP_WITH_BYTE_TARGET


@pytest.mark.parametrize(
    ("options", "can"),
    [
        ({}, True),
        ({"num_quantiles_histogram_buckets": 30, "num_top_values": 5}, True),
        ({"feature_allowlist": ["a"]}, False),
        ({"sample_rate": 0.5}, False),
        ({"weight_feature": "a"}, False),
        ({"enable_semantic_domain_stats": True}, False),
        ({"experimental_use_sketch_based_topk_uniques": True}, False),
        ({"epsilon": 0.1}, False),
    ],
)
def test_what_it_cannot_describe_is_left_to_tfdv(options: dict[str, Any], can: bool) -> None:
    assert split_statistics.can_describe(tfdv.StatsOptions(**options)) is can
