"""The parts of dates, and the time since the first one of the training data."""

from __future__ import annotations

import numpy as np
import pytest

from models.common.columns.dates import dates
from tests.models.common.columns.conftest import NOTHING, ROWS, Transformed


def parts(found: np.ndarray) -> dict[str, np.ndarray]:
    """The numbers of each column of the table."""
    return {"day": found[:, :3], "at": found[:, 3:4], "seen": found[:, 4:]}


@pytest.mark.slow
def test_the_parts_of_each_column(transformed: Transformed) -> None:
    first = min(row["seen"] for row in ROWS if row["seen"] is not None)
    row = {"day": "1.3.2024", "at": 2330, "seen": first + 36 * 3600}
    found = parts(transformed([{**NOTHING, **row}])["dates"])
    # Of a leap year; Friday; 46 days after the first.
    assert found["day"].tolist() == [[46, 60, 4]]
    assert found["at"].tolist() == [[23.5]]
    # 2023-11-14 22:13:20 and 36 hours or a few more, as the first may be missing.
    elapsed, of_year, weekday, hour = found["seen"][0]
    assert elapsed == 1.5
    assert (of_year, weekday) == (319, 3)
    assert hour == pytest.approx(10 + 13 / 60 + 20 / 3600 + (first - 1_700_000_000) / 3600)


@pytest.mark.slow
def test_text_in_no_format_and_nothing_are_missing(transformed: Transformed) -> None:
    for day in ("soon", None, "2024-02-30"):
        assert np.isnan(transformed([{**NOTHING, "day": day}])["dates"]).all()


@pytest.mark.slow
def test_a_time_before_the_first_is_negative(transformed: Transformed) -> None:
    assert transformed([{**NOTHING, "day": "2024-01-14"}])["dates"][0, 0] == -1


def test_no_column_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"Expected: a column of dates"):
        dates({}, {})
