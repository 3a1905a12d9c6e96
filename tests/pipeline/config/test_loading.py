"""Bad configs and overrides, each with the message that a person reads."""

from __future__ import annotations

import re
import subprocess
import sys
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from models.common.errors import ConfigError
from pipeline.cloud import targets
from pipeline.config import project
from pipeline.config.base import Section
from pipeline.config.loading import load
from pipeline.config.model_config import ModelConfig

GOOD = """\
data: {path: trips.csv}
label: tips
evaluation:
  slices: [company, [company, month]]
  metrics:
    AUC: {at_least: 0.5}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one model, `m`, whose config is good."""
    write(tmp_path, GOOD)
    return tmp_path


def write(root: Path, text: str | bytes) -> None:
    path = root / "models" / "m" / "config.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())


def message(root: Path, *overrides: str, model: str = "m") -> str:
    with pytest.raises(ConfigError) as caught:
        load(model, overrides, root=root)
    return str(caught.value)


def test_what_is_not_said_has_a_default(root: Path) -> None:
    config = load("m", root=root)
    assert config.label.name == "tips" and config.label.columns == ("tips",)
    assert config.evaluation.slices == (("company",), ("company", "month"))
    assert config.splits.train == 8 and config.training.steps_per_epoch is None


def test_the_shipped_models_are_good() -> None:
    for model in project.model_names():
        load(model)


def test_reading_a_config_needs_the_root_dependencies_only() -> None:
    code = (
        "import sys; from pipeline.config import loading; loading.load('taxi');"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.ROOT, capture_output=True, text=True, check=True
    )
    heavy = {"apache_beam", "keras", "numpy", "pandas", "pyarrow", "tensorflow", "tfx"}
    assert heavy.isdisjoint(done.stdout.split())


BAD_FILES = {
    "an empty file": ("", "models/m/config.yaml holds no keys"),
    "only comments": ("# data: {}\n", "Received: nothing. Expected: a mapping"),
    "a list": ("- data", "Received: a list. Expected: a mapping"),
    "a word": ("data", "Received: a value. Expected: a mapping"),
    "not YAML": (
        GOOD + "beam: {args: [",
        "config.yaml:7: not valid YAML: while parsing a flow node, expected the node content",
    ),
    "a tab": (GOOD + "splits:\n\ttrain: 8", "config.yaml:8: not valid YAML: while scanning"),
    "two documents": (GOOD + "---\nbeam: {}", "config.yaml:7: not valid YAML: expected a single"),
    "another encoding": (b"label: \xff\n", "models/m/config.yaml is not UTF-8 text"),
    "a binary file": ("data: \x00", "config.yaml has a character that YAML forbids"),
    "a loop": (GOOD + "beam: &here {args: [*here]}", "config.yaml is nested too deeply"),
    "very deep": ("a: " + "[" * 800, "config.yaml is nested too deeply"),
    "a tag": (GOOD + "beam: !!python/name:os.system x", "'beam' has the tag !!python/name:os.syst"),
    "a tag that lies": (GOOD + "beam: !!int x", "config.yaml is not valid YAML"),
    "a key that is a number": (GOOD + "1: x", "config.yaml:7: the key 1 is not text"),
    "a key that is a boolean": (GOOD + "on: x", "config.yaml:7: the key on is not text"),
    "a key that is a list": (GOOD + "? [a]\n: x", "config.yaml:7: a list stands where a key"),
    "a key twice": (
        GOOD + "splits: {train: 3, eval: 1, train: 4}",
        "config.yaml:7: the key 'splits.train' stands twice\nIt was first set in line 7.",
    ),
    "nothing required is there": (
        "splits: {train: 3}",
        "models/m/config.yaml has 3 problems\n"
        "models/m/config.yaml: data: missing, but required. Where the examples are",
    ),
    "a required key is missing": (
        GOOD.replace("path", "format"),
        "config.yaml:1: data.path: missing, but required. A file, a folder or a glob",
    ),
}


@pytest.mark.parametrize(("text", "expected"), BAD_FILES.values(), ids=BAD_FILES)
def test_bad_file(root: Path, text: str | bytes, expected: str) -> None:
    write(root, text)
    assert expected in message(root)


# One line of YAML after a good file (or in its place, where the key is there already), and what is
# said about that line after the file's name and line.
BAD_KEYS = {
    "misspelt section": (
        "splts: {}",
        "splts: unknown key; did you mean 'splits'? Known here: data,",
    ),
    "misspelt key": (
        "splits: {trian: 3}",
        "splits.trian: unknown key; did you mean 'train'? Known here: train, eval, test.",
    ),
    "unknown key": ("beam: {x: 1}", "beam.x: unknown key. Known here: args."),
    "a value for a section": (
        "splits: 8",
        "splits: expected a mapping with the keys train, eval, test. Received: 8.",
    ),
    "a list for a section": (
        "label: [tips]",
        "label: expected a mapping with the keys name, columns. Received: ['tips'].",
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
        "data.format: expected 'csv', 'tfrecord', 'parquet' or 'avro'; did you mean 'parquet'?",
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
    "an empty label": ('label: ""', "label: expected text that is not empty. Received: ''."),
    "a label without columns": (
        "label: {name: y}",
        "label.columns: missing, but required. The raw columns that are known in training only",
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


BAD_OVERRIDES = {
    "no value": (
        "splits",
        "--set splits: not a key and a value\nReceived: 'splits'. Expected: key=",
    ),
    "no key": ("=3", "--set =3: not a key and a value"),
    "a gap in the key": ("splits..train=3", "--set splits..train=3: not a key and a value"),
    "not YAML": ("splits.train=[", "--set splits.train=[: not valid YAML: while parsing a flow"),
    "a key twice": ("splits={test: 1, test: 2}", "test: 2}: the key 'test' stands twice"),
    "wrong type": ("splits.train=x", "--set splits.train: expected a whole number. Received: 'x'."),
    "misspelt key": (
        "trainin.epochs=3",
        "--set trainin.epochs: unknown key; did you mean 'training'?",
    ),
    "below a value": (
        "data.path.x=3",
        "--set data.path.x=3: 'data.path' has no keys below it\nReceived: 'trips.csv'",
    ),
    "below a list": (
        "evaluation.slices.0=x",
        "--set evaluation.slices.0=x: 'evaluation.slices' has no keys below it",
    ),
    "a share above one": (
        "evaluation.metrics.AUC.at_least=7",
        "--set evaluation.metrics.AUC.at_least: AUC lies between 0 and 1. Received: 7.0.",
    ),
    "the only bound removed": (
        "evaluation.metrics.AUC.at_least=null",
        "--set evaluation.metrics.AUC.at_least: no metric has a bound",
    ),
}


@pytest.mark.parametrize(("setting", "expected"), BAD_OVERRIDES.values(), ids=BAD_OVERRIDES)
def test_bad_override(root: Path, setting: str, expected: str) -> None:
    assert expected in message(root, setting)


def test_problems_of_file_and_options_are_told_together(root: Path) -> None:
    write(root, GOOD + "beam: {args: x}")
    text = message(root, "splits.train=0", "tuning.mode=never")
    assert text.startswith("models/m/config.yaml has 3 problems\n")
    assert "\n--set splits.train: expected a number above 0." in text
    assert "\n--set tuning.mode: expected 'always', 'when_missing' or 'frozen'." in text
    assert "\nmodels/m/config.yaml:7: beam.args: expected a list." in text


def test_overrides_apply_in_order_and_make_sections(root: Path) -> None:
    settings = ["splits.train=3", "splits.train=4", "training.early_stopping_patience=2"]
    config = load("m", [*settings, "evaluation.metrics.AUC.at_least=6e-1"], root=root)
    assert (config.splits.train, config.splits.test) == (4, 1)
    assert config.training.early_stopping_patience == 2
    assert config.evaluation.metrics["AUC"].at_least == 0.6


def test_an_override_leaves_what_an_alias_shares_alone(root: Path) -> None:
    text = GOOD.replace("AUC: {at_least", "F1Score: &same {at_least") + "    Precision: *same\n"
    write(root, text)
    metrics = load("m", ["evaluation.metrics.Precision.at_least=0.9"], root=root).evaluation.metrics
    assert (metrics["F1Score"].at_least, metrics["Precision"].at_least) == (0.5, 0.9)


@pytest.mark.parametrize(
    "text", ["\ufeff" + GOOD, GOOD + "splits:\n  # train: 8\n", GOOD + "beam:"]
)
def test_a_byte_order_mark_and_an_empty_section_are_fine(root: Path, text: str) -> None:
    write(root, text)
    assert load("m", root=root).splits.train == 8


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("n", "There is no model 'n'\nModels here: m.\nName one of these, or create models/n/"),
        ("mm", "There is no model 'mm'; did you mean 'm'?"),
        ("empty", "models/empty/config.yaml does not exist\nThe folder models/empty is there"),
        ("../m", "'../m' is not a model's name"),
        ("", "'' is not a model's name"),
        ("x" * 5000, "There is no model 'xxx"),
        ("a\0b", "is not a model's name"),
    ],
)
def test_bad_model_name(root: Path, model: str, expected: str) -> None:
    (root / "models" / "empty").mkdir()
    assert expected in message(root, model=model)


def test_a_folder_in_the_config_s_place(root: Path) -> None:
    (root / "models" / "n" / "config.yaml").mkdir(parents=True)
    assert "models/n/config.yaml cannot be read\nIs a directory." in message(root, model="n")


def leaves() -> st.SearchStrategy[Any]:
    return st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


KEYS = st.sampled_from(["path", "name", "columns", "metrics", "slices", "AUC", "at_least", "args"])
SECTIONS = st.sampled_from(sorted(ModelConfig.model_fields))
GARBAGE = st.recursive(
    leaves(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(KEYS | SECTIONS | st.text(max_size=4) | st.integers(), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tree=st.dictionaries(SECTIONS, GARBAGE, max_size=9) | GARBAGE, value=GARBAGE)
@example(tree={"label": {"name": {}, "columns": [[]]}}, value={})
def test_garbage_raises_nothing_but_config_errors(root: Path, tree: Any, value: Any) -> None:
    write(root, yaml.safe_dump(tree))
    dumped = yaml.safe_dump(value, default_flow_style=True).removesuffix("...\n").strip()
    setting = f"evaluation.metrics.AUC={dumped}"
    for overrides in ([], [setting]):
        try:
            load("m", overrides, root=root)
        except ConfigError as error:
            places = ["models/m/config.yaml"]
            if overrides:
                places += [f"--set {setting}", "The --set options have "]
            assert error.headline.startswith(tuple(places))
            assert error.detail and error.remedy


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.sampled_from("ab:-[]{}#&*!?|>%@`'\" \n\t,0.~=<é\x00"), max_size=40))
def test_any_text_raises_nothing_but_config_errors(root: Path, text: str) -> None:
    write(root, text)
    with pytest.raises(ConfigError):
        load("m", root=root)


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
