"""Every key of `config.yaml`: its default, its limits, its documentation."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydantic
import pytest
import yaml

from models.common.errors import ConfigError
from monitoring.core import settings
from pipeline.cloud import targets
from pipeline.config import model_config, project
from pipeline.config.base import Section
from pipeline.config.loading import load
from pipeline.config.model_config import ModelConfig
from tests.pipeline.config_files import GOOD, message, write


def test_what_is_not_said_has_a_default(root: Path) -> None:
    config = load("m", root=root)
    assert config.label.name == "tips" and config.label.columns == ("tips",)
    assert config.evaluation.slices == (("company",), ("company", "month"))
    assert config.splits.train == 8 and config.training.steps_per_epoch is None


# One line of YAML after a good file (or in its place, where the key is there already), and what is
# said about that line after the file's name and line.
BAD_KEYS = {
    "misspelt section": (
        "splts: {}",
        "splts: unknown key; did you mean 'splits'? Known here: data,",
    ),
    "misspelt key": (
        "splits: {trian: 3}",
        "splits.trian: unknown key; did you mean 'train'? Known here: train, eval, test, "
        "by, time, given.",
    ),
    "unknown key": ("beam: {x: 1}", "beam.x: unknown key. Known here: args."),
    "what is elsewhere": (
        "hyperparameters: {units: 3}",
        "hyperparameters: unknown key. Known here: data, label, splits, validation, training, "
        "tuning, evaluation, batch_prediction, serving, monitoring, beam, targets. Hyperparameters "
        "are in the model's folder: ",
    ),
    "an option that the key says": (
        "evaluation: {metrics: {AUC: {at_least: 0.5, options: {name: x}}}}",
        "evaluation.metrics.AUC.options.name: a metric's name is its key in evaluation.metrics.",
    ),
    "a class below the first": (
        "evaluation: {metrics: {AUC: {at_least: 0.5, options: {class_id: -1}}}}",
        "evaluation.metrics.AUC.options.class_id: expected a whole number "
        "of at least 0. Received: -1.",
    ),
    "a class by name": (
        "evaluation: {metrics: {AUC: {at_least: 0.5, options: {class_id: yes_}}}}",
        "evaluation.metrics.AUC.options.class_id: expected a whole number "
        "of at least 0. Received: 'yes_'.",
    ),
    "the best none": (
        "evaluation: {metrics: {AUC: {at_least: 0.5, options: {top_k: 0}}}}",
        "evaluation.metrics.AUC.options.top_k: expected a whole number of at least 1. Received: 0.",
    ),
    "half a rank": (
        "evaluation: {metrics: {AUC: {at_least: 0.5, options: {k: 1.5}}}}",
        "evaluation.metrics.AUC.options.k: expected a whole number of at least 1. Received: 1.5.",
    ),
    "a value for a section": (
        "splits: 8",
        "splits: expected a mapping with the keys train, eval, test, by, time, given. Received: 8.",
    ),
    "two ways to split": (
        "splits: {by: [user], time: {column: when}}",
        "splits.time: rows are split in one way: by or time.",
    ),
    "a given split that is missing": (
        "splits: {given: {train: a, eval: b}}",
        "splits.given.test: missing, but required. What only the Evaluator sees.",
    ),
    "one time of two": (
        "splits: {time: {column: when, test_from: 2025-01-01}}",
        "splits.time.eval_from: expected beside the other: without both, the shares say it.",
    ),
    "no latest spans": (
        "data: {path: x, spans: 0}",
        "data.spans: expected a number above 0. Received: 0.",
    ),
    "a word for spans": (
        "data: {path: x, spans: newest}",
        "data.spans: expected a mapping with the keys latest, start, end. Received: 'newest'.",
    ),
    "a list for a section": (
        "label: [tips]",
        "label: expected a mapping with the keys name, columns, classes, missing, weight, output, "
        "other_outputs. Received: ['tips'].",
    ),
    "text for a number": (
        "training: {epochs: many}",
        "training.epochs: expected a whole number. Received: 'many'.",
    ),
    "half an epoch": (
        "training: {epochs: 2.5}",
        "training.epochs: expected a whole number. Received: 2.5.",
    ),
    "no epochs": (
        "training: {epochs: 0}",
        "training.epochs: expected a number above 0. Received: 0.",
    ),
    "true epochs": (
        "training: {epochs: yes}",
        "training.epochs: expected a number. Received: true.",
    ),
    "a list of epochs": (
        "training: {epochs: [1]}",
        "training.epochs: expected a whole number. Received: [1].",
    ),
    "an endless number": (
        "training: {epochs: .inf}",
        "training.epochs: expected a finite number. Received: inf.",
    ),
    "a number for text": ("data: {path: 7}", "data.path: expected text (in quotes, if YAML takes"),
    "empty text": ('data: {path: ""}', "data.path: expected text that is not empty. Received: ''."),
    "an unknown format": (
        "data: {path: x, format: parket}",
        "data.format: expected 'csv', 'tfrecord', 'parquet', 'avro' or 'bigquery'; did you mean "
        "'parquet'?",
    ),
    "no table of BigQuery": (
        "data: {path: trips.taxi, format: bigquery}",
        "data.path: expected a table as project.dataset.table, or a file *.sql with a query. "
        "Received: 'trips.taxi'.",
    ),
    "several tables of BigQuery": (
        'data: {path: "p.d.events_*", format: bigquery}',
        "data.path: one table is read: write a query, in a file *.sql, where there are several.",
    ),
    "a query in a bucket": (
        "data: {path: gs://b/query.sql, format: bigquery}",
        "data.path: expected the query's file in the project. Received: 'gs://b/query.sql'.",
    ),
    "a table where splits are tables": (
        "data: {path: p.d.t, format: bigquery}\nsplits: {given: {train: a, eval: b, test: c}}",
        "data.path: with splits.given, expected project.dataset, whose tables they name.",
    ),
    "no table to predict for": (
        "batch_prediction: {path: new.csv, format: bigquery}",
        "batch_prediction.path: expected a table as project.dataset.table",
    ),
    "a long delimiter": (
        'data: {path: x, delimiter: "||"}',
        "data.delimiter: expected a single character. Received: '||'.",
    ),
    "a quote as delimiter": (
        """data: {path: x, delimiter: '"'}""",
        "data.delimiter: a quote or a line break cannot stand between two cells.",
    ),
    "an unknown encoding": (
        "data: {path: x, encoding: utf-9}",
        "data.encoding: expected an encoding that Python knows, such as utf-8 or latin-1.",
    ),
    "a boolean for a missing value": (
        "data: {path: x, missing: [NO]}",
        "data.missing.0: expected text or a number (in quotes, if YAML takes it for a boolean). "
        "Received: false.",
    ),
    "an empty text for a missing value": (
        'data: {path: x, missing: [""]}',
        "data.missing.0: expected text that is not empty. Received: ''.",
    ),
    "an empty label": ('label: ""', "label: expected text that is not empty. Received: ''."),
    "a label without columns": (
        "label: {name: y}",
        "label.columns: missing, but required. The raw columns that are known in training only",
    ),
    "a class that stands twice": (
        "label: {name: y, columns: [y], classes: [a, b, a]}",
        "label.classes: a class stands twice",
    ),
    "one class alone": (
        "label: {name: y, columns: [y], classes: [a]}",
        "label.classes: expected at least two classes",
    ),
    "other outputs without the judged one": (
        "label: {name: y, columns: [y], other_outputs: {a: b}}",
        "label.other_outputs: needs 'output' beside it",
    ),
    "the judged output among the others": (
        "label: {name: y, columns: [y], output: a, other_outputs: {a: b}}",
        "label.other_outputs.a: it is the judged one already",
    ),
    "a class of no weight": (
        'training: {class_weights: {"0": 0}}',
        "training.class_weights.0: expected 'balanced', or a number above 0 for each class",
    ),
    "class weights by another word": (
        "training: {class_weights: even}",
        "training.class_weights: expected 'balanced', or a number above 0 for each class",
    ),
    "a label of no column": (
        "label: {name: y, columns: []}",
        "label.columns: expected at least one entry. Received: [].",
    ),
    "text for a list": ("beam: {args: --x}", "beam.args: expected a list. Received: '--x'."),
    "a number in a list": ("beam: {args: [--a, 1]}", "beam.args.1: expected text (in quotes,"),
    "a name with a space": (
        "serving: {name: a b}",
        "serving.name: expected letters, digits, '.', '_' and '-', the first a letter or digit.",
    ),
    "no metric": (
        "evaluation: {}",
        "evaluation.metrics: missing, but required. The metrics by the name of their class",
    ),
    "an empty set of metrics": (
        "evaluation: {metrics: {}}",
        "evaluation.metrics: expected at least one entry.",
    ),
    "no bound": (
        "evaluation: {metrics: {AUC: {}}}",
        "evaluation.metrics: no metric has a bound, so any model would be blessed.",
    ),
    "a share above one": (
        "evaluation: {metrics: {AUC: {at_least: 90}}}",
        "evaluation.metrics.AUC.at_least: AUC lies between 0 and 1. Received: 90.0.",
    ),
    "a share below zero in a slice": (
        "evaluation: {slices: [a], metrics: {AUC: {at_least: 0.5, per_slice: {a: {at_most: -1}}}}}",
        "evaluation.metrics.AUC.per_slice.a.at_most: AUC lies between 0 and 1. Received: -1.0.",
    ),
    "not a number": (
        "evaluation: {metrics: {AUC: {at_least: .nan}}}",
        "evaluation.metrics.AUC.at_least: expected a finite number. Received: nan.",
    ),
    "bounds that cross": (
        "evaluation: {metrics: {Calibration: {at_least: 1.2, at_most: 0.8}}}",
        "evaluation.metrics.Calibration: at_least (1.2) is above at_most (0.8).",
    ),
    "a comparison without direction": (
        "evaluation: {metrics: {Calibration: {at_least: 1, at_most: 2, max_regression: 0.1}}}",
        "evaluation.metrics.Calibration.max_regression: needs 'better: higher' or 'better: lower'",
    ),
    "a negative regression": (
        "evaluation: {metrics: {AUC: {at_least: 0.5, max_regression: -0.1}}}",
        "evaluation.metrics.AUC.max_regression: expected a number of at least 0. Received: -0.1.",
    ),
    "a bound on what is not sliced": (
        "evaluation: {slices: [month], metrics: {AUC: {at_least: 0.5, per_slice: {mont: {}}}}}",
        "evaluation.metrics.AUC.per_slice.mont: not among evaluation.slices; did you mean 'month'?",
    ),
    "a slice of nothing": (
        "evaluation: {slices: [[]], metrics: {AUC: {at_least: 0.5}}}",
        "evaluation.slices.0: expected at least one entry. Received: [].",
    ),
    "a misspelt bound": (
        "evaluation: {metrics: {AUC: {at_lest: 0.5}}}",
        "evaluation.metrics.AUC.at_lest: unknown key; did you mean 'at_least'?",
    ),
}


@pytest.mark.parametrize(("line", "expected"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_bad_key(root: Path, line: str, expected: str) -> None:
    key = line.partition(":")[0]
    kept = re.sub(rf"(?m)^{key}:.*\n(  .*\n)*", "", GOOD)
    write(root, kept + line)
    number = kept.count("\n") + 1
    assert f"models/m/config.yaml:{number}: {expected}" in message(root)


@pytest.mark.parametrize(
    ("path", "train", "expected"),
    [
        ("p.d", "a/*", "splits.given.train: of BigQuery: one table is read: write a query"),
        ("q.sql", "a", "splits.given: of a query there are no tables to give: name project."),
    ],
)
def test_given_splits_of_bigquery_are_tables(
    root: Path, path: str, train: str, expected: str
) -> None:
    data = f"data: {{path: {path}, format: bigquery}}"
    splits = f"splits: {{given: {{train: {train}, eval: b, test: c}}}}"
    write(root, GOOD.replace("data: {path: trips.csv}", f"{data}\n{splits}"))
    assert f"models/m/config.yaml:2: {expected}" in message(root)


def key_paths(kind: Any, path: str = "") -> Iterator[str]:
    """Every key of a section and below, dotted; `<...>` for a name that its author chooses."""
    if isinstance(kind, type) and issubclass(kind, Section):
        for key, field in kind.model_fields.items():
            here = f"{path}.{key}" if path else key
            yield here
            yield from key_paths(field.annotation, here)
    elif typing.get_origin(kind) is dict:
        yield from key_paths(typing.get_args(kind)[1], f"{path}.<...>")
    elif typing.get_origin(kind) in (types.UnionType, typing.Union):
        for one in typing.get_args(kind):
            yield from key_paths(one, path)


def documented_keys() -> set[str]:
    text = (project.ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    return {re.sub("<.*?>", "<...>", key) for key in re.findall(r"`([\w.<>]+)`", text)}


def test_what_is_missing_is_named_by_text_or_number(root: Path) -> None:
    config = load("m", ['data.missing=[NA, "?", -999, 1.5, .inf]'], root)
    assert config.data.missing == ("NA", "?", "-999", "1.5", "inf")


def test_every_key_is_documented() -> None:
    assert set(key_paths(ModelConfig)) - documented_keys() == set()
    of_targets = {re.sub("^(vertex|kfp)[.]", "<...>.", key) for key in key_paths(targets.schema())}
    assert of_targets - documented_keys() == set()


def test_the_example_in_the_documentation_is_good(root: Path) -> None:
    text = (project.ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL):
        if "# targets.yaml" in block:
            (root / "targets.yaml").write_text(block)
            targets.read(root)
            continue
        write(root, block)
        load("m", root=root)


@pytest.mark.parametrize(
    ("label", "required"),
    [
        ("{name: y, columns: [y]}", ("y",)),
        ("{name: y, columns: [y, z]}", ("y",)),
        ("{name: big, columns: [y, z]}", ("y", "z")),
        ("{name: y, columns: [y], missing: keep}", ()),
    ],
)
def test_the_columns_without_which_a_row_has_no_label(
    root: Path, label: str, required: tuple[str, ...]
) -> None:
    assert load("m", [f"label={label}"], root).label.required == required


def test_a_metric_of_a_class_that_there_is_not(root: Path) -> None:
    write(
        root,
        "data: {path: trips.csv}\nlabel: {name: t, columns: [t], classes: [a, b]}\n"
        "evaluation: {metrics: {AUC: {at_least: 0.5, options: {class_id: 2}}}}\n",
    )
    assert (
        "evaluation.metrics.AUC.options.class_id: expected a class of label.classes, 0 to 1. "
        "Received: 2."
    ) in message(root)


def test_the_room_monitoring_reads_the_same_keys() -> None:
    ours, theirs = model_config.Monitoring.model_fields, settings.Settings.model_fields
    assert list(ours) == list(theirs)
    for key, one in ours.items():
        assert one.description == theirs[key].description, key
    assert typing.get_args(model_config.Difference) == typing.get_args(settings.Difference)
    defaults = model_config.Monitoring().model_dump()
    assert defaults == settings.Settings().model_dump()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("window_rows", "0"),
        ("window_rows", "1.5"),
        ("window_rows", "'x'"),
        ("window_hours", "0"),
        ("window_hours", ".nan"),
        ("false_alarms", "0"),
        ("false_alarms", "1"),
        ("alarm_on", "[label]"),
        ("alarm_on", "outputs"),
        ("ignore", "x"),
        ("matters_from", "{PSI: 0}"),
        ("matters_from", "0.2"),
        ("matters_from", "{psi: 0.2}"),
        ("matters_from", "{1: 0.2}"),
        ("on_alarm", "panic"),
        ("cool_down_hours", "-1"),
        ("retrainings_a_week", "-1"),
        ("canary_share", "1"),
        ("canary_share", "0"),
        ("label", "1"),
        ("export_labelled", "[a]"),
        ("windows", "1"),
    ],
)
def test_both_refuse_the_same_values(root: Path, key: str, value: str) -> None:
    given = {key: yaml.safe_load(value)}
    with pytest.raises(ConfigError) as caught:
        load("m", [f"monitoring.{key}={value}"], root)
    assert f"monitoring.{key}" in str(caught.value)
    with pytest.raises(pydantic.ValidationError):
        settings.Settings.model_validate(given)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("len(y) > 1", "no formula of columns: 'len(y)' is no part of a formula"),
        ("y >", "no formula of columns: it cannot be read"),
        ("x > 1", "names none of label.columns (y), without which no label can be known"),
    ],
)
def test_what_is_no_formula_of_a_label_is_refused(root: Path, value: str, told: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load("m", [f"monitoring.label={value}", "label=y"], root)
    assert "monitoring.label: " in str(caught.value) and told in str(caught.value)
    assert load("m", ["monitoring.label=y > 2 * x", "label=y"], root).monitoring.label
