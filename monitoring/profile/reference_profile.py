"""The format of `assets.extra/reference_profile.json` in a pushed version's folder.

Fields that a later release adds have a default, and the version stays: what a profile does not have
is not compared. Another version is another meaning of what there is.

All counts are exact, of the rows that `rows` says: a comparison has to know how sure the reference
itself is. Names of features are those of the serving signature's inputs.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from monitoring.core.record import Record, read

FILE = "assets.extra/reference_profile.json"


class Numbers(Record):
    """How numbers are distributed: counts between edges.

    Bin 0 is of values up to `edges[0]`, bin i of values above `edges[i - 1]` up to `edges[i]`, the
    last one of values above the last edge. Edges are quantiles of the reference, close together in
    the tails (0.001, 0.005, 0.01, 0.02, ..., 0.99, 0.995, 0.999), each once; a value that makes up
    much of the data is an edge.
    """

    edges: tuple[float, ...]
    """Ascending, distinct; empty where there was no value."""
    counts: tuple[int, ...]
    """One more than edges."""
    minimum: float | None = None
    """Null, and the ones below too, where there was no value, or where thousands of features leave
    no room for it."""
    maximum: float | None = None
    mean: float | None = None
    standard_deviation: float | None = None
    integers: bool = False
    """Whether every value was a whole number."""

    @model_validator(mode="after")
    def _fits(self) -> Numbers:
        if len(self.counts) != len(self.edges) + 1:
            raise ValueError(f"{len(self.edges)} edges, and {len(self.counts)} counts")
        if any(a >= b for a, b in zip(self.edges, self.edges[1:], strict=False)):
            raise ValueError("edges do not ascend")
        return self


class Categories(Record):
    """How often each value occurred. Values are text; whole numbers that are codes, as decimals."""

    counts: dict[str, int]
    """The most frequent values, at most 1,000 and 64 kB of them."""
    other_rows: int = 0
    """How many values were others."""
    other_values: int = 0
    """How many distinct values those were."""


class Feature(Record):
    """An input of the serving signature, as it was in the training split."""

    kind: Literal["number", "category", "opaque"]
    """Opaque: of which only presence and lengths are compared, such as encoded images."""
    dtype: str
    """Of the signature, such as `DT_FLOAT`."""
    rows: int
    """Rows that were looked at."""
    missing: int = 0
    """Rows of them without a value."""
    numbers: Numbers | None = None
    """Of all values; of a list, all of its values count."""
    categories: Categories | None = None
    lengths: Numbers | None = None
    """How many values a row has, where that may differ from row to row."""


class Calibration(Record):
    """What was true where the model said so, in the bins of the output's `Numbers`."""

    positives: tuple[int, ...]
    """For each bin, how many of its rows had the label (of that class); one for each count."""


class Output(Record):
    """A number that the model answers, as it was on the test split.

    Names: the signature's output; with `[class]` behind it where it has one number for each class,
    such as `probabilities[cat]` or `probabilities[3]`.
    """

    output: str
    """The signature's output."""
    position: int | None = None
    """Which of its numbers; null: it has one."""
    rows: int
    numbers: Numbers | None = None
    categories: Categories | None = None
    """Of an output that is text, such as a class name."""
    calibration: Calibration | None = None
    slices: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """For each slice with enough rows, by its name in `slices`: counts in the same bins."""


class TopScore(Record):
    """The score of the class that is answered, of a model with several, as on the test split."""

    output: str
    """The signature's output, with a score for each class."""
    classes: int
    """How many those are."""
    numbers: Numbers
    """Of each row's highest score."""
    right: tuple[int, ...]
    """For each bin, how many of its rows had that class as their label; one for each count."""

    @model_validator(mode="after")
    def _fits(self) -> TopScore:
        if len(self.right) != len(self.numbers.counts):
            raise ValueError(f"{len(self.numbers.counts)} counts, and {len(self.right)} right")
        return self


class Slice(Record):
    """A part of the rows: those where each of these features has that value."""

    of: dict[str, str]
    rows: int
    """Of the test split."""


class Metric(Record):
    """A metric of the Evaluator, on the test split, with the bounds of `config.yaml`."""

    metric: str
    """TFMA's or Keras' class, such as `AUC`."""
    settings: dict[str, str | int | float | bool | None] = Field(default_factory=dict)
    """Its arguments, such as `class_id`."""
    value: float | None
    lower: float | None = None
    """`at_least`; null: no bound."""
    upper: float | None = None
    """`at_most`."""
    better: Literal["higher", "lower"] | None = None
    slices: dict[str, SliceMetric] = Field(default_factory=dict)


class SliceMetric(Record):
    """The metric in a slice, and the bounds that hold there."""

    value: float | None
    lower: float | None = None
    upper: float | None = None


class Label(Record):
    """What is judged."""

    name: str
    task: Literal["binary", "multiclass", "regression", "other"]
    """Other: several labels at once, or outputs that are not judged by one number."""
    columns: tuple[str, ...]
    """The raw columns that only training data has, which a file of true labels carries."""
    formula: str | None = None
    """How the label follows from those and the features, such as `tips > 0.2 * fare`; null: it is
    the one column. From `monitoring.label` in `config.yaml`, checked on the test split."""
    classes: tuple[str, ...] = ()
    """Names of the classes, in the order of the output."""
    output: str | None = None
    """The output that is judged."""


class ReferenceProfile(Record):
    """What a pushed version was trained on, and how it answered."""

    version: Literal[1]
    """Of this format."""
    model: str
    run: str
    """The pipeline's run."""
    made: datetime
    training_rows: int
    """Of the training split; `Feature.rows` are those that were looked at."""
    test_rows: int
    features: dict[str, Feature]
    outputs: dict[str, Output]
    slices: dict[str, Slice] = Field(default_factory=dict)
    metrics: dict[str, Metric] = Field(default_factory=dict)
    """By the name that the report shows."""
    label: Label | None = None
    top_score: TopScore | None = None
    """Null: the label is none of several classes, or an earlier release wrote the profile."""
    sample: dict[str, tuple[float | int | str | None, ...]] = Field(default_factory=dict)
    """Rows of the training split by chance, as columns, for features of one value a row: at most
    1,000 rows and 100 kB."""


def read_profile(version_folder: Path) -> ReferenceProfile:
    """The profile of a pushed version.

    Raises:
        MonitoringError: It has none, or one of another format.
    """
    return read(
        version_folder / FILE,
        ReferenceProfile,
        "The reference profile",
        "Push the model again: python -m pipeline run MODEL writes a profile with each version.",
    )
