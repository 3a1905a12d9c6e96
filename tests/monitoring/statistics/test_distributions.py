"""Level and power of the tests of counts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from monitoring.statistics.distributions import (
    effective,
    frequencies_p_value,
    grouped,
    l_infinity,
    ordered_p_value,
    psi,
    values_p_value,
)
from tests.monitoring.sampled import bins, numbers

Draw = Callable[[np.random.Generator, int], np.ndarray]
KINDS: dict[str, Draw] = {
    "normal": lambda g, n: g.normal(size=n),
    "heavy tails": lambda g, n: g.lognormal(0, 2, n),
    "whole numbers": lambda g, n: g.integers(0, 24, n).astype(float),
    "half zeros": lambda g, n: g.exponential(size=n) * (g.random(n) < 0.5),
}


def p_values(draw: Draw, change: Draw, rows: int, times: int) -> np.ndarray:
    generator = np.random.default_rng(rows)
    found = []
    for _ in range(times):
        reference, served = draw(generator, 5_000), change(generator, rows)
        of = numbers(reference)
        found.append(ordered_p_value(np.array(of.counts), np.array(bins(of.edges, served))))
    return np.array(found)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("rows", "times"), [(100, 200), (1_000, 200), (20_000, 60)])
def test_samples_of_the_same_data_seldom_differ(kind: str, rows: int, times: int) -> None:
    found = p_values(KINDS[kind], KINDS[kind], rows, times)
    assert (found <= 0.05).mean() <= 0.08
    assert found.min() > 1e-4


CHANGES: dict[str, Draw] = {
    "shift": lambda g, n: g.normal(0.25, 1, n),
    "scale": lambda g, n: g.normal(0, 1.3, n),
    "far tail": lambda g, n: np.where(g.random(n) < 0.05, 20, g.normal(size=n)),
    "one value": lambda g, n: np.where(g.random(n) < 0.08, 0.3, g.normal(size=n)),
    "gap": lambda g, n: np.where(np.abs(v := g.normal(size=n)) < 0.15, v + 0.3, v),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changes_are_found_at_a_level_for_many_looks(change: str) -> None:
    found = p_values(KINDS["normal"], CHANGES[change], 1_000, 20)
    assert (found <= 1e-5).mean() >= 0.8


def test_one_bin_and_no_rows_are_no_difference() -> None:
    assert ordered_p_value(np.array([5]), np.array([9])) == 1
    assert ordered_p_value(np.array([5, 5]), np.array([0, 0])) == 1
    assert values_p_value(np.array([]), 0, np.array([]), 0, 0) == 1


@pytest.mark.parametrize(("values", "slope"), [(5, 0.0), (200, 1.0), (10_000, 0.5)])
def test_values_of_the_same_data_seldom_differ(values: int, slope: float) -> None:
    generator = np.random.default_rng(values)
    shares = 1 / np.arange(1, values + 1) ** slope
    shares /= shares.sum()
    found = []
    for _ in range(100):
        reference, served = generator.multinomial([5_000, 1_000], [shares, shares])
        named = np.argsort(-reference)[:1_000]
        distinct = int(((reference + served) > 0).sum())
        found.append(values_p_value(reference[named], 5_000, served[named], 1_000, distinct))
    assert np.mean(np.array(found) <= 0.05) <= 0.09


def test_a_value_that_doubles_is_found_among_many() -> None:
    reference, served = np.full(1_000, 10), np.full(1_000, 1)
    served[7] = 30
    assert values_p_value(reference, 10_000, served, 1_029, 1_000) < 1e-8


def test_lists_count_as_if_each_row_had_one_value() -> None:
    assert effective(np.array([300, 100]), 100).tolist() == [75, 25]
    assert effective(np.array([30, 10]), 100).tolist() == [30, 10]
    assert int(effective(np.full(7, 13), 10).sum()) == 10


def test_groups_have_about_equal_shares() -> None:
    reference, served = grouped(np.full(100, 7), np.arange(100))
    assert reference.tolist() == [70] * 10
    assert int(served.sum()) == 4_950
    assert [each.tolist() for each in grouped(np.array([90, 10]), np.array([1, 2]))] == [
        [90, 10], [1, 2],
    ]  # fmt: skip


def test_effects() -> None:
    assert float(psi(np.array([50, 50]), np.array([5, 5]))) == pytest.approx(0, abs=1e-12)
    p, q = np.array([50_000, 50_000]), np.array([70_000, 30_000])
    assert float(psi(p, q)) == pytest.approx(0.2 * np.log(7 / 5) - 0.2 * np.log(3 / 5), rel=1e-3)
    assert np.isfinite(psi(np.array([10, 0]), np.array([0, 10])))
    assert float(l_infinity(p, q)) == pytest.approx(0.2)


FREQUENCIES = {
    "alike": np.ones(61) / 61,
    "geometric": 0.8 ** np.arange(40) / (0.8 ** np.arange(40)).sum(),
    "two values": np.array([0.97, 0.03]),
}


@pytest.mark.parametrize("kind", FREQUENCIES)
@pytest.mark.parametrize(("n", "m"), [(10_000, 500), (10_000, 100), (300, 300), (200, 5_000)])
def test_frequencies_of_the_same_data_seldom_differ(kind: str, n: int, m: int) -> None:
    generator = np.random.default_rng(0)
    shares = FREQUENCIES[kind]
    found = [
        frequencies_p_value(
            generator.multinomial(n, shares), n, generator.multinomial(m, shares), m
        )
        for _ in range(500)
    ]
    assert np.mean(np.array(found) <= 0.05) <= 0.06
    assert min(found) > 1e-5


def test_many_values_that_each_change_a_little_are_found_together() -> None:
    generator = np.random.default_rng(0)
    shares = FREQUENCIES["alike"] * np.where(np.arange(61) < 20, 1.5, 0.756)
    a, b = generator.multinomial(10_000, FREQUENCIES["alike"]), generator.multinomial(2_000, shares)
    assert frequencies_p_value(a, 10_000, b, 2_000) < 1e-9
    assert values_p_value(a, 10_000, b, 2_000, 61) > 1e-9


@pytest.mark.parametrize(
    ("reference", "served"), [([], []), ([5], [3]), ([0, 0], [0, 0]), ([10, 0], [0, 10])]
)
def test_frequencies_of_hardly_anything_have_a_p_value(
    reference: list[int], served: list[int]
) -> None:
    a, b = np.array(reference, dtype=int), np.array(served, dtype=int)
    found = frequencies_p_value(a, int(a.sum()), b, int(b.sum()))
    assert 0 <= found <= 1
