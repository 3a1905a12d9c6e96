"""TFMA's evaluation with metrics of whole batches: its extractors and its evaluator.

The results are what TFMA's own evaluator gives: metrics and plots by slice, and their validation.
"""

from __future__ import annotations

import contextlib
import functools
import pickle
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow_model_analysis as tfma_api
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.api import model_eval_lib
from tensorflow_model_analysis.evaluators import (
    confidence_intervals_util,
    evaluator,
    metrics_validator,
    poisson_bootstrap,
)
from tensorflow_model_analysis.evaluators import metrics_plots_and_validations_evaluator as tfma
from tensorflow_model_analysis.extractors import extractor, slice_key_extractor, unbatch_extractor
from tensorflow_model_analysis.metrics import metric_specs, metric_types
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.utils import model_util, util

from components.evaluation import worst_rows
from components.evaluation.batches import extracts, tfma_parts
from components.evaluation.batches.combining import Batch, BatchCombineFn
from components.evaluation.batches.slices import SliceKey, Slices

_ROW_BY_ROW = {
    unbatch_extractor.UNBATCH_EXTRACTOR_STAGE_NAME,
    slice_key_extractor.SLICE_KEY_EXTRACTOR_STAGE_NAME,
}
"""TFMA's extractors that are left out."""
_SAMPLES = tfma._DEFAULT_NUM_BOOTSTRAP_SAMPLES


def extractors(**given: Any) -> list[extractor.Extractor]:
    """TFMA's extractors as far as they go by batches.

    Args:
        given: What `tfma.default_extractors` takes.
    """
    return [
        one for one in tfma_api.default_extractors(**given) if one.stage_name not in _ROW_BY_ROW
    ]


def evaluators(
    worst: worst_rows.Wanted | None = None,
    eval_shared_model: Any = None,
    eval_config: config_pb2.EvalConfig | None = None,
    schema: Any = None,
    compute_confidence_intervals: bool | None = False,
    min_slice_size: int = 1,
    serialize: bool = False,
    random_seed_for_testing: int | None = None,
    config_version: int | None = None,
) -> list[evaluator.Evaluator]:
    """What takes the place of `tfma.default_evaluators`, after `extractors`.

    Args:
        worst: Which of the rows with the largest loss are kept; TFMA does not give it.
        eval_shared_model: The model, or the candidate and the baseline.
        eval_config: TFMA's configuration, with its defaults.
        schema: Of the examples.
        compute_confidence_intervals: TFMA no longer reads it.
        min_slice_size: TFMA no longer reads it.
        serialize: TFMA no longer reads it.
        random_seed_for_testing: Makes the samples of confidence intervals others.
        config_version: TFMA no longer reads it.
    """
    assert eval_config is not None, "the Evaluator has one"
    return [
        evaluator.Evaluator(
            stage_name="EvaluateMetricsAndPlots",
            run_after=extractor.LAST_EXTRACTOR_STAGE_NAME,
            ptransform=Evaluate(eval_config, schema, random_seed_for_testing or 0, worst),
        )
    ]


@contextlib.contextmanager
def by_batches(worst: worst_rows.Wanted | None = None) -> Iterator[str]:
    """Within it TFX's Evaluator judges by batches; gives its `custom_extractors`.

    TFX lets one name the extractors and not the evaluators, for which TFMA is asked.

    Args:
        worst: Which of the rows with the largest loss are kept.

    Raises:
        RunError: This version of TFMA asks in another way.
    """
    theirs = model_eval_lib.default_evaluators
    ours = functools.partial(evaluators, worst)
    tfma_parts.check_parameters(theirs, ours)
    model_eval_lib.default_evaluators = ours
    try:
        yield f"{extractors.__module__}.{extractors.__name__}"
    finally:
        model_eval_lib.default_evaluators = theirs


class Evaluate(beam.PTransform):
    """Batches of extracts to metrics, plots and their validation.

    Args:
        eval_config: TFMA's configuration.
        schema: Of the examples.
        seed: Makes the samples of confidence intervals others.
        worst: Which of the rows with the largest loss are kept.
    """

    def __init__(
        self,
        eval_config: config_pb2.EvalConfig,
        schema: Any,
        seed: int = 0,
        worst: worst_rows.Wanted | None = None,
    ) -> None:
        super().__init__()
        self._config = eval_config
        self._schema = schema
        self._seed = seed
        self._worst = worst

    def expand(self, batches: beam.PCollection) -> dict[str, beam.PCollection]:
        """Gives the results by TFMA's names for them."""
        config = self._config
        specs = list(config.metrics_specs)
        found = tfma._filter_and_separate_computations(
            metric_specs.to_computations(specs, eval_config=config, schema=self._schema)
        )
        without = frozenset(
            metric_specs.metric_keys_to_skip_for_confidence_intervals(specs, eval_config=config)
        )
        samples = _SAMPLES if config.options.compute_confidence_intervals.value else 0
        baseline = model_util.get_baseline_model_spec(config)
        name = baseline.name if baseline else None
        results = (
            batches
            | "SliceBatches"
            >> beam.ParDo(
                _SliceBatches(config, found.non_derived_computations, samples, self._seed)
            )
            | "CombineMetricsPerSlice"
            >> beam.CombinePerKey(BatchCombineFn(found.non_derived_computations, samples, without))
            | "AddDerivedMetrics"
            >> beam.Map(_finished, found.derived_computations, name, samples, without)
        )
        if self._worst:
            found_worst = batches | "WorstRows" >> worst_rows.WorstRows(config, self._worst)
            results |= "AddWorstRows" >> beam.Map(_with_worst, beam.pvalue.AsIter(found_worst))
        kinds = {
            constants.METRICS_KEY: metric_types.MetricKey,
            constants.PLOTS_KEY: metric_types.PlotKey,
            constants.ATTRIBUTIONS_KEY: metric_types.AttributionsKey,
        }
        evaluation = {
            key: results | f"Filter({key})" >> beam.Map(tfma._filter_by_key_type, kind)
            for key, kind in kinds.items()
        }
        evaluation[constants.VALIDATIONS_KEY] = evaluation[
            constants.METRICS_KEY
        ] | "ValidateMetrics" >> beam.Map(metrics_validator.validate_metrics, config)
        return evaluation


class _SliceBatches(beam.DoFn):
    """Deals a batch out to its slices, and draws its rows for the samples."""

    def __init__(
        self,
        eval_config: config_pb2.EvalConfig,
        computations: Sequence[metric_types.MetricComputation],
        samples: int,
        seed: int,
    ) -> None:
        self._config = eval_config
        self._needed = _needed(computations)
        self._samples = samples
        self._seed = seed

    def setup(self) -> None:
        """Forgets the slices that another worker saw."""
        self._slices = Slices(self._config)

    def process(self, batch: Mapping[str, Any]) -> Iterable[tuple[SliceKey, Batch]]:
        """Gives each slice's rows."""
        count = util.batch_size(batch[constants.PREDICTIONS_KEY]) or 0
        inputs = extracts.of_rows(util.include_filter(self._needed, batch))
        draws = self._draws(inputs, count)
        for key, rows in self._slices.rows(batch, count).items():
            if len(rows) == count:
                yield key, Batch(inputs, draws)
            else:
                yield key, Batch(extracts.take(inputs, rows), draws[rows])

    def _draws(self, inputs: Mapping[str, Any], count: int) -> np.ndarray:
        """How often each row is in each sample: [rows, samples], by a Poisson distribution.

        All slices and both models see the same samples, so that their differences are not noise.
        The seed is from the rows, as workers must not draw the same for different ones.
        """
        if not self._samples:
            return np.zeros((count, 0), np.uint8)
        generator = np.random.default_rng([self._seed, zlib.crc32(pickle.dumps(inputs)), count])
        return generator.poisson(1, (count, self._samples)).astype(np.uint8)


def _needed(computations: Iterable[metric_types.MetricComputation]) -> dict[str, Any]:
    """What the computations read of a batch, as a filter of TFMA's; empty: all of it."""
    filters: dict[str, Any] = metric_types.StandardMetricInputsPreprocessor().include_filter
    for computation in computations:
        for one in computation.preprocessors:
            if type(one) is not metric_types.StandardMetricInputsPreprocessor:
                return {}
            filters = util.merge_filters(filters, one.include_filter)
    return filters


def _finished(
    of_slice: tuple[SliceKey, Sequence[metric_types.MetricsDict]],
    derived: Sequence[metric_types.DerivedMetricComputation],
    baseline: str | None,
    samples: int,
    without: frozenset[metric_types.MetricKey],
) -> tuple[SliceKey, metric_types.MetricsDict]:
    """The metrics of a slice with those that are derived, and with intervals.

    Args:
        of_slice: The slice, and the metrics of all rows, and of each sample.
        derived: What is computed of them.
        baseline: The name of the model that the candidate is compared with, if there is one.
        samples: How many samples there are.
        without: Metrics that have no interval.
    """
    slice_key, found = of_slice
    if not samples:
        return slice_key, _completed(found[0], derived, baseline)
    combiner = poisson_bootstrap._BootstrapSampleCombineFn(samples, without)
    accumulator = combiner.create_accumulator()
    for number, metrics in enumerate(found):
        completed = _completed(metrics, derived, baseline)
        sample = poisson_bootstrap._FULL_SAMPLE_ID + number
        accumulator = combiner.add_input(
            accumulator, confidence_intervals_util.SampleMetrics(completed, sample)
        )
    return slice_key, combiner.extract_output(accumulator)


def _with_worst(
    of_slice: tuple[SliceKey, metric_types.MetricsDict],
    worst: Iterable[tuple[metric_types.MetricKey, bytes]],
) -> tuple[SliceKey, metric_types.MetricsDict]:
    slice_key, metrics = of_slice
    return slice_key, metrics if slice_key else metrics | dict(worst)


def _completed(
    metrics: metric_types.MetricsDict,
    derived: Sequence[metric_types.DerivedMetricComputation],
    baseline: str | None,
) -> metric_types.MetricsDict:
    """The metrics with those derived of them and the differences to the baseline, without what TFMA
    keeps for itself."""
    found = dict(metrics)
    for computation in derived:
        found.update(computation.result(found))
    found = {key: value for key, value in found.items() if not tfma._is_private_metrics(key)}
    if baseline is None:
        return found
    differences = {
        key.make_diff_key(): value - found[its]
        for key, value in found.items()
        if key.model_name != baseline
        and not key.is_diff
        and tfma._is_metric_diffable(value)
        and (its := key.make_baseline_key(baseline)) in found
    }
    return found | differences
