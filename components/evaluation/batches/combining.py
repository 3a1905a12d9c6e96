"""All metrics of a slice, from batches of its rows, with samples for confidence intervals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.evaluators import metrics_plots_and_validations_evaluator as tfma
from tensorflow_model_analysis.metrics import metric_types

from components.evaluation.batches import extracts
from components.evaluation.batches.chunk import Chunk
from components.evaluation.batches.kinds import statistic_of
from components.evaluation.batches.sums import Table

_MOST_ROWS = 8192
_MOST_NUMBERS = 2**16
"""Rows wait until there are so many, or so many numbers in their predictions."""


class Batch(NamedTuple):
    """Some rows of a slice."""

    inputs: Mapping[str, Any]
    """What metrics are given, as `extracts` has it."""
    draws: np.ndarray
    """[rows, samples]: how often each row is in each sample of a confidence interval."""


class _Partial:
    """What is known of some rows of a slice."""

    def __init__(self, metrics: int) -> None:
        self.waiting: list[Batch] = []
        self.numbers = 0
        """Of the rows that wait: how many, or how many numbers were predicted of them."""
        self.tables: list[Table | None] = [None] * metrics
        self.accumulators: list[list[Any] | None] = [None] * metrics
        """By metric the combiner's own partial result of each sample."""


class _Metric:
    """One computation of TFMA."""

    def __init__(self, computation: metric_types.MetricComputation, samples: int) -> None:
        self.combiner: Any = computation.combiner
        self.statistic = statistic_of(computation.combiner)
        self.samples = samples
        """With all rows, which are the first."""

    def add(self, partial: _Partial, number: int, chunk: Chunk, rows: _Rows) -> None:
        """Adds rows.

        Args:
            partial: To what.
            number: Of this metric.
            chunk: The rows.
            rows: The same, one by one.
        """
        sums = self.statistic.sums(chunk) if self.statistic else None
        if sums is not None:
            table = partial.tables[number] = partial.tables[number] or Table()
            table.add(sums)
            return
        partial.accumulators[number] = [
            self._added(accumulator, number, chunk, sample, rows)
            for sample, accumulator in enumerate(partial.accumulators[number] or self._new())
        ]

    def _added(self, before: Any, number: int, chunk: Chunk, sample: int, rows: _Rows) -> Any:
        if hasattr(self.combiner, "add_batch"):
            after = self.combiner.add_batch(before, chunk.sample(sample) if sample else chunk)
            if after is not None:
                return after
        for row, times in zip(rows.inputs(number), chunk.draws[:, sample].astype(int), strict=True):
            for _ in range(times):
                try:
                    before = self.combiner.add_inputs(before, row)
                except Exception as error:
                    raise RuntimeError(f"{self.combiner} failed with the row {row}") from error
        return before

    def _new(self) -> list[Any]:
        return [self.combiner.create_accumulator() for _ in range(self.samples)]

    def merge(self, partial: _Partial, number: int, other: _Partial) -> None:
        """Adds what is known of other rows, which is not to be used after."""
        table, its = partial.tables[number], other.tables[number]
        if table is None or its is None:
            partial.tables[number] = table or its
        else:
            table.merge(its)
        mine, theirs = partial.accumulators[number], other.accumulators[number]
        if mine is None or theirs is None:
            partial.accumulators[number] = mine or theirs
        else:
            partial.accumulators[number] = [
                self.combiner.merge_accumulators(iter(both))
                for both in zip(mine, theirs, strict=True)
            ]

    def results(self, partial: _Partial, number: int) -> list[dict[Any, Any]]:
        """The metric's values by key, for each sample."""
        sums = table.totals() if (table := partial.tables[number]) else None
        accumulators = partial.accumulators[number]
        if sums is None or self.statistic is None:
            return [self.combiner.extract_output(one) for one in accumulators or self._new()]
        if accumulators is None:
            return [
                self.statistic.result(sums.cells, sums.values[:, sample])
                for sample in range(self.samples)
            ]
        return [
            self.combiner.extract_output(
                self.combiner.merge_accumulators(
                    iter((self.statistic.accumulator(sums.cells, sums.values[:, sample]), one))
                )
            )
            for sample, one in enumerate(accumulators)
        ]


class _Rows:
    """Rows one by one, as TFMA prepares them for its combiners; only where one asks."""

    def __init__(self, preprocessor: beam.DoFn, inputs: Mapping[str, Any]) -> None:
        self._preprocessor = preprocessor
        self._inputs = inputs
        self._elements: list[Any] | None = None

    def inputs(self, metric: int) -> list[Any]:
        """What each row is to a metric's combiner."""
        if self._elements is None:
            self._elements = [
                element
                for row in extracts.one_by_one(self._inputs)
                for element in self._preprocessor.process(
                    {constants.SLICE_KEY_TYPES_KEY: (), **row}
                )
            ]
        own = [element[tfma._COMBINER_INPUTS_KEY][metric] for element in self._elements]
        return [
            element[tfma._DEFAULT_COMBINER_INPUT_KEY] if inputs is None else inputs
            for element, inputs in zip(self._elements, own, strict=True)
        ]


class BatchCombineFn(beam.CombineFn):
    """Batches of a slice's rows to the metrics of all rows, and of each sample.

    Args:
        computations: Of TFMA, those that are not derived from others.
        samples: How many samples of the rows there are beside all rows.
        without: Metrics that are not needed of the samples.
    """

    def __init__(
        self,
        computations: Sequence[metric_types.MetricComputation],
        samples: int,
        without: frozenset[metric_types.MetricKey] = frozenset(),
    ) -> None:
        self._samples = samples
        self._metrics = [
            _Metric(one, 1 if one.keys and without.issuperset(one.keys) else 1 + samples)
            for one in computations
        ]
        self._preprocessor = tfma._PreprocessorDoFn(list(computations))

    def setup(self) -> None:
        """Makes what cannot be sent to a worker."""
        self._preprocessor.setup()
        for metric in self._metrics:
            metric.combiner.setup()

    def create_accumulator(self) -> _Partial:
        """Nothing is known."""
        return _Partial(len(self._metrics))

    def add_input(self, partial: _Partial, batch: Batch) -> _Partial:
        """Notes rows, which are added up when there are enough."""
        rows = len(batch.draws)
        partial.waiting.append(batch)
        partial.numbers += max(
            rows * (_MOST_NUMBERS // _MOST_ROWS),
            _numbers(batch.inputs.get(constants.PREDICTIONS_KEY)),
        )
        if partial.numbers >= _MOST_NUMBERS:
            self._add_up(partial)
        return partial

    def merge_accumulators(self, partials: Iterable[_Partial]) -> _Partial:
        """What is known of the rows of several."""
        merged = self.create_accumulator()
        for partial in partials:
            self._add_up(partial)
            for number, metric in enumerate(self._metrics):
                metric.merge(merged, number, partial)
        return merged

    def compact(self, partial: _Partial) -> _Partial:
        """Adds up what waits, before it is sent."""
        self._add_up(partial)
        for table in partial.tables:
            if table:
                table.totals()
        return partial

    def extract_output(self, partial: _Partial) -> list[metric_types.MetricsDict]:
        """The metrics of all rows, and then of each sample those that have intervals."""
        self._add_up(partial)
        found: list[metric_types.MetricsDict] = [{} for _ in range(1 + self._samples)]
        for number, metric in enumerate(self._metrics):
            for sample, values in enumerate(metric.results(partial, number)):
                found[sample].update(values)
        return found

    def _add_up(self, partial: _Partial) -> None:
        for batch in _joined(partial.waiting):
            everyone = np.ones((len(batch.draws), 1))
            draws = np.concatenate([everyone, batch.draws], axis=1)
            chunks = {
                samples: Chunk(batch.inputs, draws[:, :samples])
                for samples in {metric.samples for metric in self._metrics}
            }
            rows = _Rows(self._preprocessor, batch.inputs)
            for number, metric in enumerate(self._metrics):
                metric.add(partial, number, chunks[metric.samples], rows)
        partial.waiting = []
        partial.numbers = 0


def _joined(batches: Sequence[Batch]) -> list[Batch]:
    """As few batches as there are forms of rows."""
    trees = [{"inputs": batch.inputs, "draws": batch.draws} for batch in batches]
    return [Batch(tree["inputs"], tree["draws"]) for tree in extracts.joined(trees)]


def _numbers(tree: Any) -> int:
    if isinstance(tree, Mapping):
        return sum(map(_numbers, tree.values()))
    return tree.size if isinstance(tree, np.ndarray) else 0
