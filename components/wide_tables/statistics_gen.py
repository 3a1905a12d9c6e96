"""StatisticsGen: describes every column, with histograms that are made at once.

Where Beam has one worker in this process, each split is described in one step of it. The first is
described here, and the others at the same time in another process, where one waits.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx import types
from tfx.components.statistics_gen import component, executor
from tfx.components.util import examples_utils
from tfx.dsl.components.base import executor_spec
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils
from tfx.types import standard_component_specs as keys
from tfx.utils import io_utils

from components import another_process
from components.wide_tables import histograms, split_statistics
from components.wide_tables.in_process import runs_in_process
from components.wide_tables.patches import replaced
from models.common import examples as records


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
        in_one_step = runs_in_process(self._beam_pipeline_args or []) and _is_plain(
            input_dict, exec_properties
        )
        with _in_one_step() if in_one_step else contextlib.nullcontext():
            super().Do(input_dict, output_dict, exec_properties)


class StatisticsGen(component.StatisticsGen):
    """Describes the columns of each split."""

    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)


def _is_plain(inputs: dict[str, list[types.Artifact]], properties: dict[str, Any]) -> bool:
    """Whether all rows of examples in files are described, column by column."""
    examples = inputs.get(keys.EXAMPLES_KEY) or []
    options = properties.get(keys.STATS_OPTIONS_JSON_KEY)
    return (
        len(examples) == 1
        and not inputs.get(keys.SCHEMA_KEY)
        and not properties.get(keys.SHARDED_STATS_OUTPUT_KEY)
        and properties.get(keys.SAMPLE_RATE_BY_SPLIT_KEY) in (None, "null", "{}")
        and not examples[0].has_custom_property(examples_utils.CUSTOM_SPLIT_PATTERN_PROPERTY_NAME)
        and examples_utils.get_payload_format(examples[0])
        == example_gen_pb2.PayloadFormat.FORMAT_TF_EXAMPLE
        and split_statistics.can_describe(
            tfdv.StatsOptions.from_json(options) if options else tfdv.StatsOptions()
        )
    )


@contextlib.contextmanager
def _in_one_step() -> Iterator[None]:
    """Lets TFX's executor describe a split by a function of its files."""
    global _splits
    _splits = _Splits()
    with (
        replaced(executor.tfxio_utils, "get_split_tfxio", _Files),
        replaced(tfdv, "GenerateStatistics", _of_files),
    ):
        yield


class _Files:
    """What TFX's executor reads a split by: here its files' names, instead of their rows."""

    def __init__(self, examples: list[types.Artifact], split: str, **_: Any) -> None:
        folder = artifact_utils.get_split_uri(examples, split)
        self._names = records.files_of([io_utils.all_files_pattern(folder)])
        _splits.names.append(self._names)

    def BeamSource(self) -> beam.PTransform:  # noqa: N802
        """A list of the names, alone."""
        return beam.Create([self._names])


def _of_files(options: tfdv.StatsOptions) -> beam.PTransform:
    """From files' names to statistics."""
    return beam.Map(_described, options.to_json())


def _described(names: list[str], options: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    return _splits.described(names, options)


class _Splits:
    """The splits that a node describes. Beam copies what it is given, so a variable has them."""

    def __init__(self) -> None:
        self.names: list[list[str]] = []
        self._started: another_process.Started | None = None
        self._found: dict[tuple[str, ...], statistics_pb2.DatasetFeatureStatisticsList] = {}

    def described(
        self, names: list[str], options: str
    ) -> statistics_pb2.DatasetFeatureStatisticsList:
        """The statistics of the split with these files."""
        others = [one for one in self.names if one != names]
        self.names = []
        if others:
            self._started = another_process.start(_describe_each, others, options)
        elif self._started:
            with contextlib.suppress(another_process.Lost):
                self._found.update(self._started())
            self._started = None
        return self._found.pop(tuple(names), None) or _describe(names, options)


def _describe_each(
    splits: list[list[str]], options: str
) -> dict[tuple[str, ...], statistics_pb2.DatasetFeatureStatisticsList]:
    histograms.apply()
    return {tuple(names): _describe(names, options) for names in splits}


def _describe(names: list[str], options: str) -> statistics_pb2.DatasetFeatureStatisticsList:
    return split_statistics.describe(names, tfdv.StatsOptions.from_json(options))


_splits = _Splits()
