"""StatisticsGen makes its histograms at once wherever it runs, not where a runner sees to it."""

from __future__ import annotations

from typing import Any

import pytest
from tensorflow_data_validation.utils import quantiles_util
from tfx.components.statistics_gen import executor

from components.wide_tables import histograms
from components.wide_tables.statistics_gen import Executor, StatisticsGen

pytestmark = pytest.mark.tfx


def test_histograms_are_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantiles_util, "generate_equi_width_histogram", "TFDV's")
    monkeypatch.setattr(quantiles_util, "_get_bin_weights", "TFDV's")
    monkeypatch.setattr(quantiles_util, "generate_quantiles_histogram", "TFDV's")
    found: list[Any] = []

    def do(*given: Any) -> None:
        found.append((quantiles_util.generate_equi_width_histogram, given[1:]))

    monkeypatch.setattr(executor.Executor, "Do", do)
    Executor().Do({}, {}, {"a": 1})
    assert found == [(histograms.equi_width_histogram, ({}, {}, {"a": 1}))]


def test_it_is_what_the_component_runs() -> None:
    assert StatisticsGen.EXECUTOR_SPEC.executor_class is Executor
