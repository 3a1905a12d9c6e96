"""A model's `config.yaml`, read into one typed and validated object.

Nothing here imports TFX or TensorFlow: a mistake in the file is told at once, before anything runs.
"""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
import yaml
from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, PositiveInt

from models.common.errors import ConfigError
from pipeline import project

Fraction = Annotated[float, Field(gt=0, le=1)]
ColumnName = Annotated[str, Field(min_length=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Data(_Section):
    """Where the examples are and how to read them."""

    path: Annotated[str, Field(min_length=1)]
    """A file, a folder, or a glob; relative to the project's root, or a `gs://` style URI."""
    format: Literal["csv", "tfrecord", "parquet", "avro"] = "csv"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    """CSV only: the character between two cells."""
    encoding: str = "utf-8"
    """CSV only. A byte-order mark is skipped whatever the encoding."""


class Label(_Section):
    """What the model predicts."""

    name: ColumnName
    """The label among the outputs of `preprocessing_fn`."""
    columns: Annotated[tuple[ColumnName, ...], Field(min_length=1)]
    """The raw columns that are known in training only: no request carries them."""


class Splits(_Section):
    """Shares of the rows, by hash of the row's content."""

    train: PositiveInt = 8
    eval: PositiveInt = 1
    test: PositiveInt = 1


class Validation(_Section):
    """What the gate after ExampleValidator does about anomalies."""

    stop_on: Literal["error", "warning", "never"] = "error"


class Training(_Section):
    """The training loop."""

    epochs: PositiveInt = 10
    batch_size: PositiveInt = 64
    steps_per_epoch: PositiveInt | None = None
    """None: every row once an epoch."""
    early_stopping_patience: PositiveInt | None = None
    """Epochs without a better validation loss after which training ends, keeping the best; None: never."""


class Tuning(_Section):
    """The search for hyperparameters."""

    mode: Literal["always", "when_missing", "frozen"] = "when_missing"
    """`when_missing` searches unless `hyperparameters.json` is there; `frozen` needs that file."""
    trials: PositiveInt = 6
    epochs: PositiveInt = 2
    objective: str = "val_loss"
    """A metric of the compiled model, as Keras names it."""
    direction: Literal["min", "max"] = "min"


class Bounds(_Section):
    """Limits on one metric."""

    at_least: float | None = None
    at_most: float | None = None

    @pydantic.model_validator(mode="after")
    def _in_order(self) -> Bounds:
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise ValueError(f"at_least ({self.at_least}) is above at_most ({self.at_most})")
        return self


class Metric(Bounds):
    """Limits on one metric, overall, per slice, and against the latest blessed model."""

    max_regression: NonNegativeFloat | None = None
    """By how much, in the metric's own unit, it may be worse than the latest blessed model's."""
    better: Literal["higher", "lower"] | None = None
    """None: `higher` where only `at_least` is set, `lower` where only `at_most` is."""
    per_slice: dict[ColumnName, Bounds] = {}
    """Limits for each value of a feature that is sliced by."""
    options: dict[str, Any] = {}
    """Arguments of the metric's class."""

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
            raise ValueError("max_regression needs `better: higher` or `better: lower` beside it")
        return self


# Metrics whose values are shares: a bound outside of 0 to 1 can only be a slip.
_SHARES = {
    "AUC", "AUCPrecisionRecall", "BinaryAccuracy", "CategoricalAccuracy", "F1Score", "Precision",
    "Recall", "SparseCategoricalAccuracy",
}  # fmt: skip


class Evaluation(_Section):
    """How the Evaluator judges a model on the test split."""

    slices: tuple[tuple[ColumnName, ...], ...] = ()
    metrics: Annotated[dict[str, Metric], Field(min_length=1)]
    min_slice_examples: PositiveInt = 1
    """Slices with fewer test rows are neither shown nor judged."""

    @pydantic.field_validator("slices", mode="before")
    @classmethod
    def _name_is_a_slice(cls, value: Any) -> Any:
        if isinstance(value, list):
            return [[item] if isinstance(item, str) else item for item in value]
        return value

    @pydantic.field_validator("metrics")
    @classmethod
    def _judges(cls, metrics: dict[str, Metric]) -> dict[str, Metric]:
        for name, metric in metrics.items():
            if name not in _SHARES:
                continue
            for bounds in (metric, *metric.per_slice.values()):
                for bound in (bounds.at_least, bounds.at_most):
                    if bound is not None and not 0 <= bound <= 1:
                        raise ValueError(f"{name} lies between 0 and 1, but its bound is {bound}")
        if all(metric.at_least is None and metric.at_most is None for metric in metrics.values()):
            raise ValueError("no metric has a bound, so any model would be blessed")
        return metrics

    @pydantic.model_validator(mode="after")
    def _thresholds_have_slices(self) -> Evaluation:
        single = {names[0] for names in self.slices if len(names) == 1}
        for name, metric in self.metrics.items():
            for feature in metric.per_slice:
                if feature not in single:
                    raise ValueError(
                        f"{name} has a bound per {feature}, which is not among the slices"
                        f"{did_you_mean(feature, single)}"
                    )
        return self


class Serving(_Section):
    """What the model is called once it serves, and how its export is tried."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")] | None = None
    """None: the model folder's name."""
    check_rows: PositiveInt = 8
    """Rows with known answers that the serving check asks the exported model."""


class Beam(_Section):
    """Where the data nodes run."""

    args: tuple[str, ...] = ("--runner=FnApiRunner",)
    """Beam pipeline options. The default runs in the process, without trying Prism first."""


class ModelConfig(_Section):
    """Everything that differs between two models, as `models/<model>/config.yaml` says it."""

    data: Data
    label: Label
    splits: Splits = Splits()
    validation: Validation = Validation()
    training: Training = Training()
    tuning: Tuning = Tuning()
    evaluation: Evaluation
    serving: Serving = Serving()
    beam: Beam = Beam()

    @pydantic.field_validator("label", mode="before")
    @classmethod
    def _name_is_a_label(cls, value: Any) -> Any:
        return {"name": value, "columns": [value]} if isinstance(value, str) else value


def load(model: str, overrides: Sequence[str] = (), root: Path = project.ROOT) -> ModelConfig:
    """Reads and validates `models/<model>/config.yaml`.

    Args:
        model: Name of a folder under `models/`.
        overrides: `key=value` settings, keys dotted, values in YAML: `training.epochs=3`.
        root: The project's root.

    Raises:
        ConfigError: There is no such model, or the file or an override is not valid.
    """
    path = _config_path(model, root)
    try:
        text = path.read_text(encoding="utf-8-sig")
        node = yaml.compose(text)
        tree = yaml.safe_load(text)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{_name(path, root)} is not UTF-8 text", str(error)) from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{_name(path, root)} is not valid YAML", str(error)) from error
    if not isinstance(tree, dict):
        raise ConfigError(
            f"{_name(path, root)} is empty or not a mapping",
            f"Received: {type(tree).__name__}.",
            "Start from models/taxi/config.yaml.",
        )
    lines = _key_lines(node, _name(path, root))
    overridden = [_override(tree, setting) for setting in overrides]
    try:
        return ModelConfig.model_validate(tree)
    except pydantic.ValidationError as error:
        raise _explain(error, tree, _name(path, root), lines, overridden) from None


def did_you_mean(received: str, known: Iterable[str]) -> str:
    """Returns `; did you mean 'x'?` where one of the known names is close, else nothing."""
    close = difflib.get_close_matches(received, list(known), n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def _name(path: Path, root: Path) -> str:
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _config_path(model: str, root: Path) -> Path:
    known = project.model_names(root)
    path = root / "models" / model / "config.yaml"
    if model in known:
        return path
    if model.isidentifier() and model != "common" and path.parent.is_dir():
        raise ConfigError(
            f"models/{model}/config.yaml does not exist",
            f"The folder models/{model} is there, without a configuration.",
            "Copy models/taxi/config.yaml there and edit it.",
        )
    raise ConfigError(
        f"There is no model '{model}'{did_you_mean(model, known)}",
        f"Models here: {', '.join(known) or 'none'}.",
        f"Create models/{model}/ as docs/new-model.md describes, or name one of these."
        if model.isidentifier()
        else "A model's name is a Python identifier: letters, digits and underscores.",
    )


def _key_lines(node: yaml.Node | None, name: str) -> dict[tuple[str, ...], int]:
    """Maps each key's path to its line number, from 1; refuses a key that stands twice."""
    lines: dict[tuple[str, ...], int] = {}

    def walk(node: yaml.Node | None, path: tuple[str, ...]) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                here = (*path, str(key.value))
                line = key.start_mark.line + 1
                if here in lines:
                    raise ConfigError(
                        f"{name}:{line}: the key '{'.'.join(here)}' stands twice",
                        f"It was first set in line {lines[here]}.",
                        "Remove one of the two.",
                    )
                lines[here] = line
                walk(value, here)
        elif isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                lines[(*path, str(index))] = item.start_mark.line + 1
                walk(item, (*path, str(index)))

    walk(node, ())
    return lines


def _override(tree: dict[str, Any], setting: str) -> tuple[str, ...]:
    """Applies one `key=value` setting to the tree and returns the key's path."""
    key, equals, value = setting.partition("=")
    path = tuple(part.strip() for part in key.split("."))
    if not equals or not all(path):
        raise ConfigError(
            f"--set {setting}: not a key and a value",
            f"Received: {setting!r}. Expected: key=value, such as training.epochs=3.",
        )
    try:
        parsed = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ConfigError(f"--set {setting}: the value is not valid YAML", str(error)) from error
    branch = tree
    for part in path[:-1]:
        if branch.get(part) is None:
            branch[part] = {}
        if not isinstance(branch[part], dict):
            raise ConfigError(
                f"--set {setting}: '{part}' is a value, not a section",
                f"Received: {branch[part]!r} in the configuration file.",
            )
        branch = branch[part]
    branch[path[-1]] = parsed
    return path


def _explain(
    error: pydantic.ValidationError,
    tree: Mapping[str, Any],
    name: str,
    lines: Mapping[tuple[str, ...], int],
    overridden: Sequence[tuple[str, ...]],
) -> ConfigError:
    """Turns pydantic's errors into ours, naming file, line, key, what was received and expected."""
    messages = []
    for item in error.errors():
        path = tuple(str(part) for part in item["loc"] if part in _walkable(tree, item["loc"]))
        key = ".".join(path) or "the file"
        if any(path[: len(setting)] == setting for setting in overridden):
            place = f"--set {key}"
        else:
            line = next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), None)
            place = f"{name}:{line}: {key}" if line else f"{name}: {key}"
        messages.append(f"{place}: {_what(item, path)}")
    count = f"{len(messages)} problems" if len(messages) > 1 else "a problem"
    return ConfigError(
        f"{name} has {count}",
        "\n".join(messages),
        "Correct the file (or the --set option) and run again; docs/configuration.md lists every key.",
    )


def _walkable(tree: Any, location: tuple[Any, ...]) -> list[Any]:
    """The parts of pydantic's location that are keys of the file, without its own markers."""
    parts = []
    for index, part in enumerate(location):
        parts.append(part)
        if isinstance(tree, Mapping) and part in tree:
            tree = tree[part]
        elif isinstance(tree, list) and isinstance(part, int) and part < len(tree):
            tree = tree[part]
        elif index < len(location) - 1:
            parts.pop()
    return parts


def _what(item: Any, path: tuple[str, ...]) -> str:
    received = item["input"]
    if item["type"] == "extra_forbidden":
        known = _known_keys(path[:-1])
        return f"unknown key{did_you_mean(path[-1], known)} Known here: {', '.join(known)}."
    if item["type"] == "missing":
        return "missing, but required."
    message = item["msg"].removeprefix("Value error, ")
    if isinstance(received, BaseModel | dict):
        return f"{message}."
    return f"{message}. Received: {received!r}."


def _known_keys(path: tuple[str, ...]) -> list[str]:
    """The keys that the section at this path has."""
    section: Any = ModelConfig
    for part in path:
        annotation = section.model_fields[part].annotation if part in _fields(section) else section
        section = _section_of(annotation)
    return _fields(section)


def _fields(section: Any) -> list[str]:
    return list(section.model_fields) if isinstance(section, type) else []


def _section_of(annotation: Any) -> Any:
    """The section class inside of an annotation such as `dict[str, Metric]`."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation
    for argument in typing.get_args(annotation):
        found = _section_of(argument)
        if isinstance(found, type) and issubclass(found, BaseModel):
            return found
    return annotation
