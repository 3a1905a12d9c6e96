"""The node `Yardstick`: gradient boosting on the rows and columns of a model, judged as it is.

It tells whether the network is worth its place, and nothing depends on it: what fails in it is
told, and no run ends for it.
"""

import json
import time
import traceback
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow_transform as tft
from google.protobuf import json_format
from tensorflow_model_analysis.proto import config_pb2
from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import artifact_utils, standard_artifacts
from tfx.types.experimental.simple_artifacts import File
from tfx.utils import io_utils

from components.evaluation import judged_rows, keras_metric  # noqa: F401  (metrics)
from components.yardstick import judging
from components.yardstick.rows import Rows, Wanted, read
from models.common import examples
from models.common.errors import ProjectError
from models.common.labels import encoding

FILE = "yardstick.json"
"""What is written: a `Result` as JSON."""


@dataclass
class Result:
    """What gradient boosting reaches."""

    task: str = ""
    """What it predicts, as `components.yardstick.boosting.Task` calls it."""
    trees: int = 0
    """Iterations of boosting."""
    columns: int = 0
    """Columns that it uses."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Columns that the model reads and gradient boosting does not, with the reason."""
    notes: dict[str, str] = field(default_factory=dict)
    """How columns are used of which nobody would guess it."""
    rows: dict[str, int] = field(default_factory=dict)
    """Rows of each split that it is fitted to and judged on."""
    of: dict[str, int] = field(default_factory=dict)
    """Rows that these splits have."""
    values: list[tuple[str, str, float | None]] = field(default_factory=list)
    """Metric, slice, and value; None where it is not defined."""
    noise: dict[str, float | None] = field(default_factory=dict)
    """By metric half the width of its overall value's 95 % interval; None: not known."""
    not_computed: dict[str, str] = field(default_factory=dict)
    """Metrics that cannot be computed of its predictions, with the reason."""
    seconds: float = 0.0
    """How long reading, fitting and judging took."""
    failure: str | None = None
    """Why there is none; None: there is."""


@component
def Yardstick(  # noqa: N802
    examples: InputArtifact[standard_artifacts.Examples],
    transform_graph: InputArtifact[standard_artifacts.TransformGraph],
    inputs: Parameter[str],
    label: Parameter[str],
    weight: Parameter[str],
    slices: Parameter[str],
    metrics: Parameter[str],
    code: Parameter[str],
    packages: Parameter[str],
    result: OutputArtifact[File],
) -> None:
    """Fits gradient boosting to the training split, and judges it on the test split.

    Args:
        examples: The raw examples, in splits.
        transform_graph: What makes the label.
        inputs: JSON list of the columns that the model reads.
        label: The label among the outputs of preprocessing.
        weight: The column that says how much a row counts; empty: there is none.
        slices: JSON list of the features of each kind of slice.
        metrics: JSON list of `MetricsSpec`s.
        code: JSON object: hashes of the files that it depends on, by path, for the cache.
        packages: JSON object: versions of the packages that it depends on, for the cache.
        result: Where the `Result` goes, also where it could not be had.
    """
    wanted = Wanted(
        tuple(json.loads(inputs)),
        label,
        weight or None,
        tuple(tuple(names) for names in json.loads(slices)),
    )
    specs = [json_format.ParseDict(spec, config_pb2.MetricsSpec()) for spec in json.loads(metrics)]
    found = measured(examples, transform_graph.uri, wanted, specs)
    io_utils.write_string_file(f"{result.uri}/{FILE}", json.dumps(vars(found), indent=2))


def measured(
    raw: Any, transform_graph: str, wanted: Wanted, specs: list[config_pb2.MetricsSpec]
) -> Result:
    """What gradient boosting reaches, or why it reaches nothing.

    Args:
        raw: The artifact of the raw examples.
        transform_graph: The folder of the fitted preprocessing.
        wanted: What is read of each row.
        specs: The metrics.
    """
    began = time.monotonic()
    result = Result()
    try:
        _measure(result, raw, tft.TFTransformOutput(transform_graph), wanted, specs)
    except Exception as error:
        # Whatever it is, a model is neither better nor worse for it.
        traceback.print_exc()
        result.failure = _in_words(error)
    result.seconds = round(time.monotonic() - began, 3)
    return result


def _measure(
    result: Result,
    raw: Any,
    transform: tft.TFTransformOutput,
    wanted: Wanted,
    specs: list[config_pb2.MetricsSpec],
) -> None:
    """Fits and judges, and fills the result."""
    from components.yardstick import boosting  # Scikit-learn takes a second to import.

    train = _read(result, raw, "train", transform, wanted)
    test = _read(result, raw, "test", transform, wanted, judging.MOST_ROWS)
    labels = np.concatenate([train.label, test.label])
    labels = labels[np.isfinite(labels.reshape(len(labels), -1)).all(axis=1)]
    names = [metric.class_name for spec in specs for metric in spec.metrics]
    names += [_keras_class(metric) for spec in specs for metric in spec.metrics]
    task = boosting.task_of(labels, names, len(encoding.class_names(transform)))
    result.task = task.kind
    fitted = boosting.fit(train, task)
    result.trees, result.columns = fitted.trees, len(fitted.features.names)
    result.left_out, result.notes = fitted.features.left_out, fitted.features.notes
    whole = result.rows["test"] == result.of["test"]
    judged = judging.judge(specs, test, fitted.predict(test), wanted.slices if whole else ())
    result.values, result.noise = judged.values, judged.noise
    result.not_computed = judged.not_computed


def _read(
    result: Result,
    raw: Any,
    split: str,
    transform: tft.TFTransformOutput,
    wanted: Wanted,
    most: int | None = None,
) -> Rows:
    folder = artifact_utils.get_split_uri([raw], split)
    files = examples.files_of([io_utils.all_files_pattern(folder)])
    rows = read(files, transform, wanted, *([most] if most else []))
    result.rows[split], result.of[split] = len(rows.label), rows.of
    return rows


def _keras_class(metric: config_pb2.MetricConfig) -> str:
    """The class of a metric that TFMA computes by Keras; empty for another."""
    return str(json.loads(metric.config or "{}").get("class_name", ""))


def _in_words(error: Exception) -> str:
    if isinstance(error, ProjectError):
        return error.headline
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
