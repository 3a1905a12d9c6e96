"""Categories by one vocabulary for all columns."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import tensorflow_transform as tft

from models.common.columns.categories import category_count
from tests.models.common.columns.conftest import CATEGORIES, NOTHING, RARE, ROWS, Transformed


def text(value: Any) -> str:
    """A value as the vocabulary has it."""
    return "" if value is None else str(value).strip().removesuffix(".0")


@pytest.mark.slow
def test_each_value_of_each_column_has_an_index_of_its_own(
    transformed: Transformed, fitted: tft.TFTransformOutput
) -> None:
    found = transformed(ROWS)["categories"]
    index: dict[tuple[str, str], int] = {}
    for place, name in enumerate(CATEGORIES):
        counts = Counter(text(row[name]) for row in ROWS)
        for row, number in zip(ROWS, found[:, place], strict=True):
            value = text(row[name])
            if counts[value] < RARE:
                assert number == place, value
            else:
                assert number >= len(CATEGORIES)
                assert index.setdefault((name, value), number) == number
    assert len(set(index.values())) == len(index)
    assert category_count(fitted, CATEGORIES) == len(CATEGORIES) + len(index)
    assert max(index.values()) == category_count(fitted, CATEGORIES) - 1


@pytest.mark.slow
def test_what_training_has_not_seen_is_the_columns_other_value(transformed: Transformed) -> None:
    unseen = {"colour": "puce\nor so", "code": 99, "level": 7.25}
    assert transformed([NOTHING | unseen])["categories"].tolist() == [[0, 1, 2]]


@pytest.mark.slow
def test_one_column_does_not_know_the_values_of_another(transformed: Transformed) -> None:
    found = transformed([NOTHING | {"colour": "1", "level": 2.0}])["categories"]
    assert found[0, 0] == 0
    assert found[0, 2] == 2


@pytest.mark.slow
def test_a_missing_value_is_a_category(transformed: Transformed) -> None:
    assert (transformed([NOTHING])["categories"] >= len(CATEGORIES)).all()
