"""What this project says of the same windows."""

from __future__ import annotations

import numpy as np

from benchmarks.monitoring.scenarios import MISSING, Scenario
from monitoring.look.features import of_feature
from tests.monitoring.sampled import profile, window


def scores(scenario: Scenario) -> np.ndarray:
    """For each window, how little chance explains it: the logarithm of 1 / p over all its tests."""
    columns = [_column(scenario, values) for values in (scenario.reference, *scenario.windows)]
    trained = profile({"x": columns[0]})
    found = []
    for values in columns[1:]:
        seen = window(trained, {"x": values}).features["x"]
        tests = [each.p_value for each in of_feature("x", trained.features["x"], seen)]
        found.append(-np.log(max(1e-300, len(tests) * min(tests))))
    return np.array(found)


def _column(scenario: Scenario, values: np.ndarray) -> np.ndarray:
    if not scenario.category:
        return values
    return np.array([None if v == MISSING else str(int(v)) for v in values], dtype=object)
