"""Histograms made at once: the same as TFDV makes them bucket by bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorflow_data_validation.utils import quantiles_util

from components.wide_tables import histograms

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

THEIR_WEIGHTS = quantiles_util._get_bin_weights
THEIR_HISTOGRAM = quantiles_util.generate_equi_width_histogram
THEIR_QUANTILES = quantiles_util.generate_quantiles_histogram

VALUES = (
    st.integers(-3, 3).map(float)
    | st.floats(-1e6, 1e6, width=32)
    | st.sampled_from([float("inf"), float("-inf")])
)
TABLES = st.lists(VALUES, min_size=1, max_size=60)


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    quantiles_util._get_bin_weights = THEIR_WEIGHTS
    quantiles_util.generate_equi_width_histogram = THEIR_HISTOGRAM
    quantiles_util.generate_quantiles_histogram = THEIR_QUANTILES


def quantiles(values: list[float], buckets: int) -> tuple[Any, Any]:
    """The edges of buckets of equal count, and how many values there are up to each."""
    ordered = np.sort(np.array(values))
    ranks = np.linspace(0, len(values) - 1, buckets + 1).round().astype(int)
    edges = ordered[ranks]
    return edges, np.searchsorted(ordered, edges, side="right").astype(np.float64)


@given(TABLES, st.integers(1, 40), st.booleans())
def test_weights_are_those_of_tfdv(values: list[float], buckets: int, whole: bool) -> None:
    edges, counts = quantiles(values, buckets)
    counts = counts if whole else np.cumsum(np.linspace(0.1, 0.9, len(counts)))
    theirs = THEIR_WEIGHTS(edges, counts)
    for mine, other in zip(histograms.bin_weights(edges, counts), theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-14)


@given(TABLES, st.integers(1, 40), st.integers(1, 12))
def test_histograms_are_those_of_tfdv(values: list[float], quanta: int, buckets: int) -> None:
    edges, counts = quantiles(values, quanta)
    finite = [value for value in values if np.isfinite(value)]
    ends = (min(finite), max(finite)) if finite else (float("inf"), float("-inf"))
    given = (edges, counts, *ends, buckets, values.count(float("inf")))
    assert histograms.equi_width_histogram(*given) == THEIR_HISTOGRAM(*given)


@given(TABLES, st.integers(1, 40))
def test_quantiles_are_those_of_tfdv(values: list[float], buckets: int) -> None:
    edges, counts = quantiles(values, buckets)
    for given_counts in (counts, counts.astype(np.int64)):
        mine = histograms.quantiles_histogram(edges, given_counts)
        assert mine == THEIR_QUANTILES(edges, given_counts)


def test_statistics_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import pandas as pd
    import tensorflow_data_validation as tfdv

    random = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "normal": random.normal(size=500),
            "heavy": random.standard_cauchy(500),
            "few": random.integers(0, 3, 500),
            "constant": np.ones(500),
            "gaps": np.where(random.random(500) < 0.9, np.nan, 1.5),
        }
    )
    options = tfdv.StatsOptions(num_quantiles_histogram_buckets=30)
    theirs = tfdv.generate_statistics_from_dataframe(table, options, n_jobs=1)
    histograms.apply()
    monkeypatch.setattr(quantiles_util, "_overlap", None)
    assert tfdv.generate_statistics_from_dataframe(table, options, n_jobs=1) == theirs
