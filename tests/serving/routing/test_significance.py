"""The tests agree with SciPy's, and raise false alarms as seldom as they promise."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from serving.routing import significance

_SAMPLES = st.lists(st.floats(-1e3, 1e3), min_size=20, max_size=80).map(np.array)
_TIED = st.lists(st.integers(0, 5), min_size=20, max_size=80).map(np.array)


@given(st.integers(0, 60), st.integers(1, 60), st.integers(0, 60), st.integers(1, 60))
def test_fisher_is_scipys(events_a: int, more_a: int, events_b: int, more_b: int) -> None:
    expected = stats.fisher_exact([[events_a, more_a], [events_b, more_b]]).pvalue
    ours = significance._fisher(events_a, events_a + more_a, events_b, events_b + more_b)
    assert ours == pytest.approx(expected, abs=1e-6)


def test_proportions_of_many_are_a_z_test() -> None:
    # Equal to the chi-squared test of the table, without continuity correction.
    table = [[120, 880], [160, 840]]
    expected = stats.chi2_contingency(table, correction=False).pvalue
    assert significance.proportions(120, 1000, 160, 1000) == pytest.approx(expected)


@pytest.mark.parametrize("sizes", [(2, 5), (2, 8), (20, 20)])
def test_proportions_of_few_are_fishers(sizes: tuple[int, int]) -> None:
    # Some of these tables are as likely as others, up to the last digits.
    n, m = sizes
    for a, b in itertools.product(range(min(n, 8) + 1), range(min(m, 8) + 1)):
        expected = stats.fisher_exact([[a, n - a], [b, m - b]]).pvalue
        assert significance.proportions(a, n, b, m) == pytest.approx(expected), (a, b)


@settings(max_examples=20)
@given(_SAMPLES | _TIED, _SAMPLES | _TIED)
def test_mann_whitney_is_scipys(a: np.ndarray, b: np.ndarray) -> None:
    if len(np.unique(np.concatenate([a, b]))) == 1:
        assert significance.mann_whitney(a, b) == 1
        return
    expected = stats.mannwhitneyu(a, b, method="asymptotic").pvalue
    assert significance.mann_whitney(a, b) == pytest.approx(expected, abs=1e-9)


# Tied samples have no exact distribution; SciPy then says that it takes the asymptotic one.
@pytest.mark.filterwarnings("ignore:ks_2samp. Exact calculation unsuccessful:RuntimeWarning")
@settings(max_examples=20)
@given(_SAMPLES | _TIED, _SAMPLES | _TIED)
def test_kolmogorov_smirnov_is_close_to_scipys_exact_one(a: np.ndarray, b: np.ndarray) -> None:
    expected = stats.ks_2samp(a, b, method="exact").pvalue
    # The asymptotic distribution is off by up to 0.074 for 20 and 20 values.
    assert significance.kolmogorov_smirnov(a, b) == pytest.approx(expected, abs=0.08)


def test_kolmogorov_smirnov_is_closer_where_it_decides() -> None:
    off = []
    for n, m in itertools.product((20, 30, 50), (25, 40, 80)):
        for beyond in range(1, min(n, m)):
            a = np.arange(float(n))
            b = np.concatenate([np.arange(m - beyond) * n / m + 0.5, 1e6 + np.arange(beyond)])
            expected = stats.ks_2samp(a, b, method="exact").pvalue
            if 0.005 < expected < 0.2:
                off.append(abs(significance.kolmogorov_smirnov(a, b) - expected))
    # Four times as much without Stephens' correction.
    assert np.mean(off) < 0.005


def test_false_alarms_come_at_the_rate_of_alpha() -> None:
    random = np.random.default_rng(1)
    trials, alpha = 2000, 0.05
    alarms = dict.fromkeys(("errors", "latency", "predictions", "any after Holm"), 0)
    for _ in range(trials):
        errors = random.binomial(1000, 0.05, 2)
        latency = random.lognormal(size=(2, 100))
        predictions = random.beta(2, 5, size=(2, 100))
        p = {
            "errors": significance.proportions(int(errors[0]), 1000, int(errors[1]), 1000),
            "latency": significance.mann_whitney(*latency),
            "predictions": significance.kolmogorov_smirnov(*predictions),
        }
        for name, value in p.items():
            alarms[name] += value < alpha
        alarms["any after Holm"] += min(significance.holm(p).values()) < alpha
    margin = 4 * math.sqrt(alpha * (1 - alpha) / trials)
    for name, count in alarms.items():
        assert alpha - 1.5 * margin < count / trials < alpha + margin, (name, count / trials)


def test_differences_are_found() -> None:
    random = np.random.default_rng(2)
    assert significance.proportions(2, 1000, 20, 1000) < 0.01
    assert significance.mann_whitney(random.normal(0, 1, 500), random.normal(0.4, 1, 500)) < 0.01
    assert (
        significance.kolmogorov_smirnov(random.normal(0, 1, 500), random.normal(0, 2, 500)) < 0.01
    )


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ({"a": 0.01, "b": 0.04, "c": 0.03}, {"a": 0.03, "b": 0.06, "c": 0.06}),
        ({"a": 0.9, "b": 0.8}, {"a": 1.0, "b": 1.0}),
        ({}, {}),
    ],
)
def test_holm(p_values: dict[str, float], adjusted: dict[str, float]) -> None:
    assert significance.holm(p_values) == pytest.approx(adjusted)


@pytest.mark.parametrize(("events", "total"), [(0, 10), (3, 10), (10, 10), (1, 1000)])
def test_wilson_is_scipys(events: int, total: int) -> None:
    expected = stats.binomtest(events, total).proportion_ci(0.95, method="wilson")
    ours = significance.wilson(events, total, stats.norm.ppf(0.975))
    assert ours == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_without_a_sample_nothing_differs() -> None:
    none, some = np.array([]), np.array([1.0])
    assert significance.proportions(0, 0, 1, 1) == 1
    assert significance.mann_whitney(none, some) == significance.kolmogorov_smirnov(some, none) == 1
    assert significance.wilson(0, 0, 2) == (0, 1)
