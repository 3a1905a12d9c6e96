"""The judged rows whose answers are furthest off, with their raw columns.

They are no metric, as no slice needs them: the first pass over the batches keeps the few rows, as
the examples that they came as, and only those of the end are read. Its value stands among the
metrics of all rows as JSON, so no threshold can be held against it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
import pyarrow as pa
from tensorflow_model_analysis import constants
from tensorflow_model_analysis.metrics import metric_types
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.utils import model_util, util
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components import tables  # noqa: F401  (makes Arrow safe)
from components.evaluation.batches import extracts
from components.evaluation.batches.chunk import Chunk, Seen, View

NAME = "worst_rows"
MOST_COLUMNS = 40
"""Of more columns the first ones by name are kept."""
LONGEST = 80
"""Characters of a value; of longer ones the beginning is kept."""


@dataclass(frozen=True)
class Wanted:
    """Which rows and columns are kept."""

    rows: int
    """At most so many, and at least one."""
    without: Sequence[str] = ()
    """Columns that are left out."""


class _Row(NamedTuple):
    loss: float
    """The absolute error, or by how much the predicted class scored above the right one."""
    example: bytes
    """The serialized example, which also makes the order of equal losses always the same."""
    label: float
    """The number, or that of the class."""
    answer: float
    """The predicted number, or that of the class with the highest score."""
    score: float
    """Of that class; NaN where the model predicts one number."""


class WorstRows(beam.PTransform):
    """Batches of TFMA's extracts to one pair of metric key and JSON; to none of no rows.

    Args:
        eval_config: TFMA's configuration.
        wanted: What is kept.
    """

    def __init__(self, eval_config: config_pb2.EvalConfig, wanted: Wanted) -> None:
        super().__init__()
        baseline = model_util.get_baseline_model_spec(eval_config)
        names = [spec.name for spec in eval_config.model_specs if spec != baseline]
        self._key = metric_types.MetricKey(NAME, model_name=names[0] if baseline else "")
        self._view = View.of(self._key, eval_config)
        self._wanted = wanted

    def expand(self, batches: beam.PCollection) -> beam.PCollection:
        """Gives the rows with the largest loss."""
        rows = self._wanted.rows
        return (
            batches
            | "WorstOfBatch" >> beam.FlatMap(_worst, self._view, rows)
            | "WorstOfAll" >> beam.combiners.Top.Largest(rows)
            | "WithColumns" >> beam.Map(_with_columns, self._key, self._wanted.without)
        )


def _worst(batch: Mapping[str, Any], view: View, most: int) -> Iterator[_Row]:
    examples = batch.get(constants.INPUT_KEY)
    standard = metric_types.StandardMetricInputsPreprocessor().include_filter
    inputs = extracts.of_rows(util.include_filter(standard, batch))
    seen = Chunk(inputs, np.empty((0, 0))).seen(view)
    if examples is None or seen is None:
        return
    examples = np.ravel(np.asarray(examples, dtype=object))
    losses, labels, answers, scores = _judged(seen)
    known = np.flatnonzero(np.isfinite(losses))
    for row in known[np.argsort(losses[known])[::-1][:most]]:
        yield _Row(
            float(losses[row]),
            examples[row],
            float(labels[row]),
            float(answers[row]),
            float(scores[row]),
        )


def _judged(seen: Seen) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """[rows] each: the losses, NaN where a row has none; labels, answers, and answers' scores."""
    labels, scores = seen.labels.astype(float), seen.predictions.astype(float)
    nothing = np.full(len(labels), np.nan)
    if scores.shape[1] == 1:
        if labels.shape[1] > 1:
            return nothing, nothing, nothing, nothing
        return abs(labels - scores)[:, 0], labels[:, 0], scores[:, 0], nothing
    classes = seen.classes()
    if classes is None:
        return nothing, nothing, nothing, nothing
    rows = np.arange(len(classes))
    classes = np.nan_to_num(classes, nan=-1)
    known = (classes >= 0) & (classes < scores.shape[1]) & np.isfinite(scores).all(axis=1)
    classes = np.where(known, classes, 0).astype(int)
    answers = scores.argmax(axis=1)
    losses = scores[rows, answers] - scores[rows, classes]
    wrong = known & (answers != classes)
    return np.where(wrong, losses, np.nan), classes, answers, scores[rows, answers]


def _with_columns(
    rows: Sequence[_Row], key: metric_types.MetricKey, without: Sequence[str]
) -> tuple[metric_types.MetricKey, bytes]:
    columns = _columns([row.example for row in rows])
    names = sorted(set(columns) - set(without))
    values = {name: columns[name].to_pylist() for name in names[:MOST_COLUMNS]}
    value = {
        "columns": len(names),
        "rows": [
            {
                "label": f"{row.label:.7g}",
                "answer": f"{row.answer:.7g}",
                "score": None if np.isnan(row.score) else round(row.score, 4),
                "values": {name: _shown(its[place]) for name, its in values.items() if its[place]},
            }
            for place, row in enumerate(rows)
        ],
    }
    return key, json.dumps(value, separators=(",", ":")).encode()


def _columns(examples: Sequence[bytes]) -> dict[str, pa.Array]:
    """The columns of serialized examples in which any has a value, [rows] of lists or null."""
    if not examples:
        return {}
    # A table may have thousands of columns, of which few are shown: this reads them all at once.
    table = ExamplesToRecordBatchDecoder().DecodeBatch(examples)
    return {
        name: column
        for name, column in zip(table.schema.names, table.columns, strict=True)
        if not pa.types.is_null(column.type) and len(column.flatten())
    }


def _shown(values: Sequence[bytes | int | float]) -> str:
    # Of a list no more is read than can be shown.
    return _cut(", ".join(map(_text, values[: LONGEST + 1])))


def _text(value: bytes | int | float) -> str:
    if isinstance(value, bytes):
        # A character is at most four bytes.
        return value[: 4 * (LONGEST + 1)].decode(errors="replace")
    return f"{value:.7g}" if isinstance(value, float) else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
