"""Metrics of rows twice: by TFMA row by row, and by batches."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from google.protobuf import json_format
from google.protobuf.message import Message
from hypothesis import strategies as st
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.evaluators import metrics_plots_and_validations_evaluator as tfma
from tensorflow_model_analysis.metrics import metric_specs, metric_types
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.utils import util

from components.evaluation.batches import extracts
from components.evaluation.batches.combining import Batch, BatchCombineFn

Asked = tuple[str, Mapping[str, Any]]
"""A metric's class and options."""
SAMPLES = 1


@functools.cache
def computations(asked: str, *, weighted: bool) -> Any:
    """TFMA's computations of metrics, and what is derived from them.

    Args:
        asked: The metrics as JSON.
        weighted: Whether rows have weights.
    """
    configs = [
        config_pb2.MetricConfig(
            class_name=name, config=json.dumps({"name": f"{name} {number}", **options})
        )
        for number, (name, options) in enumerate(json.loads(asked))
    ]
    model = config_pb2.ModelSpec(label_key="y", example_weight_key="w" if weighted else "")
    settings = config_pb2.EvalConfig(model_specs=[model])
    specs = [config_pb2.MetricsSpec(metrics=configs)]
    return tfma._filter_and_separate_computations(
        metric_specs.to_computations(specs, eval_config=settings)
    )


def batch(labels: Any, predictions: Any, weights: Any = None) -> dict[str, Any]:
    """Rows as TFMA's extractors give them."""
    found = {constants.LABELS_KEY: labels, constants.PREDICTIONS_KEY: predictions}
    return found if weights is None else {**found, constants.EXAMPLE_WEIGHTS_KEY: weights}


def by_batches(
    asked: Sequence[Asked], rows: Mapping[str, Any], cuts: Sequence[int], draws: np.ndarray
) -> list[dict[str, Any]]:
    """The metrics of all rows and of each sample, of batches that are merged in two parts."""
    found = computations(json.dumps(asked), weighted=constants.EXAMPLE_WEIGHTS_KEY in rows)
    combiner = BatchCombineFn(found.non_derived_computations, draws.shape[1])
    combiner.setup()
    parts = [combiner.create_accumulator() for _ in range(3)]
    inputs = extracts.of_rows(rows)
    for number, piece in enumerate(np.split(np.arange(len(draws)), sorted(cuts))):
        taken = Batch(extracts.take(inputs, piece), draws[piece])
        parts[number % 2] = combiner.add_input(parts[number % 2], taken)
    merged = combiner.merge_accumulators(combiner.compact(part) for part in reversed(parts))
    return [
        _named(values, found.derived_computations) for values in combiner.extract_output(merged)
    ]


def by_tfma(asked: Sequence[Asked], rows: Mapping[str, Any], times: np.ndarray) -> dict[str, Any]:
    """The metrics as TFMA has them, of each row as often as it is told."""
    found = computations(json.dumps(asked), weighted=constants.EXAMPLE_WEIGHTS_KEY in rows)
    combiner = tfma._ComputationsCombineFn(found.non_derived_computations)
    combiner.setup()
    accumulator = combiner.create_accumulator()
    for row, often in zip(util.split_extracts(rows), times, strict=True):
        element = {
            tfma._COMBINER_INPUTS_KEY: [None] * len(found.non_derived_computations),
            tfma._DEFAULT_COMBINER_INPUT_KEY: [metric_types.StandardMetricInputs(row)],
        }
        for _ in range(often):
            accumulator = combiner.add_input(accumulator, element)
    return _named(combiner.extract_output(accumulator), found.derived_computations)


def _named(values: Mapping[Any, Any], derived: Sequence[Any]) -> dict[str, Any]:
    found = dict(values)
    for computation in derived:
        found.update(computation.result(found))
    return {key.name: value for key, value in found.items() if not key.name.startswith("_")}


def check_same(asked: Sequence[Asked], rows: Mapping[str, Any], drawn: Drawn) -> None:
    """Compares both of all rows and of each sample."""
    cuts, draws = drawn
    ours = by_batches(asked, rows, cuts, draws)
    every = [np.ones(len(draws), int), *draws.T]
    for sample, (values, times) in enumerate(zip(ours, every, strict=True)):
        try:
            theirs = by_tfma(asked, rows, times)
        except TypeError:  # Of TFMA 0.52 and NumPy 2 where nothing has a weight.
            continue
        except IndexError:  # Of the best k of several classes, there too.
            weights = np.ravel(rows.get(constants.EXAMPLE_WEIGHTS_KEY, np.ones(len(times))))
            assert not (times * weights).any()
            continue
        assert values.keys() == theirs.keys()
        for name, value in theirs.items():
            found, expected = dict(numbers(values[name])), dict(numbers(value))
            assert found.keys() == expected.keys(), (sample, name)
            np.testing.assert_allclose(
                list(found.values()), list(expected.values()), 1e-6, 1e-9, err_msg=name
            )


def numbers(value: Any, path: str = "") -> Iterator[tuple[str, float]]:
    """The numbers of a metric's value, which may be a structure, and where they stand."""
    if hasattr(value, "to_proto"):
        value = value.to_proto()
    if isinstance(value, Message):
        value = json_format.MessageToDict(value)
    if isinstance(value, Mapping):
        for key in sorted(value):
            yield from numbers(value[key], f"{path}.{key}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from numbers(each, f"{path}.{number}")
    elif isinstance(value, str) and value not in ("NaN", "Infinity", "-Infinity"):
        yield f"{path}={value}", math.nan
    else:
        for number, each in enumerate(np.ravel(np.asarray(value, float))):
            yield f"{path}.{number}", each


Drawn = tuple[list[int], np.ndarray]
"""Where batches end, and how often each row is in each sample."""


@st.composite
def drawn(draw: st.DrawFn, rows: int) -> Drawn:
    """Batches, of which some may be empty or of one row, and samples."""
    cuts = draw(st.lists(st.integers(0, rows), max_size=4))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return cuts, generator.poisson(1, (rows, SAMPLES)).astype(np.uint8)


def arrays(values: st.SearchStrategy[float], rows: int, width: int = 0) -> st.SearchStrategy[Any]:
    """Single precision, [rows, width]; [rows] for a width of 0."""
    size = rows * max(width, 1)
    shape = (rows, width) if width else (rows,)
    listed = st.lists(values, min_size=size, max_size=size)
    return listed.map(lambda found: np.array(found, np.float32).reshape(shape))


def weights(rows: int) -> st.SearchStrategy[Any]:
    """None, or [rows], of which some are zero."""
    return st.none() | arrays(st.sampled_from([0.0, 0.5, 1.0, 3.0]), rows)
