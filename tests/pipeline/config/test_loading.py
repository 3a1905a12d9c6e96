"""Reading a model's configuration: which model, which overrides."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from models.common.errors import ConfigError
from pipeline.config import loading, project
from pipeline.config.loading import load
from tests.pipeline.config_files import GOOD, message, write


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
    told = "models/n/config.yaml cannot be read\nReceived: it is a folder, not a file."
    assert told in message(root, model="n")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("my-model", "Rename the folder models/my-model, such as to my_model."),
        ("class", "'class' is a word of Python's own"),
        ("None", "Rename the folder models/None, such as to model_None."),
        ("common", "'common' is the folder of what all models share"),
        ("rehearsals", "'rehearsals' is the folder in runs/ that rehearsals write to"),
        ("2nd", "such as to model_2nd"),
        ("a b", "such as to a_b."),
    ],
)
def test_a_folder_whose_name_no_model_can_have(root: Path, name: str, told: str) -> None:
    """The message does not name the very same name as what may have been meant."""
    write(root, GOOD)
    (root / "models" / "m").rename(root / "models" / name)
    text = message(root, model=name)
    assert f"'{name}' is not a model's name\n" in text
    assert told in text
    assert "did you mean" not in text


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, "taxi"),
        ({"PIPELINE_MODEL": "tiny"}, "tiny"),
        ({"PIPELINE_WORKSPACE": "/a", "PIPELINES_ID": "7"}, "taxi"),
        ({"PIPELINE_MODLE": "tiny"}, "PIPELINE_MODLE means nothing; did you mean PIPELINE_MODEL?"),
        ({"PIPELINE_MODELS": "tiny"}, "PIPELINE_MODELS means nothing"),
        ({"PIPELINE_TARGTE": "vertex"}, "did you mean PIPELINE_TARGET?"),
        ({"PIPLINE_IMAGE": "a"}, "did you mean PIPELINE_IMAGE?"),
    ],
)
def test_a_misspelt_variable_is_not_passed_over(
    variables: dict[str, str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    try:
        assert loading.model_of_environment() == told
    except ConfigError as error:
        assert told in str(error)
