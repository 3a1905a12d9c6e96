"""The room's exception."""

from __future__ import annotations

import pickle

from monitoring.core.errors import MonitoringError


def test_it_says_what_is_wrong_what_was_found_and_what_to_do() -> None:
    error = MonitoringError("a", "b", "c")
    assert str(error) == "a\nb\nc" and str(MonitoringError("a", remedy="c")) == "a\nc"
    again = pickle.loads(pickle.dumps(error))
    assert (again.headline, again.detail, again.remedy) == ("a", "b", "c")
