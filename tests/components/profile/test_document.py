"""The whole profile fits into its bytes, however many columns there are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from components.profile import distribution, document, features, format, metrics, outputs
from components.profile.features import Input
from components.profile.format import ReferenceProfile
from components.profile.reading import Column
from monitoring.profile import reference_profile

pytestmark = pytest.mark.tfx

RANDOM = np.random.default_rng(0)


def table(
    numbers: int, texts: int = 0, rows: int = 500, name: str = "column_{:04d}"
) -> tuple[ReferenceProfile, dict[str, Column]]:
    """A profile of so many columns, as fine as it comes, and the columns."""
    digits = document.digits(numbers + texts)
    ones = np.ones(rows, np.int64)
    columns, described = {}, {}
    for number in range(numbers + texts):
        key = name.format(number)
        if number < numbers:
            columns[key] = Column(RANDOM.standard_normal(rows).astype(np.float32), ones)
        else:
            words = [b"word %d" % n for n in RANDOM.integers(0, 300, rows)]
            columns[key] = Column(np.array(words, dtype=object), ones)
        of = Input("DT_FLOAT" if number < numbers else "DT_STRING", False)
        described[key] = features.feature(of, columns[key], False, digits)
    scores = {"p": RANDOM.dirichlet(np.ones(5), 400)}
    members = {f"day={n}": np.arange(400) < 60 + n for n in range(20)}
    profile = ReferenceProfile(
        model="m",
        run="r",
        made="2026-01-01T00:00:00+00:00",
        training_rows=rows,
        test_rows=400,
        features=described,
        outputs=outputs.describe(scores, None, np.zeros(400), members),
        slices={key: format.Slice({"day": key[4:]}, 1) for key in members},
        metrics={
            "AUC": format.Metric("AUC", 0.5, slices={k: format.SliceMetric(0.5) for k in members})
        },
    )
    return profile, columns


def check(found: ReferenceProfile) -> Any:
    text = format.to_json(found)
    assert len(text.encode()) <= document.MOST_BYTES
    return reference_profile.ReferenceProfile.model_validate_json(text)


@pytest.mark.parametrize(
    ("numbers", "texts", "edges"), [(3, 2, 13), (100, 20, 13), (300, 0, 5), (0, 400, 0)]
)
def test_a_profile_fits_with_every_value_accounted_for(
    numbers: int, texts: int, edges: int
) -> None:
    profile, columns = table(numbers, texts)
    found = check(document.fitted(profile, columns))
    assert (
        found.features.keys() == columns.keys() and found.outputs.keys() == profile.outputs.keys()
    )
    for one in found.features.values():
        if one.kind == "number":
            assert len(one.numbers.edges) >= edges and sum(one.numbers.counts) == 500
        else:
            assert one.kind == "category" and one.categories.counts
            assert sum(one.categories.counts.values()) + one.categories.other_rows == 500
    assert found.sample and len(next(iter(found.sample.values()))) >= 100


def test_a_few_columns_are_as_fine_as_can_be() -> None:
    profile, columns = table(10)
    plain = format.Output("p", 400, numbers=profile.outputs["p[0]"].numbers)
    profile = ReferenceProfile(**{**vars(profile), "outputs": {"p": plain}, "slices": {}})
    found = document.fitted(profile, columns)
    assert found.features == profile.features and found.outputs == profile.outputs
    assert len(found.sample) == 10 and len(found.sample["column_0000"]) == 500


@pytest.mark.parametrize("numbers", [0, 1, 30])
@pytest.mark.parametrize("level", range(len(distribution.LEVELS)))
def test_what_fits_is_told_to_the_byte(numbers: int, level: int) -> None:
    profile, _ = table(numbers, 1 if numbers == 30 else 0)
    beside = document._beside_features(profile, level)
    whole = replace(beside, features=document._coarser_features(profile, level))
    size = format.size(whole)
    assert document._fits(profile, level, size) and not document._fits(profile, level, size - 1)


@pytest.mark.slow
def test_two_thousand_columns_fit_with_their_quartiles() -> None:
    profile, columns = table(2_000, rows=100)
    found = check(document.fitted(profile, columns))
    kept = [one for one in found.features.values() if one.kind == "number"]
    assert all(len(one.numbers.edges) == 3 for one in kept) and len(kept) == 2_000
    assert len(found.features) == 2_000 and found.sample
    assert {one.rows for one in found.features.values()} == {100}


def test_what_does_not_fit_at_all_keeps_presence() -> None:
    profile, columns = table(300, rows=50, name="a column with a rather long name {:04d}")
    found = document.fitted(profile, columns, 70_000)
    assert format.size(found) <= 70_000
    kinds = [one.kind for one in found.features.values()]
    assert 0 < kinds.count("opaque") < 300 and kinds == sorted(kinds), "the first by name have more"


def test_the_levels_get_coarser() -> None:
    assert [len(level) for level in distribution.LEVELS] == [103, 27, 13, 5, 3, 3]
    assert metrics.MOST_SLICES <= 100
