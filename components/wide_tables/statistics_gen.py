"""StatisticsGen: describes every column, with histograms that are made at once."""

from __future__ import annotations

from typing import Any

from tfx import types
from tfx.components.statistics_gen import component, executor
from tfx.dsl.components.base import executor_spec

from components.wide_tables import histograms


class Executor(executor.Executor):
    """Describes the examples as TFX does."""

    def Do(  # noqa: N802
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the statistics of each split."""
        histograms.apply()
        super().Do(input_dict, output_dict, exec_properties)


class StatisticsGen(component.StatisticsGen):
    """Describes the columns of each split."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)
