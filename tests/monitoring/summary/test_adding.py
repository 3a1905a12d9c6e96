"""Adding summaries; tests of Summarizer have the property that any split gives the same."""

from __future__ import annotations

import pytest

from monitoring.summary.adding import added
from monitoring.summary.window_summary import FeatureSummary, WindowSummary


def window(**changes: object) -> WindowSummary:
    values = {"model": "m", "version": 1, "first": None, "last": None, **changes}
    return WindowSummary.model_validate(values)


@pytest.mark.parametrize("other", [{"model": "n"}, {"version": 2}])
def test_other_versions_are_not_added(other: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="cannot be added"):
        added(window(), window(**other))


def test_bins_of_another_profile_are_not_added() -> None:
    a, b = (window(features={"x": {"bins": bins}}) for bins in ([1, 2], [1, 2, 3]))
    with pytest.raises(ValueError, match="2 bins and 3"):
        added(a, b)


def test_a_window_without_anything_changes_nothing() -> None:
    full = window(rows=3, requests=2, sampled=0.5, features={"x": {"rows": 3, "bins": [1, 2]}})
    assert added(window(), full) == added(full, window()) == full


def test_of_unseen_values_the_most_frequent_stay() -> None:
    a, b = (
        window(features={"x": {"unseen": {f"{name}{n}": n for n in range(80)}}}) for name in "ab"
    )
    unseen = added(a, b).features["x"].unseen
    assert len(unseen) == 100
    assert min(unseen.values()) >= 29


def test_a_feature_that_only_one_has() -> None:
    both = added(window(features={"x": {"rows": 1}}), window(features={"y": {"rows": 2}}))
    assert both.features == {"x": FeatureSummary(rows=1), "y": FeatureSummary(rows=2)}
