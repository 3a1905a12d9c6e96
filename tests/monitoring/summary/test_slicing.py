"""Which rows are in which slices; test_summarizing.py has slices by numbers and lists."""

from __future__ import annotations

from monitoring.summary.counts import values_of
from monitoring.summary.slicing import rows_of_slices
from tests.monitoring.trip_profile import profile


def test_rows_of_slices() -> None:
    one = profile()
    values = {"company": values_of(one.features["company"], ["A", None, "B", "A", 7])}
    assert rows_of_slices(one, values, 5)["company=A"].tolist() == [True, False, False, True, False]
    assert not rows_of_slices(one, {}, 5)["company=A"].any()
    assert rows_of_slices(one, values, 5)["company=A"].shape == (5,)
