"""From which effect a difference matters."""

from __future__ import annotations

from typing import get_args

import pytest

from monitoring.core.settings import Difference, Settings
from monitoring.look import comparison
from monitoring.look.floors import STATISTICS, TESTS, matters_from


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
    settings = Settings.model_validate({"matters_from": given})
    assert matters_from(settings, test, statistic) == floor


def test_the_settings_know_each_statistic_and_each_test() -> None:
    tests = get_args(comparison.Test)
    assert {*get_args(Difference)} == {*STATISTICS, *TESTS, *tests}
    assert {*TESTS} < {*tests}
