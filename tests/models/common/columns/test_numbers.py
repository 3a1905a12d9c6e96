"""Quantities of every type, and their ranks beside SciPy's."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from scipy.stats import rankdata

from models.common.columns.numbers import QUANTILES, numbers
from tests.models.common.columns.conftest import NOTHING, NUMBERS, ROWS, Transformed

PRICES = {"$1,250.50": 1250.5, " 99 ": 99.0, "12 %": 12.0, "+3e2": 300.0, "n/a": np.nan}


@pytest.mark.slow
def test_numbers_of_all_types_stand_in_the_order_asked_for(transformed: Transformed) -> None:
    found = transformed(ROWS)["numbers"]
    for place, name in enumerate(NUMBERS):
        values = [PRICES.get(row[name], row[name]) for row in ROWS]
        expected = [np.nan if value is None else value for value in values]
        np.testing.assert_allclose(found[:, place], expected, rtol=1e-6, err_msg=name)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("-1.5", -1.5),
        ("1,234,567", 1234567.0),
        ("€ 1,000", 1000.0),
        ("\u00a05\u00a0", 5.0),
        (".5", 0.5),
        ("1e-3", 0.001),
        ("3,14", np.nan),
        ("1,2345", np.nan),
        ("12-34", np.nan),
        ("1e999", np.nan),
        ("inf", np.nan),
        ("nan", np.nan),
        ("0x10", np.nan),
        ("", np.nan),
        ("-", np.nan),
        ("12 km", np.nan),
    ],
)
def test_text_is_a_number_or_missing(text: str, number: float) -> None:
    found = numbers({"a": tf.constant([text])}, ("a",)).numpy()
    np.testing.assert_allclose(found, [[number]], rtol=1e-6)


def test_no_column_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"Expected: the name of a column"):
        numbers({}, ())


@pytest.mark.slow
def test_ranks_are_the_shares_of_the_rows_below(transformed: Transformed) -> None:
    rows = transformed(ROWS)
    for place, name in enumerate(NUMBERS[:3]):
        values = rows["numbers"][:, place]
        there = ~np.isnan(values)
        # Values that are equal share the mean of their ranks.
        expected = (rankdata(values[there]) - 1) / (there.sum() - 1)
        found = rows["ranks"][there, place]
        assert np.abs(found - expected).max() < 0.02, name
        assert (rows["ranks"][~there, place] == -1).all()


@pytest.mark.slow
def test_a_column_without_any_value_has_no_ranks(transformed: Transformed) -> None:
    assert (transformed(ROWS)["ranks"][:, NUMBERS.index("empty")] == -1).all()


@pytest.mark.slow
def test_ranks_grow_with_the_values_and_end_at_0_and_1(transformed: Transformed) -> None:
    place = NUMBERS.index("size (m²)")
    sizes = np.concatenate([[-1e30], np.geomspace(1e-3, 1e6, 200), [3e38]])
    ranks = transformed([{**NOTHING, "size (m²)": float(size)} for size in sizes])["ranks"]
    assert (np.diff(ranks[:, place]) >= 0).all()
    assert (ranks[0, place], ranks[-1, place]) == (0, 1)
    # Between two quantiles there is a rank for every number.
    assert len(np.unique(ranks[:, place])) > 100 or QUANTILES < 100


@pytest.mark.slow
def test_values_that_many_rows_share_have_ranks_of_their_own(transformed: Transformed) -> None:
    counts = [0, 1, 2, 50]
    ranks = transformed([{**NOTHING, "count": count} for count in counts])["ranks"][:, 0]
    assert (np.diff(ranks) > 0.05).all()
