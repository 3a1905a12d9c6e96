"""`runs/<run id>/details.json`: what a run found, too large for `run.json`.

Distributions of the data, tuner trials, training curves and plots of the evaluation. The process
that runs the pipeline writes it, whole, whenever something is added; it grows while a run trains.
"""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pydantic
from pydantic import BaseModel, ConfigDict

from models.common.errors import RunError
from models.common.files import regular_file
from pipeline.config import project
from pipeline.record import redaction, run_folder
from pipeline.record.atomic_file import write_whole
from pipeline.record.redaction import Redactor

_LARGEST = 512 * 2**20
"""Bytes of the file; a table of 5,000 columns has some tens of MB."""
_FEW = 200
"""With more features the file is written without indentation, and without what a feature has not:
these would be most of it."""
_EVAL = "val_"
LOGGED = {"training": "logged", "tuning": "logged_in_trials"}
"""The key of what the model's code has logged, by what has called it."""


class _Part(BaseModel):
    model_config = ConfigDict(
        extra="forbid", validate_assignment=True, use_attribute_docstrings=True
    )


class Bucket(_Part):
    """A part of a histogram."""

    low: float
    high: float
    count: float
    """TFDV estimates counts, so they need not be whole."""


class TopValue(_Part):
    """A frequent value of a categorical feature."""

    value: str
    count: float


class SplitFeature(_Part):
    """One feature in one split."""

    rows: int
    missing: int
    """Rows that have no value."""
    values: int | None = None
    """Values in all of the rows, where a row may have several; None where it has one at most."""
    mean: float | None = None
    std: float | None = None
    min: float | None = None
    median: float | None = None
    max: float | None = None
    zeros: int | None = None
    """Values that are 0; None for a categorical feature."""
    unique: int | None = None
    """Distinct values of a categorical feature."""
    histogram: list[Bucket] = []
    """Ten buckets of equal width, of a numeric feature."""
    quantiles: list[Bucket] = []
    """About ten buckets of about equal count, of a numeric feature; each edge is there once."""
    top: list[TopValue] = []
    """The most frequent values of a categorical feature, most frequent first."""


class Drift(_Part):
    """How far a feature's training split is from that of the previous run."""

    measure: Literal["PSI", "L-infinity"]
    """The population stability index (numeric), or the largest difference of a share."""
    value: float
    expected: float
    """What two samples of the same data of these sizes stay below, 19 times out of 20."""


class Feature(_Part):
    """One column of the data."""

    name: str
    type: Literal["int", "float", "string"]
    splits: dict[str, SplitFeature]
    drift: Drift | None = None


class Trial(_Part):
    """One set of hyperparameters that the Tuner tried."""

    number: int
    """From 1."""
    hyperparameters: dict[str, Any]
    objective: str
    score: float | None
    """The objective's best value over the epochs; None where the trial failed."""
    seconds: float | None
    """None where the search comes from the cache."""
    best: bool = False


class Curve(_Part):
    """One metric over the epochs of the final training."""

    metric: str
    """Such as `loss`; the same name for both splits."""
    split: Literal["train", "eval"]
    values: list[float | None]
    """After each epoch, the first epoch first; None where it is not finite."""


class LoggedSeries(_Part):
    """Numbers that the model's code has logged under one name."""

    name: str
    trial: int | None = None
    """The trial of the search that logged them; None: the final training."""
    logged: int
    """So many were logged. Of many, `points` has every second, fourth ... and the last."""
    points: list[tuple[float, float | None]]
    """Pairs of step and value, by rising steps; None where the value was not finite."""


class LoggedImage(_Part):
    """An image that the model's code has logged."""

    name: str
    trial: int | None = None
    """The trial of the search that logged it; None: the final training."""
    step: float
    png: str
    """The image as a PNG file, in base 64."""


class LogWarning(_Part):
    """What was logged and could not be kept."""

    headline: str
    detail: str


class Logged(_Part):
    """What the model's code has logged of its own, by `models.common.tracking`."""

    series: list[LoggedSeries] = []
    images: list[LoggedImage] = []
    warnings: list[LogWarning] = []


class RocPoint(_Part):
    """One threshold of a binary classifier."""

    threshold: float
    false_positive_rate: float
    true_positive_rate: float
    precision: float | None


class CalibrationBin(_Part):
    """The rows whose prediction is in one range."""

    low: float
    high: float
    count: float
    prediction: float
    """Their mean prediction."""
    label: float
    """Their mean label."""


class Confusion(_Part):
    """How often each class of rows was predicted as each class."""

    classes: list[str]
    counts: list[list[float]]
    """One list for each actual class, with a count for each predicted class."""


class LabelSpread(_Part):
    """The labels of a regression."""

    mean: float
    std: float
    median: float
    mean_distance: float
    """From the median, on average."""


class Mistake(_Part):
    """A row of images that the model took for another class."""

    label: str
    """The right class."""
    predicted: str
    """The class with the highest score."""
    score: float
    """That score."""
    png: str
    """The image as a PNG file, in base 64."""


class Mistakes(_Part):
    """What a classifier of images got wrong in the test split."""

    column: str
    """The raw column with the images."""
    wrong: int
    """Rows with another class than their own."""
    undrawn: int = 0
    """Those of them whose column holds no image."""
    rows: list[Mistake] = []
    """The worst of them, the first the worst."""


class WorstRow(_Part):
    """A row of the test split that the model's answer is far off."""

    label: str
    """The right class, or number."""
    answer: str
    """The class with the highest score, or the predicted number."""
    score: float | None = None
    """The score of that class; None of a regression."""
    values: dict[str, str]
    """By raw column, cut where they are long; columns without a value are not there."""


class WorstRows(_Part):
    """The rows of a table that the model's answers are furthest off."""

    columns: int
    """So many the rows have; of many the first ones by name are kept."""
    rows: list[WorstRow] = []
    """The first the worst: the wrong class with the highest score, or the largest absolute
    error."""


class Plots(_Part):
    """What the test split shows of the model beyond single numbers, over all rows."""

    rows: int | None = None
    """Rows that this is of: a random sample where the test split is large."""
    roc: list[RocPoint] = []
    calibration: list[CalibrationBin] = []
    """Of a binary classifier; of a regression, mean label against mean prediction in ranges of
    the prediction."""
    residuals: list[Bucket] = []
    """Histogram of label minus prediction, of a regression."""
    confusion: Confusion | None = None
    labels: LabelSpread | None = None
    """Of a regression."""
    mistakes: Mistakes | None = None
    worst_rows: WorstRows | None = None


class RunDetails(_Part):
    """The content of `details.json`."""

    version: Literal[1] = 1
    run: str
    drift_from: str | None = None
    """The earlier run that `drift` compares with."""
    features: list[Feature] = []
    trials: list[Trial] = []
    curves: list[Curve] = []
    logged: Logged = Logged()
    """In the final training."""
    logged_in_trials: Logged = Logged()
    """In the search; nothing where it comes from the cache."""
    plots: Plots = Plots()


def add_epoch(details: RunDetails, metrics: Mapping[str, float]) -> None:
    """Adds one epoch to the curves.

    Args:
        details: What to add to.
        metrics: Values by Keras' names, where those of the validation data begin with `val_`.
    """
    curves = {(curve.metric, curve.split): curve for curve in details.curves}
    for name, value in metrics.items():
        metric = name.removeprefix(_EVAL)
        split: Literal["train", "eval"] = "train" if metric == name else "eval"
        curve = curves.get((metric, split))
        if curve is None:
            curve = Curve(metric=metric, split=split, values=[])
            details.curves.append(curve)
        curve.values.append(value if math.isfinite(value) else None)


def set_logged(
    details: RunDetails, during: Literal["training", "tuning"], logged: Mapping[str, Any]
) -> None:
    """Takes over all that the model's code has logged so far.

    Args:
        details: What to add to.
        during: Where it has.
        logged: As JSON of `Logged`.
    """
    setattr(details, LOGGED[during], Logged.model_validate(logged))


def write(details: RunDetails, runs: Path = project.RUNS, redactor: Redactor | None = None) -> None:
    """Writes `details.json` whole, readable by its owner alone.

    Args:
        details: What is written.
        runs: The folder of all runs.
        redactor: Hides secrets, by default those of the environment.

    Raises:
        RunError: The run folder cannot be written.
    """
    few = len(details.features) <= _FEW
    indent = 1 if few else None
    hide = redactor or redaction.redactor()
    # One by one: the features of a wide table are large, and stay while a network trains.
    parts = [
        _without_secrets(
            details.model_dump_json(
                indent=indent, include={name}, exclude_defaults=name == "features" and not few
            ),
            hide,
            indent,
        )
        for name in RunDetails.model_fields
    ]
    text = ",".join(part.strip()[1:-1].rstrip() for part in parts)
    end = "\n}\n" if indent else "}\n"
    write_whole(_path(details.run, runs), "{" + text + end, private=True)


@functools.lru_cache(maxsize=len(RunDetails.model_fields))
def _without_secrets(part: str, hide: Redactor, indent: int | None) -> str:
    tree = json.loads(part)
    cleaned = hide.tree(tree)
    return part if cleaned == tree else json.dumps(cleaned, indent=indent, ensure_ascii=False)


def read(run_id: str, runs: Path = project.RUNS) -> RunDetails:
    """Reads one run's details; empty where the run had not come so far.

    Raises:
        RunError: The file is not readable.
    """
    path = _path(run_id, runs)
    try:
        return RunDetails.model_validate_json(regular_file.read(path, _LARGEST))
    except FileNotFoundError:
        return RunDetails(run=run_id)
    except (OSError, pydantic.ValidationError) as error:
        raise RunError(
            f"{path} is not readable",
            f"Received: {error.strerror}."
            if isinstance(error, OSError)
            else str(error).splitlines()[0],
            "Remove the file if you do not need it; run.json has the key figures.",
        ) from error


def _path(run_id: str, runs: Path) -> Path:
    return run_folder.path(run_id, runs) / run_folder.DETAILS
