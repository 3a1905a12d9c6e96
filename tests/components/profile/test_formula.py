"""The pipeline's copy of `monitoring.labels.formula`, which tests/monitoring tries at length."""

from __future__ import annotations

import numpy as np

from components.profile.formula import parse


def test_a_formula_of_columns_is_computed() -> None:
    columns = {"tips": np.array([2.0, 3.0]), "fare": np.array([10.0, 10.0])}
    assert parse("tips > 0.2 * fare").values(columns).tolist() == [False, True]
