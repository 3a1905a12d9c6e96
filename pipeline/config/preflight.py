"""What can be checked of a model's folder and data before anything runs.

Whatever a frozen schema knows is left to the gate, which reports it among the other anomalies.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from components import code_hash, tables
from components.bigquery import describing
from components.evaluation import metric_names
from components.profile import formula
from components.tables import TableSource, TableSummary
from components.tables.formats import sequence_examples
from components.tables.quality import findings
from components.tables.source import LOCAL
from components.tables.splits import SplitRule
from models.common import model_folder
from models.common.errors import (
    ConfigError,
    DataError,
    ModelCodeError,
    RunError,
    did_you_mean,
)
from models.common.files import regular_file
from pipeline.config import (
    model_files,
    project,
    split_check,
    yaml_file,
)
from pipeline.config.beam import arguments as beam_arguments
from pipeline.config.beam import service as beam_service
from pipeline.config.model_config import ModelConfig

if TYPE_CHECKING:
    from tensorflow_metadata.proto.v0 import schema_pb2

_TOLD = 20
"""So many notices are told at a run's start."""


def check(model: str, config: ModelConfig, root: Path = project.ROOT) -> TableSummary | None:
    """Checks a model's folder, the folders that a run writes to, and the data.

    Args:
        model: The model's name.
        config: Its configuration.
        root: The project's root.

    Returns:
        What the data holds; None where it is not read: TFRecord, BigQuery, and files that are not
        local.

    Raises:
        ConfigError: A file of the model's folder is missing or not valid, or a key of the
            configuration names a column that neither the data nor the frozen schema has.
        DataError: The data cannot be read, or no model can be trained on it.
        ModelCodeError: `features.py` cannot be imported or has no INPUTS, or the model's code
            depends on something that no hash covers.
        RunError: A folder cannot be written to.
    """
    _check_root(root)
    inputs = check_folder(model, config, root)
    beam_service.check(config.beam.args, _beam(model))
    schema = model_files.frozen_schema(model, root)
    runs, pushed = root / project.RUNS.name, root / project.SERVING_MODELS.name
    for folder in (runs, runs / model, pushed, pushed / (config.serving.name or model)):
        _check_writable(folder, root)
    source = model_files.table_source(config, root)
    if config.data.format == "bigquery":
        _check_bigquery(model, config, inputs, source, schema)
        return None
    if "://" in source.location:
        return None
    if config.data.format == "tfrecord":
        _check_tfrecord(source)
        return None
    summary = tables.scan(source)
    _check_names(summary)
    known = {feature.name for feature in schema.feature} if schema else set()
    _check_columns(model, config, inputs, summary, known)
    _check_readable(model, config, inputs, summary)
    _check_label_varies(config, summary)
    _check_weight(model, config, summary)
    if schema is None:
        _check_inputs_have_values(model, inputs, summary)
    notices = split_check.check(model, config, source, summary, root)
    return dataclasses.replace(summary, notices=notices)


def notices(model: str, summary: TableSummary | None, root: Path = project.ROOT) -> list[str]:
    """What is to be told of the data beside what `check` refuses, a sentence or two for each.

    Args:
        model: The model's name.
        summary: What `check` returned.
        root: The project's root.
    """
    if summary is None:
        return []
    found = findings.find(summary, model_files.column_types(model, root))
    told = [f"`{one.column}` {one.headline}. {one.remedy}" for one in found]
    more = len(told) - _TOLD
    return told[:_TOLD] + ([f"{more} more are in the run's report."] if more > 0 else [])


def check_folder(model: str, config: ModelConfig, root: Path = project.ROOT) -> tuple[str, ...]:
    """Checks a model's folder, and nothing else; returns the columns that the model reads.

    Raises:
        ConfigError: A file is missing or not valid.
        ModelCodeError: `features.py` cannot be imported or has no INPUTS, or the model's code
            depends on something that no hash covers.
    """
    beam_arguments.check(config.beam.args, _beam(model))
    metrics = config.evaluation
    metric_names.check(
        model,
        [metrics.class_of(name) for name in metrics.metrics],
        project.model_folder(model, root) / "metrics.py",
    )
    _check_serving_name(model, config, root)
    _check_files(model, config, root)
    _check_hyperparameters(model, config, root)
    code_hash.file_hashes(*model_files.code_modules(model), root=root)
    inputs = _inputs(model)
    model_files.frozen_schema(model, root)
    _check_inputs(model, config, inputs)
    _check_monitored(model, config, inputs)
    return inputs


def _beam(model: str) -> str:
    return f"models/{model}/config.yaml: beam.args"


def _check_serving_name(model: str, config: ModelConfig, root: Path) -> None:
    """Refuses a name that another model serves under: each would push over the other's versions."""
    name = config.serving.name or model
    for other in project.model_names(root):
        if other != model and _serving_name(other, root) == name:
            raise ConfigError(
                f"models/{model}/config.yaml: serving.name: '{name}' is the model {other}'s too",
                "Expected: a name of its own for each model, as its versions go to "
                f"serving_models/{name}.",
                f"Set serving.name to another name, here or in models/{other}/config.yaml.",
            )


def _serving_name(model: str, root: Path) -> str:
    """The name that another model serves under; its own mistakes are told when it runs."""
    path = project.model_folder(model, root) / "config.yaml"
    try:
        # Parsing takes 10 ms; few configs speak of a name of their own.
        if "serving" not in regular_file.read(path, 2**20).decode(errors="replace"):
            return model
        tree, _ = yaml_file.read(path, path.name)
        serving = tree.get("serving")
        return (serving.get("name") if isinstance(serving, dict) else None) or model
    except (ConfigError, OSError):
        return model


def _check_files(model: str, config: ModelConfig, root: Path) -> None:
    needed = ["features.py", "preprocessing.py", "model.py"]
    if config.tuning.mode != "frozen":
        needed.append("search_space.py")
    folder = project.model_folder(model, root)
    present = sorted(path.name for path in folder.iterdir() if path.is_file())
    for name in needed:
        if name not in present and os.path.lexists(folder / name):
            raise ConfigError(
                f"models/{model}/{name} is not a file",
                f"Expected: Python code. Received: {_why_no_file(folder / name)}.",
                f"Write it in its place; models/taxi/{name} is an example.",
            )
        if name not in present:
            raise ConfigError(
                f"models/{model}/{name} does not exist{did_you_mean(name, present)}",
                f"Expected: {', '.join(needed)}. The folder has: {', '.join(present)}.",
                f"Write it; models/taxi/{name} is an example.",
            )


def _why_no_file(path: Path) -> str:
    try:
        regular_file.check(path)
    except OSError as error:
        link = f"a link to {path.readlink()}: " if path.is_symlink() else ""
        return f"{link}{error.strerror}"
    return "a file by now"


def _check_hyperparameters(model: str, config: ModelConfig, root: Path) -> None:
    mode = config.tuning.mode
    if mode == "always":
        return
    if model_files.frozen_hyperparameters(model, root) is None and mode == "frozen":
        raise ConfigError(
            f"models/{model}/{model_files.HYPERPARAMETERS} cannot be read, which "
            "'tuning.mode: frozen' needs",
            "Expected: a mapping of hyperparameters in JSON. Received: no such file.",
            model_files.how_to_freeze_hyperparameters(model),
        )


def _inputs(model: str) -> tuple[str, ...]:
    """The columns that the model reads, as its code says."""
    file = f"models/{model}/features.py"
    with model_folder.errors_of(model, f"importing {file}"):
        inputs = getattr(importlib.import_module(f"models.{model}.features"), "INPUTS", None)
    names = isinstance(inputs, tuple | list) and all(isinstance(name, str) for name in inputs)
    if not names or not inputs:
        received = "no such name" if inputs is None else f"{inputs!r:.80}"
        raise ModelCodeError(
            f"{file} does not say which columns the model reads",
            f"Expected: INPUTS, a tuple of column names. Received: {received}.",
            'Define it, for example INPUTS = ("age", "city").',
        )
    twice = sorted({name for name in inputs if inputs.count(name) > 1})
    if twice:
        raise ModelCodeError(
            f"{file}: INPUTS has '{twice[0]}' twice",
            f"Expected: each column once. Received: {inputs!r:.200}.",
            "Remove it, or name the column that was meant.",
        )
    return tuple(inputs)


def _check_inputs(model: str, config: ModelConfig, inputs: tuple[str, ...]) -> None:
    if config.label.weight in inputs:
        raise ConfigError(
            f"models/{model}/features.py: INPUTS has '{config.label.weight}', which label.weight "
            "names",
            "Expected: a column that says how much a row counts, and that no request carries.",
            "Remove it from INPUTS, or provide the weight in a column of its own.",
        )
    for name in config.label.columns:
        if name in inputs:
            raise ConfigError(
                f"models/{model}/features.py: INPUTS has '{name}', which label.columns has too",
                "Expected: columns that a request carries. Received: one that only training has.",
                "Remove it from INPUTS, or from label.columns in "
                f"models/{model}/config.yaml if requests do carry it.",
            )


def _check_monitored(model: str, config: ModelConfig, inputs: tuple[str, ...]) -> None:
    """Refuses columns that neither a request nor a file of true labels carries."""
    text = config.monitoring.label
    in_formula = formula.parse(text).columns if text else ()
    known = (*config.label.columns, *inputs)
    for key, named, columns, which in (
        ("label", in_formula, known, "label.columns, or of INPUTS in features.py"),
        ("ignore", config.monitoring.ignore, inputs, "INPUTS in features.py"),
    ):
        for name in named:
            if name not in columns:
                raise ConfigError(
                    f"models/{model}/config.yaml: monitoring.{key}: there is no column '{name}'"
                    f"{did_you_mean(name, columns)}",
                    f"Expected: a column of {which}: {', '.join(columns)}.",
                    "Correct the name.",
                )


def _check_root(root: Path) -> None:
    try:
        str(root).encode()
    except UnicodeEncodeError:
        raise RunError(
            f"The project's folder has a name that is not UTF-8 text: {str(root)!a}",
            "Expected: a path that the pipeline's database and containers can hold.",
            "Rename the folder.",
        ) from None


def _check_writable(folder: Path, root: Path) -> None:
    """Tries the folder, or where it does not exist, the folder that it would be made in."""
    name = folder.relative_to(root)
    remedy = f"Make {name} a folder that this user can write to, or free some space."
    if os.path.lexists(folder) and not folder.is_dir():
        received = "a file"
        if folder.is_symlink():
            received = f"a link to {folder.readlink()}, where there is no folder"
        raise RunError(
            f"{name} is not a folder",
            f"Expected: a folder for what runs leave. Received: {received}.",
            f"Make {name} a folder that this user can write to: remove or rename what is there.",
        )
    try:
        tried = next(one for one in (folder, *folder.parents) if one.exists())
        with tempfile.TemporaryFile(dir=tried):
            pass
    except OSError as error:
        raise RunError(
            f"The folder {name} cannot be written to",
            f"Received: {error.strerror}.",
            remedy,
        ) from error


def _check_bigquery(
    model: str,
    config: ModelConfig,
    inputs: tuple[str, ...],
    source: TableSource,
    schema: schema_pb2.Schema | None,
) -> None:
    """Sees whether the tables can be read, and have what is named; no row of them is read."""
    known = {feature.name for feature in schema.feature} if schema else set()
    for summary in describing.describe(source):
        _check_names(summary)
        _check_columns(model, config, inputs, summary, known)
        _check_readable(model, config, inputs, summary)
        SplitRule.of_config(config.splits.model_dump(), None).check_columns(summary)


def _check_tfrecord(source: TableSource) -> None:
    """Looks at the files as far as it can be done without TensorFlow."""
    for path in tables.resolve(source):
        if not Path(path).stat().st_size:
            raise DataError(
                f"{tables.shown(path)} is empty",
                "Expected: TFRecord with serialized tf.Examples. Received: nothing.",
                "Write the file again, or correct data.path.",
            )
        sequence_examples.check_first_record(path, LOCAL)


def _check_names(summary: TableSummary) -> None:
    """Refuses names that end elsewhere once statistics are made of them."""
    for number, name in enumerate(summary.names, start=1):
        if "\0" in name:
            raise DataError(
                f"{tables.shown(summary.files[0])}: column {number} has NUL in its name",
                f"Expected: any characters but NUL. Received: {name!r}.",
                "Give the column another name, or leave it out of the file.",
            )


def _check_columns(
    model: str,
    config: ModelConfig,
    inputs: Iterable[str],
    summary: TableSummary,
    known: set[str],
) -> None:
    """Refuses names that no column has and that no schema knows."""
    file, weight = f"models/{model}/config.yaml", config.label.weight
    named: list[tuple[str, str, Callable[..., Exception]]] = [
        *((f"{file}: label.columns", name, ConfigError) for name in config.label.columns),
        *((f"{file}: label.weight", name, ConfigError) for name in filter(None, [weight])),
        *(
            (f"{file}: evaluation.slices", name, ConfigError)
            for names in config.evaluation.slices
            for name in names
        ),
        *(
            (f"{file}: evaluation.images", name, ConfigError)
            for name in filter(None, [config.evaluation.images])
        ),
        *(
            (f"{file}: evaluation.worst_rows.without", name, ConfigError)
            for name in config.evaluation.worst_rows.without
        ),
        *((f"{file}: splits.by", name, ConfigError) for name in config.splits.by),
        *((f"models/{model}/features.py: INPUTS", name, ModelCodeError) for name in inputs),
    ]
    if config.splits.time:
        named.append((f"{file}: splits.time.column", config.splits.time.column, ConfigError))
    names = set(summary.names)
    for place, name, error in named:
        splits = place.endswith(("splits.by", "splits.time.column"))
        # What rows are split by has to be there, whatever a schema allows.
        if name not in names and (splits or name not in known):
            raise error(
                f"{place}: the data has no column '{name}'{did_you_mean(name, summary.names)}",
                f"{tables.shown(summary.files[0])} has: {', '.join(summary.names)}.",
                "Correct the name, or the data.",
            )


def _check_readable(
    model: str, config: ModelConfig, inputs: Iterable[str], summary: TableSummary
) -> None:
    """Refuses columns that are used and that no example can hold, or no network can use."""
    used = {
        **{
            name: "evaluation.slices names it"
            for names in config.evaluation.slices
            for name in names
        },
        **dict.fromkeys(config.label.columns, "label.columns names it"),
        **dict.fromkeys(inputs, f"INPUTS in models/{model}/features.py names it"),
    }
    for finding in findings.find(summary):
        if finding.stops and finding.column in used:
            raise DataError(
                f"{tables.shown(summary.files[0])}: the column '{finding.column}' "
                f"{finding.headline}",
                "Expected: finite numbers, text, bytes, or lists of these, because "
                f"{used[finding.column]}.",
                finding.remedy,
            )


def _check_label_varies(config: ModelConfig, summary: TableSummary) -> None:
    for name in config.label.columns:
        if name not in summary.names:
            continue
        column = summary.column(name)
        if column.constant:
            what = f"the value {column.values[0]!r}" if column.values else "no value"
            raise DataError(
                f"The label column '{name}' is constant: there is nothing to learn",
                f"Expected: different values. Received: {what} in all {summary.rows:,} rows.",
                "Correct the data, or label.columns.",
            )
        if name in config.label.required and not column.is_list and len(column.values) == 1:
            raise DataError(
                f"The label column '{name}' has one value alone, {column.values[0]!r}: rows "
                "without one are left out, so there is nothing to learn",
                f"Received: no value in {column.missing:,} of {summary.rows:,} rows.",
                "Correct the data; or, where an empty cell means something, such as 'no', set "
                "label.missing: keep and tell preprocessing_fn what.",
            )


def _check_weight(model: str, config: ModelConfig, summary: TableSummary) -> None:
    """Refuses a weight that no row could be weighed by; the gate sees the values."""
    name = config.label.weight
    if name is None or name not in summary.names:
        return
    column = summary.column(name)
    if column.type in ("INT", "FLOAT") and not column.is_list and not column.missing:
        return
    received = (
        f"{column.missing:,} of {summary.rows:,} rows without a value"
        if column.missing
        else "lists"
        if column.is_list
        else "text"
    )
    raise DataError(
        f"models/{model}/config.yaml: label.weight: the column '{name}' does not weigh every row",
        f"Expected: a number of at least 0 in each row. Received: {received}.",
        "Correct the data: 0 for a row that shall not count, 1 for one that counts once.",
    )


def _check_inputs_have_values(model: str, inputs: Iterable[str], summary: TableSummary) -> None:
    for name in inputs:
        if summary.column(name).missing == summary.rows:
            raise DataError(
                f"The column '{name}' has no value in any row",
                f"Expected: values, because INPUTS in models/{model}/features.py names it. "
                f"Received: {summary.rows:,} missing values.",
                "Correct the data, or remove the column from INPUTS.",
            )
