"""Features as TFDV's statistics describe them, and as the rows themselves are."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.statistics import stats_impl

from pipeline.record.run_details import Drift, Feature
from pipeline.results import data_profile

pytestmark = pytest.mark.tfx


def write_statistics(folder: Path, split: str, columns: dict[str, Any]) -> None:
    """Writes what StatisticsGen would of columns of lists."""
    arrays = [
        rows if isinstance(rows, pa.Array) else pa.array(rows, pa.list_(pa.float32()))
        for rows in columns.values()
    ]
    batch = pa.RecordBatch.from_arrays(arrays, list(columns))
    options = tfdv.StatsOptions(num_quantiles_histogram_buckets=data_profile.QUANTILES)
    found = stats_impl.generate_statistics_in_memory(batch, options)
    (folder / f"Split-{split}").mkdir()
    (folder / f"Split-{split}/FeatureStats.pb").write_bytes(found.SerializeToString())


def described(folder: Path, rows: Any) -> Feature:
    write_statistics(folder, "train", {"x": rows})
    [feature] = data_profile.features(str(folder), ["train"])
    return feature


def test_a_number_has_its_moments_and_histograms(tmp_path: Path) -> None:
    values = np.random.default_rng(3).normal(10, 2, 1_000).astype(np.float32)
    feature = described(tmp_path, [[float(x)] for x in values] + [[]] * 100)
    split = feature.splits["train"]
    assert (feature.name, feature.type, split.rows, split.missing) == ("x", "float", 1_100, 100)
    assert split.mean == pytest.approx(values.mean(), rel=1e-5)
    assert split.std == pytest.approx(values.std(), rel=1e-4)
    assert (split.min, split.max) == (values.min(), values.max())
    assert split.median == pytest.approx(np.median(values), abs=0.1)
    assert split.zeros == 0 and split.unique is None and not split.top and split.values is None
    assert len(split.histogram) == 10 and 9 <= len(split.quantiles) <= 10
    for buckets in (split.histogram, split.quantiles):
        assert sum(bucket.count for bucket in buckets) == pytest.approx(1_000, rel=0.01)
        assert buckets[0].low == values.min() and buckets[-1].high == values.max()


def test_each_edge_of_the_quantiles_is_there_once(tmp_path: Path) -> None:
    feature = described(tmp_path, [[0.0]] * 550 + [[float(x)] for x in range(1, 451)])
    buckets = feature.splits["train"].quantiles
    assert buckets[0].high == 0 and buckets[0].count == pytest.approx(550, abs=10)
    edges = [bucket.high for bucket in buckets]
    assert edges == sorted(set(edges))
    assert all(low.high == high.low for low, high in pairwise(buckets))


def test_text_has_its_frequent_values(tmp_path: Path) -> None:
    rows = pa.array([["a"]] * 5 + [["b"]] * 3 + [[]], pa.list_(pa.large_string()))
    feature = described(tmp_path, rows)
    split = feature.splits["train"]
    assert (feature.type, split.unique, split.missing) == ("string", 2, 1)
    assert [(top.value, top.count) for top in split.top] == [("a", 5), ("b", 3)]
    assert split.mean is None and not split.histogram and split.zeros is None


def test_of_a_large_vocabulary_only_the_top_is_kept(tmp_path: Path) -> None:
    words = [[f"w{number:05}"] for number in range(5_000)] + [["w00007"]] * 3
    split = described(tmp_path, pa.array(words, pa.list_(pa.large_string()))).splits["train"]
    assert split.unique == 5_000 and len(split.top) == data_profile.TOP_VALUES
    # TFDV estimates the counts of rare values in a large vocabulary.
    assert split.top[0].value == "w00007" and 4 <= split.top[0].count < 10


def test_bytes_that_are_no_text_do_not_break_it(tmp_path: Path) -> None:
    rows = pa.array([[b"\xff\xfe"], [b"\x80"], [b"fine"]], pa.list_(pa.large_binary()))
    feature = described(tmp_path, rows)
    assert feature.type == "string" and feature.splits["train"].rows == 3
    assert Feature.model_validate_json(feature.model_dump_json()) == feature


def test_lists_count_their_values(tmp_path: Path) -> None:
    split = described(tmp_path, [[1.0, 2.0, 3.0], [], [4.0]]).splits["train"]
    assert (split.rows, split.values) == (3, 4)


def test_a_column_without_values_says_so(tmp_path: Path) -> None:
    split = described(tmp_path, [[], [], []]).splits["train"]
    assert split.missing == split.rows == 3 and split.mean is None and not split.quantiles


# TFDV takes their mean.
@pytest.mark.filterwarnings("ignore:invalid value encountered in reduce:RuntimeWarning:numpy")
def test_infinite_values_stay_out_of_the_record(tmp_path: Path) -> None:
    rows = [[float("inf")], [float("-inf")], [1.0], [2.0], [float("nan")]] * 4
    feature = described(tmp_path, rows)
    assert Feature.model_validate_json(feature.model_dump_json()) == feature


def test_splits_stand_beside_each_other(tmp_path: Path) -> None:
    write_statistics(tmp_path, "train", {"a": [[1.0], [2.0]], "b": [[0.0], [0.0]]})
    write_statistics(tmp_path, "test", {"a": [[5.0]], "c": [[1.0]]})
    found = {one.name: one for one in data_profile.features(str(tmp_path), ["train", "test"])}
    assert {name: list(one.splits) for name, one in found.items()} == {
        "a": ["train", "test"],
        "b": ["train"],
        "c": ["test"],
    }
    assert found["a"].splits["test"].mean == 5 and found["b"].splits["train"].zeros == 2
    assert data_profile.rows(str(tmp_path), "train") == 2


@pytest.mark.parametrize(
    ("label", "moved", "drawn"),
    [("a", None, "a"), ("c", None, "c"), ("none", None, "a"), ("none", "b", "b"), ("a", "b", "a")],
)
def test_a_wide_table_keeps_the_drawings_of_what_matters_most(
    label: str, moved: str | None, drawn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(data_profile, "MOST_DRAWN", 1)
    for split in ("train", "test"):
        columns = {name: [[1.0], [2.0]] for name in ("a", "b", "c")}
        write_statistics(tmp_path, split, columns)
    features = data_profile.features(str(tmp_path), ["train", "test"])
    for feature in features:
        drift = 2.0 if feature.name == moved else 0.5
        feature.drift = Drift(measure="PSI", value=drift, expected=1.0)
    data_profile.shorten(features, [label])
    assert [one.name for one in features] == ["a", "b", "c"]
    for feature in features:
        train, test = feature.splits["train"], feature.splits["test"]
        assert train.quantiles and bool(train.histogram) == (feature.name == drawn)
        assert not test.histogram and not test.quantiles and test.mean == train.mean


def test_a_table_that_is_not_wide_keeps_all_drawings(tmp_path: Path) -> None:
    write_statistics(tmp_path, "test", {"a": [[1.0], [2.0]], "b": [[0.0], [3.0]]})
    features = data_profile.features(str(tmp_path), ["test"])
    data_profile.shorten(features, [])
    assert all(one.splits["test"].histogram and one.splits["test"].quantiles for one in features)
