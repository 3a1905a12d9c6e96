"""What a model's `config.yaml` may say: every section, key, type, default and limit.

The docstring under a key is also what a person reads when the key is missing, so each says what
the key is for. `docs/configuration.md` describes them at length.
"""

from __future__ import annotations

import codecs
import contextlib
import itertools
import re
from typing import Annotated, Any, Literal

import pydantic
from pydantic import BeforeValidator, Field

from components.bigquery import address as bigquery
from components.evaluation.slice_names import SliceKey
from components.profile import formula
from components.profile.formula import FormulaError
from pipeline.config import slice_bounds
from pipeline.config.base import Bound, Count, Section, Text, not_a_boolean, refuse
from pipeline.config.target_schema import Beam, ModelTarget, PlatformName


def _name_is_a_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


ColumnName = Text
Slice = Annotated[tuple[ColumnName, ...], Field(min_length=1), BeforeValidator(_name_is_a_list)]


def _number_is_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Span = Annotated[Text, BeforeValidator(_number_is_text)]


class Spans(Section):
    """Which spans to read, where `data.path` has placeholders of them."""

    latest: Count | None = None
    """So many, the latest of those that are there; null: all."""
    start: Span | None = None
    """None before this number or date; null: from the first."""
    end: Span | None = None
    """None after this number or date; null: to the last."""


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):
        refuse("expected text or a number (in quotes, if YAML takes it for a boolean)")
    return str(value) if isinstance(value, int | float) else value


MissingMark = Annotated[Text, BeforeValidator(_as_text)]


class Data(Section):
    """Where the examples are and how to read them."""

    path: Text
    """A file, a folder or a glob, relative to the project's root; or a URI such as `gs://...`. It
    may have placeholders: `{SPAN}` or `{YYYY}`, `{MM}`, `{DD}`, and `{VERSION}`. Of BigQuery,
    `project.dataset.table`, or a file `*.sql` with a query."""
    spans: Spans = Spans(latest=1)
    """Which spans to read; `spans: 7` is short for the latest 7, `spans: all` for every one."""
    format: Literal["csv", "tfrecord", "parquet", "avro", "bigquery"] = "csv"
    """The format of those files; or `bigquery`."""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    """CSV only: the character between two cells."""
    encoding: str = "utf-8"
    """CSV only: the text's encoding. A byte-order mark is skipped whatever it is."""
    missing: tuple[MissingMark, ...] = ()
    """What stands for a missing value, such as `NA` or -999, beside empty cells, nulls and NaN."""

    @pydantic.field_validator("spans", mode="before")
    @classmethod
    def _number_is_latest(cls, value: Any) -> Any:
        if value == "all":
            return {}
        is_number = isinstance(value, int) and not isinstance(value, bool)
        return {"latest": value} if is_number else value

    @pydantic.field_validator("delimiter")
    @classmethod
    def _separates(cls, delimiter: str) -> str:
        if delimiter in '"\r\n':
            refuse("a quote or a line break cannot stand between two cells")
        return delimiter

    @pydantic.field_validator("encoding")
    @classmethod
    def _is_known(cls, encoding: str) -> str:
        try:
            codecs.lookup(encoding)
        except (LookupError, ValueError):
            refuse("expected an encoding that Python knows, such as utf-8 or latin-1")
        return encoding


class Label(Section):
    """What the model predicts."""

    name: ColumnName
    """The label among the outputs of `preprocessing_fn`."""
    columns: Annotated[tuple[ColumnName, ...], Field(min_length=1)]
    """The raw columns that are known in training only: no request carries them."""
    classes: tuple[Text, ...] | None = None
    """The names of the classes, in order: the first is 0; null: of a text label its values in the
    data, sorted, and of a number none."""
    missing: Literal["leave_out", "keep"] = "leave_out"
    """What becomes of rows without a label: `leave_out`, or `keep` where preprocessing knows what
    it means that there is none."""
    weight: ColumnName | None = None
    """The raw column that says how much a row counts, in training and in judging; null: all rows
    count alike."""
    output: Text | None = None
    """Which of a network's several outputs predicts the label and is judged; null: it has one."""
    other_outputs: dict[Text, ColumnName] = Field(default_factory=dict)
    """The labels of a network's other outputs, among the outputs of `preprocessing_fn`."""

    @pydantic.field_validator("classes")
    @classmethod
    def _differ(cls, classes: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if classes is not None and len(classes) < 2:
            refuse("expected at least two classes")
        if classes is not None and len(set(classes)) < len(classes):
            refuse("a class stands twice")
        return classes

    @pydantic.model_validator(mode="after")
    def _outputs_have_names(self) -> Label:
        if self.other_outputs and self.output is None:
            refuse("needs 'output' beside it, the one that is judged", "other_outputs")
        if self.output in self.other_outputs:
            refuse("it is the judged one already, by 'output'", "other_outputs", self.output)
        return self

    @property
    def required(self) -> tuple[str, ...]:
        """The columns without whose value a row has no label: the one of the label's name, or else
        all that it is made from; none where rows without a label are kept."""
        if self.missing == "keep":
            return ()
        return (self.name,) if self.name in self.columns else self.columns


class TimeSplit(Section):
    """Trains on the past, and judges on what follows."""

    column: ColumnName
    """The column with each row's time: numbers, or dates and times as text."""
    eval_from: Text | Bound | None = None
    """The time at which `eval` begins; null: by the shares."""
    test_from: Text | Bound | None = None
    """The time at which `test` begins; null: by the shares."""
    format: Text | None = None
    """How text is written, as in Python's `strptime`; null: ISO 8601."""

    @pydantic.model_validator(mode="after")
    def _both_or_neither(self) -> TimeSplit:
        if (self.eval_from is None) != (self.test_from is None):
            missing = "test_from" if self.test_from is None else "eval_from"
            refuse("expected beside the other: without both, the shares say it", missing)
        return self


class GivenSplits(Section):
    """The files of each split: a file, a folder or a glob in `data.path`."""

    train: Text
    """What the model learns from."""
    eval: Text
    """What early stopping and the tuner look at."""
    test: Text
    """What only the Evaluator sees."""


class Splits(Section):
    """Which rows are in which split: shares of the rows, by hash of the row's content."""

    train: Count = 8
    """The share that the model learns from."""
    eval: Count = 1
    """The share that early stopping and the tuner look at."""
    test: Count = 1
    """The share that only the Evaluator sees."""
    by: Annotated[tuple[ColumnName, ...], BeforeValidator(_name_is_a_list)] = ()
    """Columns: rows that agree in all of them, such as those of a user, are in one split."""
    time: TimeSplit | None = None
    """Splits by time instead of by hash; null: by hash."""
    given: GivenSplits | None = None
    """Takes splits as they are in files, instead of by hash; null: by hash."""

    @property
    def shares(self) -> dict[str, int]:
        """Each split's share."""
        return {"train": self.train, "eval": self.eval, "test": self.test}

    @pydantic.model_validator(mode="after")
    def _one_way(self) -> Splits:
        ways = [key for key in ("by", "time", "given") if getattr(self, key)]
        if len(ways) > 1:
            refuse(f"rows are split in one way: {' or '.join(ways)}", ways[-1])
        return self


class Validation(Section):
    """What the gate after ExampleValidator does about anomalies."""

    stop_on: Literal["error", "warning", "never"] = "error"
    """The least severity of an anomaly that stops the run."""


class Training(Section):
    """The training loop."""

    epochs: Count = 10
    """The most epochs to train for."""
    batch_size: Count = 64
    """Rows in a batch."""
    steps_per_epoch: Count | None = None
    """Batches in an epoch; null: as many as hold every row once."""
    early_stopping_patience: Count | None = None
    """Epochs in which `early_stopping_monitor` gets no better, after which training ends, keeping
    the best; null: never."""
    early_stopping_monitor: Text = "val_loss"
    """What early stopping looks at: the loss or a metric of the compiled model, as Keras names it;
    of the eval split with `val_` before it."""
    early_stopping_direction: Literal["min", "max"] = "min"
    """Whether a good epoch's `early_stopping_monitor` is small or large."""
    learning_rate_decay: Literal["cosine"] | None = None
    """How the learning rate falls from the optimizer's own to nearly 0 over the epochs: `cosine`,
    half a cosine, epoch by epoch; null: it is as `model.py` has it."""
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    """In which the network's layers compute in training, which newer GPUs do faster in half
    precision. Weights, loss and the served model are in single precision."""
    strategy: Literal["mirrored"] | None = None
    """On which devices a network is trained: `mirrored`, on all GPUs of the machine, each with a
    part of every batch; null: on one."""
    seed: Annotated[int, Field(strict=True, ge=0, lt=2**32)] = 0
    """Of the final training's chance: first weights, order of the rows, dropout."""
    class_weights: Literal["balanced"] | dict[Text, float] | None = None
    """How much the rows of each class count in training: `balanced`, or a weight by class, 1 where
    none is given; null: all rows count alike."""

    @pydantic.field_validator("class_weights", mode="before")
    @classmethod
    def _are_weights(cls, value: Any) -> Any:
        if value is None or value == "balanced":
            return value
        expected = "expected 'balanced', or a number above 0 for each class"
        if not isinstance(value, dict) or not value:
            refuse(expected, received=value)
        for name, weight in value.items():
            if isinstance(weight, bool) or not isinstance(weight, int | float) or weight <= 0:
                refuse(expected, name, received=weight)
        return value


class Tuning(Section):
    """The search for hyperparameters."""

    mode: Literal["always", "when_missing", "frozen"] = "when_missing"
    """`when_missing` searches unless `hyperparameters.json` is there; `frozen` needs that file."""
    trials: Count = 6
    """How many sets of hyperparameters to try."""
    epochs: Count = 2
    """Epochs in a trial."""
    objective: Text = "val_loss"
    """What makes a trial good: a metric of the compiled model, as Keras names it."""
    direction: Literal["min", "max"] = "min"
    """Whether a good trial's objective is small or large."""


class Bounds(Section):
    """Limits on one metric."""

    at_least: Bound | None = None
    """The lowest value with which a model is blessed; null: no limit."""
    at_most: Bound | None = None
    """The highest value with which a model is blessed; null: no limit."""

    @pydantic.model_validator(mode="after")
    def _in_order(self) -> Bounds:
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            refuse(f"at_least ({self.at_least:g}) is above at_most ({self.at_most:g})")
        return self


class Metric(Bounds):
    """Limits on one metric, overall, per slice, and against the latest blessed model."""

    metric: Text | None = None
    """The metric's class, where its name is one of its own; null: its name is the class."""
    max_regression: Annotated[Bound, Field(ge=0)] | None = None
    """By how much, in the metric's own unit, it may be worse than the latest blessed model's; null:
    no comparison."""
    better: Literal["higher", "lower"] | None = None
    """Null: `higher` where only `at_least` is set, `lower` where only `at_most` is."""
    per_slice: dict[Text, Bounds] = Field(default_factory=dict)
    """Limits by slice: `feature` stands for each of its values, `feature=value` for that one, and
    pairs with commas between them for crossed features."""
    options: dict[str, Any] = Field(default_factory=dict)
    """Arguments of the metric's class; `class_id`, `k` and `top_k` fit every metric."""

    @pydantic.field_validator("options")
    @classmethod
    def _say_which_number(cls, options: dict[str, Any]) -> dict[str, Any]:
        if "name" in options:
            refuse("a metric's name is its key in evaluation.metrics", "name")
        for key, least in (("class_id", 0), ("k", 1), ("top_k", 1)):
            value = options.get(key, least)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                refuse(f"expected a whole number of at least {least}", key, received=value)
        return options

    @property
    def direction(self) -> Literal["higher", "lower"]:
        """Which way the metric is better, stated or implied by its bounds."""
        if self.better is not None:
            return self.better
        return "lower" if self.at_least is None and self.at_most is not None else "higher"

    @pydantic.model_validator(mode="after")
    def _direction_is_known(self) -> Metric:
        one_bound = (self.at_least is None) != (self.at_most is None)
        if self.max_regression is not None and self.better is None and not one_bound:
            refuse("needs 'better: higher' or 'better: lower' beside it", "max_regression")
        return self


# Metrics whose values are shares: a bound outside of 0 to 1 can only be a slip.
_SHARES = {
    "AUC", "AUCPrecisionRecall", "BinaryAccuracy", "CategoricalAccuracy", "F1Score", "Precision",
    "Recall", "SparseCategoricalAccuracy",
}  # fmt: skip


class WorstRows(Section):
    """Which rows of the test split are shown because the model's answers to them are furthest off.

    They stand in the run's details and its report, and go wherever those go.
    """

    rows: Annotated[int, Field(ge=0, le=50)] = 20
    """So many; 0: none."""
    without: tuple[ColumnName, ...] = ()
    """Raw columns that are left out, such as names of people."""


class Evaluation(Section):
    """How the Evaluator judges a model on the test split."""

    slices: tuple[Slice, ...] = ()
    """Features, or lists of features to cross, by whose values each metric is broken down."""
    metrics: Annotated[dict[Text, Metric], Field(min_length=1)]
    """The metrics by the name of their class in TFMA, Keras or the model's `metrics.py`, or by a
    name of their own; at least one has a bound."""
    unreadable_baseline: Literal["judge_alone", "refuse"] = "judge_alone"
    """What happens where the latest blessed model cannot read today's rows: the candidate is judged
    by its other bounds alone, or not at all."""
    images: ColumnName | None = None
    """The raw column with an image in each row: the report shows those of the rows that a
    classifier is most wrong about; null: none."""
    worst_rows: WorstRows = WorstRows()
    """Which rows are shown because the model's answers to them are furthest off; none where
    `images` has pictures of them."""
    confidence_intervals: bool = True
    """Whether each metric has a 95 % confidence interval, of 20 samples of the judged rows. It
    changes no value and no verdict; judging takes less than twice as long."""
    yardstick: bool = False
    """Whether gradient boosting is fitted to the same rows and columns, to be shown beside the
    network. No bound depends on it."""

    @property
    def compares(self) -> bool:
        """Whether a bound needs the latest blessed model's value."""
        return any(metric.max_regression is not None for metric in self.metrics.values())

    def class_of(self, name: str) -> str:
        """The class of the metric that has this name."""
        return self.metrics[name].metric or name

    def slice_bounds(self, name: str) -> dict[SliceKey, Bounds]:
        """The bounds of a metric by the slices that they are for.

        A key that fits no slice, which no config may have, is left out: a record may be of a time
        when it could.
        """
        found = {}
        for key, bounds in self.metrics[name].per_slice.items():
            with contextlib.suppress(ValueError):
                found[slice_bounds.read(key, self.slices)] = bounds
        return found

    @pydantic.model_validator(mode="after")
    def _some_metric_judges(self) -> Evaluation:
        bounds = [(metric.at_least, metric.at_most) for metric in self.metrics.values()]
        if all(bound == (None, None) for bound in bounds):
            refuse("no metric has a bound, so any model would be blessed", "metrics")
        return self

    @pydantic.model_validator(mode="after")
    def _bounds_can_be_met(self) -> Evaluation:
        for name, metric in self.metrics.items():
            if self.class_of(name) not in _SHARES:
                continue
            places = [((name,), metric.at_least, metric.at_most)] + [
                ((name, "per_slice", feature), bounds.at_least, bounds.at_most)
                for feature, bounds in metric.per_slice.items()
            ]
            for at, at_least, at_most in places:
                for key, bound in (("at_least", at_least), ("at_most", at_most)):
                    if bound is not None and not 0 <= bound <= 1:
                        message = f"{self.class_of(name)} lies between 0 and 1"
                        refuse(message, "metrics", *at, key, received=bound)
        return self

    @pydantic.model_validator(mode="after")
    def _per_slice_is_sliced(self) -> Evaluation:
        known = [",".join(names) for names in self.slices]
        for name, metric in self.metrics.items():
            read: dict[SliceKey, str] = {}
            for key in metric.per_slice:
                at = ("metrics", name, "per_slice", key)
                try:
                    reading = slice_bounds.read(key, self.slices)
                except ValueError as error:
                    refuse(str(error), *at, known=known)
                if reading in read:
                    refuse(f"is for the same slices as '{read[reading]}'", *at, received=key)
                read[reading] = key
            _check_agree(name, metric, read)
        return self


def _check_agree(name: str, metric: Metric, read: dict[SliceKey, str]) -> None:
    """Refuses bounds of the same slice that no value can keep together."""
    for (one, key), (other, other_key) in itertools.permutations(read.items(), 2):
        lower, upper = metric.per_slice[key].at_least, metric.per_slice[other_key].at_most
        if lower is not None and upper is not None and lower > upper and one.overlaps(other):
            message = f"is above the at_most ({upper:g}) of '{other_key}', and a slice has both"
            at = ("metrics", name, "per_slice", key, "at_least")
            refuse(message, *at, received=lower)


class Serving(Section):
    """What the model is called once it serves, and how its export is tried."""

    name: Text | None = None
    """The name in a request's URL; null: the model folder's name."""
    check_rows: Count = 8
    """Rows with known answers that the serving check asks the exported model."""

    @pydantic.field_validator("name")
    @classmethod
    def _fits_a_url(cls, name: str | None) -> str | None:
        if name is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            refuse("expected letters, digits, '.', '_' and '-', the first a letter or digit")
        return name


Share = Annotated[Bound, Field(gt=0, lt=1)]
Alarm = Literal["outputs", "features", "refused", "classifier", "metrics", "estimate"]
Difference = Literal[
    "PSI", "L-infinity", "AUC", "share", "distribution", "tail", "missing", "unseen",
    "out of range", "wrong type", "lengths", "refused", "classifier",
]  # fmt: skip
"""Statistics, and the tests that they are of."""


class Monitoring(Section):
    """What is watched for once the model serves, and what then happens.

    The room `monitoring` reads the same keys; a test holds its settings to these.
    """

    window_rows: Count = 1_000
    """After how many served rows it is looked, at the latest after `window_hours`."""
    window_hours: Annotated[Bound, Field(gt=0)] = 24
    """After how many hours it is looked, however few rows there are."""
    false_alarms: Share = 0.05
    """The chance of any false alarm, over all looks at a version."""
    alarm_on: tuple[Alarm, ...] = ("outputs", "features", "refused", "classifier", "metrics")
    """What counts. The rest is shown, and raises no alarm."""
    ignore: tuple[ColumnName, ...] = ()
    """Features that are known to change, such as a date."""
    matters_from: dict[Difference, Annotated[Bound, Field(gt=0)]] = Field(default_factory=dict)
    """Another effect from which a statistic's, or a test's, difference is an alarm, such as
    `PSI: 0.2` or `unseen: 0.05`."""
    on_alarm: Literal["nothing", "notify", "retrain"] = "notify"
    """What `watch` does: `notify` tells people; `retrain` does, and with `--act` trains again."""
    cool_down_hours: Annotated[Bound, Field(ge=0)] = 24
    """For how long after an alarm the same one is not told of again, and nothing is started."""
    retrainings_a_week: Annotated[int, BeforeValidator(not_a_boolean), Field(ge=0)] = 2
    """At most so many are started in seven days."""
    canary_share: Share = 0.1
    """Which share of requests goes to the version that a retraining pushed."""
    label: Text | None = None
    """How the judged label follows from columns of a file of true labels and from features, such as
    `tips > 0.2 * fare`; null: the column of the label's name."""
    export_labelled: Text | None = None
    """A folder below `data/`, to which rows whose labels came are written before a retraining, as
    files that `data.path` finds; null: nowhere."""

    @pydantic.field_validator("label")
    @classmethod
    def _can_be_read(cls, label: str | None) -> str | None:
        if label is not None:
            try:
                formula.parse(label)
            except FormulaError as error:
                refuse(f"no formula of columns: {error}")
        return label


class BatchPrediction(Data):
    """Rows that each blessed model predicts for at the end of its run."""

    @pydantic.model_validator(mode="after")
    def _is_a_table(self) -> BatchPrediction:
        _check_table(self)
        return self


def _check_table(data: Data, given: GivenSplits | None = None, *at: str) -> None:
    """Refuses what names no table of BigQuery, nor a file with a query."""
    if data.format != "bigquery":
        return
    if bigquery.is_query(data.path):
        if "://" in data.path:
            refuse("expected the query's file in the project", *at, "path", received=data.path)
        if given is not None:
            message = "of a query there are no tables to give: name project.dataset in data.path"
            refuse(message, "splits", "given")
        return
    try:
        if given is None:
            bigquery.table(data.path)
        else:
            bigquery.dataset(data.path)
    except ValueError as error:
        refuse(str(error), *at, "path", received=data.path)
    for split, name in given.model_dump().items() if given is not None else ():
        try:
            bigquery.table(f"{data.path}.{name}")
        except ValueError as error:
            refuse(f"of BigQuery: {error}", "splits", "given", split, received=name)


class ModelConfig(Section):
    """Everything that differs between two models, as `models/<model>/config.yaml` says it."""

    data: Data
    """Where the examples are and how to read them."""
    label: Label
    """What the model predicts; `label: x` is short for the name x and the one column x."""
    splits: Splits = Splits()
    """Which rows are for training, tuning and judging."""
    validation: Validation = Validation()
    """What stops a run on bad data."""
    training: Training = Training()
    """The training loop."""
    tuning: Tuning = Tuning()
    """The search for hyperparameters."""
    evaluation: Evaluation
    """What a model must reach on the test split to be blessed."""
    batch_prediction: BatchPrediction | None = None
    """Rows that a blessed model predicts for, on Beam; null: none."""
    serving: Serving = Serving()
    """What the model is called once it serves."""
    monitoring: Monitoring = Monitoring()
    """What is watched for once the model serves. It trains nothing anew."""
    beam: Beam = Beam()
    """Where the data nodes run."""
    targets: dict[PlatformName, ModelTarget] = Field(default_factory=dict)
    """What this model needs of a target in the cloud beyond what `targets.yaml` says."""

    @pydantic.model_validator(mode="after")
    def _data_is_a_table(self) -> ModelConfig:
        _check_table(self.data, self.splits.given, "data")
        return self

    @pydantic.model_validator(mode="after")
    def _classes_are_there(self) -> ModelConfig:
        classes = self.label.classes or ()
        for name, metric in self.evaluation.metrics.items():
            number = metric.options.get("class_id", 0)
            if classes and number >= len(classes):
                at = ("evaluation", "metrics", name, "options", "class_id")
                message = f"expected a class of label.classes, 0 to {len(classes) - 1}"
                refuse(message, *at, received=number)
        return self

    @pydantic.model_validator(mode="after")
    def _formula_names_a_label_column(self) -> ModelConfig:
        text, columns = self.monitoring.label, self.label.columns
        if text is not None and not set(formula.parse(text).columns) & set(columns):
            needed = f"names none of label.columns ({', '.join(columns)}), without which no label"
            refuse(f"{needed} can be known", "monitoring", "label", received=text)
        return self

    @pydantic.field_validator("label", mode="before")
    @classmethod
    def _name_is_a_label(cls, value: Any) -> Any:
        return {"name": value, "columns": [value]} if isinstance(value, str) else value
