"""From which effect a difference matters."""

from __future__ import annotations

import pytest

from monitoring.core.errors import MonitoringError
from monitoring.core.settings import Settings
from monitoring.look.floors import check, matters_from


@pytest.mark.parametrize(
    ("given", "test", "statistic", "floor"),
    [
        ({}, "distribution", "PSI", 0.1),
        ({}, "missing", "share", 0.02),
        ({}, "unseen", "share", 0.01),
        ({"PSI": 0.2}, "distribution", "PSI", 0.2),
        ({"PSI": 0.2}, "lengths", "PSI", 0.2),
        ({"share": 0.3}, "unseen", "share", 0.3),
        ({"share": 0.3, "unseen": 0.4}, "unseen", "share", 0.4),
        ({"missing": 0.3}, "tail", "share", 0.02),
        ({"AUC": 0.7}, "classifier", "AUC", 0.7),
    ],
)
def test_the_test_comes_before_the_statistic(
    given: dict[str, float], test: str, statistic: str, floor: float
) -> None:
    settings = Settings(matters_from=given)
    check(settings)
    assert matters_from(settings, test, statistic) == floor


def test_an_unknown_key_is_named_with_those_that_are_known() -> None:
    with pytest.raises(MonitoringError) as caught:
        check(Settings(matters_from={"Psi": 0.2}))
    assert "matters_from.Psi" in caught.value.headline
    assert "L-infinity, PSI" in caught.value.detail
