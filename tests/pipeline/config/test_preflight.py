"""Mistakes in a model's folder and data that are told before anything runs."""

from __future__ import annotations

import dataclasses
import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

import models
from components.tables import TableSummary
from models.common import model_folder
from models.common.errors import ConfigError, DataError, ModelCodeError, ProjectError, RunError
from pipeline.config import preflight, project
from pipeline.config.loading import load
from pipeline.config.model_config import ModelConfig

CONFIG = """\
data: {path: data/*.csv}
label: {name: big, columns: [tip]}
evaluation:
  slices: [city]
  metrics: {AUC: {at_least: 0.5}}
"""
ROWS = "fare,city,tip\n" + "".join(f"{i}.5,Rome,{i % 3}\n" for i in range(20))
SCHEMA = """\
feature { name: "fare" type: FLOAT }
feature { name: "city" type: BYTES }
feature { name: "tip" type: INT }
feature { name: "when" type: TYPE_UNKNOWN }
"""

_numbers = itertools.count()


@dataclasses.dataclass
class Project:
    """A project in a folder of its own, with one model that has nothing wrong."""

    root: Path
    model: str

    def write(self, name: str, content: str | bytes) -> Project:
        """Writes a file of the model's folder, or below `data/`."""
        folder = self.root if name.startswith("data/") else self.root / "models" / self.model
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def remove(self, name: str) -> Project:
        """Removes a file of the model's folder."""
        (self.root / "models" / self.model / name).unlink()
        return self

    def config(self, *overrides: str) -> ModelConfig:
        """The model's configuration."""
        return load(self.model, overrides, self.root)

    def check(self, *overrides: str) -> TableSummary | None:
        """Runs the check."""
        return preflight.check(self.model, self.config(*overrides), self.root)


@pytest.fixture
def good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    # Another name each time, because Python imports a module once.
    made = Project(tmp_path, f"m{next(_numbers)}")
    for name in ("preprocessing.py", "model.py", "search_space.py"):
        made.write(name, "")
    made.write("features.py", 'INPUTS = ("fare", "city")\n')
    made.write("config.yaml", CONFIG)
    made.write("data/t.csv", ROWS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(tmp_path / "models")])
    monkeypatch.setattr(model_folder, "MODELS", tmp_path / "models")
    return made


def test_nothing_wrong_gives_what_the_data_holds(good: Project) -> None:
    summary = good.check()
    assert summary is not None
    assert summary.rows == 20
    assert summary.names == ("fare", "city", "tip")
    assert not (good.root / "runs").exists()


def test_the_shipped_model_passes() -> None:
    assert preflight.check("taxi", load("taxi")) is not None


Mistake = Callable[[Project], object]

BAD: dict[str, tuple[Mistake, type[ProjectError], str, str]] = {
    # what: (how, the error, its headline with M for the model's name, a part of the rest)
    "no network": (
        lambda p: p.remove("model.py"),
        ConfigError,
        "models/M/model.py does not exist",
        "models/taxi/model.py is an example",
    ),
    "a file misspelt": (
        lambda p: p.remove("preprocessing.py").write("preprocesing.py", ""),
        ConfigError,
        "models/M/preprocessing.py does not exist; did you mean 'preprocesing.py'?",
        "The folder has: config.yaml, features.py, model.py, preprocesing.py, search_space.py.",
    ),
    "no search space": (
        lambda p: p.remove("search_space.py"),
        ConfigError,
        "models/M/search_space.py does not exist",
        "Write it",
    ),
    "frozen, without hyperparameters": (
        lambda p: p.write("config.yaml", CONFIG + "tuning: {mode: frozen}\n"),
        ConfigError,
        "models/M/hyperparameters.json cannot be read, which 'tuning.mode: frozen' needs",
        "python -m pipeline freeze-hyperparameters M",
    ),
    "hyperparameters that are not JSON": (
        lambda p: p.write("hyperparameters.json", '{\n"a" 1\n}'),
        ConfigError,
        "models/M/hyperparameters.json:2: not valid JSON",
        "Expected: a mapping of hyperparameters.",
    ),
    "hyperparameters that are a list": (
        lambda p: p.write("hyperparameters.json", "[1]"),
        ConfigError,
        "models/M/hyperparameters.json is not a mapping",
        "Received: [1]",
    ),
    "features that do not parse": (
        lambda p: p.write("features.py", "x = 1\nINPUTS = (\n"),
        ModelCodeError,
        "models/M/features.py:2: importing models/M/features.py failed with SyntaxError",
        "'(' was never closed",
    ),
    "features that cannot be imported": (
        lambda p: p.write("features.py", "x = 1\nimport nonsense_\n"),
        ModelCodeError,
        "models/M/features.py:2: importing models/M/features.py failed with ModuleNotFoundError",
        "No module named 'nonsense_'",
    ),
    "no INPUTS": (
        lambda p: p.write("features.py", "INPUT = ()\n"),
        ModelCodeError,
        "models/M/features.py does not say which columns the model reads",
        "Received: no such name.",
    ),
    "INPUTS that is one name": (
        lambda p: p.write("features.py", 'INPUTS = ("fare")\n'),
        ModelCodeError,
        "models/M/features.py does not say which columns the model reads",
        "Received: 'fare'.",
    ),
    "a label among the inputs": (
        lambda p: p.write("features.py", 'INPUTS = ("fare", "tip")\n'),
        ConfigError,
        "models/M/features.py: INPUTS has 'tip', which label.columns has too",
        "Remove it from INPUTS",
    ),
    "an input that the data lacks": (
        lambda p: p.write("features.py", 'INPUTS = ("fares",)\n'),
        ModelCodeError,
        "models/M/features.py: INPUTS: the data has no column 'fares'; did you mean 'fare'?",
        "data/t.csv has: fare, city, tip.",
    ),
    "a label that the data lacks": (
        lambda p: p.write("config.yaml", CONFIG.replace("[tip]", "[tips]")),
        ConfigError,
        "models/M/config.yaml: label.columns: the data has no column 'tips'; did you mean 'tip'?",
        "data/t.csv has: fare, city, tip.",
    ),
    "a slice that the data lacks": (
        lambda p: p.write("config.yaml", CONFIG.replace("[city]", "[[city, day]]")),
        ConfigError,
        "models/M/config.yaml: evaluation.slices: the data has no column 'day'",
        "data/t.csv has: fare, city, tip.",
    ),
    "a constant label": (
        lambda p: p.write("data/t.csv", "fare,city,tip\n" + "1,Rome,0\n2,Bonn,0\n" * 10),
        DataError,
        "The label column 'tip' is constant: there is nothing to learn",
        "Received: the value 0 in all 20 rows.",
    ),
    "a label without values": (
        lambda p: p.write("data/t.csv", "fare,city,tip\n" + "1,Rome,\n2,Bonn,\n" * 10),
        DataError,
        "The label column 'tip' is constant: there is nothing to learn",
        "Received: no value in all 20 rows.",
    ),
    "an input without values": (
        lambda p: p.write("data/t.csv", "fare,city,tip\n" + ",Rome,0\n,Bonn,1\n" * 10),
        DataError,
        "The column 'fare' has no value in any row",
        "Received: 20 empty cells.",
    ),
    "too few rows": (
        lambda p: p.write("data/t.csv", ROWS[: ROWS.index("9.5")]),
        DataError,
        "9 rows are too few to be split",
        "Expected: at least 10, so that 'eval' gets one (1 of 10). Received: 9 in data/t.csv.",
    ),
    "no data": (
        lambda p: p.write("config.yaml", CONFIG.replace("*.csv", "u.csv")),
        DataError,
        "No file matches data/u.csv; did you mean 't.csv'?",
        "The folder data has: t.csv.",
    ),
    "data that cannot be read": (
        lambda p: p.write("data/t.csv", "fare,city,tip\n1,2\n"),
        DataError,
        "data/t.csv:2: 2 cells where the header has 3",
        "Received 2: 1,2",
    ),
    "empty TFRecord": (
        lambda p: p.write("data/t.tfrecord", "").write(
            "config.yaml", CONFIG.replace("*.csv", "t.tfrecord, format: tfrecord")
        ),
        DataError,
        "data/t.tfrecord is empty",
        "Expected: TFRecord",
    ),
    "a schema that does not parse": (
        lambda p: p.write("schema.pbtxt", 'feature { name: "fare" type: FLOTE }'),
        ConfigError,
        "models/M/schema.pbtxt is not a schema",
        "python -m pipeline freeze-schema M",
    ),
    "a file where the runs go": (
        lambda p: (p.root / "runs").write_text(""),
        RunError,
        "runs is not a folder",
        "Make runs a folder",
    ),
    "a file where the models go": (
        lambda p: (p.root / "serving_models").write_text(""),
        RunError,
        "serving_models is not a folder",
        "Make serving_models a folder",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_mistake_is_told(what: str, good: Project) -> None:
    make, kind, headline, more = BAD[what]
    make(good)
    with pytest.raises(ProjectError) as caught:
        good.check()
    assert type(caught.value) is kind
    assert caught.value.headline == headline.replace("M/", f"{good.model}/")
    rest = f"{caught.value.detail} {caught.value.remedy}"
    assert (
        more.replace("freeze-schema M", f"freeze-schema {good.model}").replace(
            "hyperparameters M", f"hyperparameters {good.model}"
        )
        in rest
    )
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("mode", "files"),
    [("frozen", {"hyperparameters.json": "{}"}), ("always", {"hyperparameters.json": "not read"})],
)
def test_only_what_the_tuning_mode_needs_is_asked_for(
    good: Project, mode: str, files: dict[str, str]
) -> None:
    if mode == "frozen":
        good.remove("search_space.py")
    for name, content in files.items():
        good.write(name, content)
    assert good.check(f"tuning.mode={mode}") is not None


@pytest.mark.parametrize(
    "gone", [pytest.param(column, id=column) for column in ("fare", "city", "tip")]
)
def test_a_column_that_the_frozen_schema_knows_is_left_to_the_gate(
    good: Project, gone: str
) -> None:
    good.write("schema.pbtxt", SCHEMA)
    good.write("data/t.csv", ROWS.replace(gone, "other", 1))
    assert good.check("splits.train=2") is not None


def test_a_column_that_nothing_knows_is_told_with_a_frozen_schema_too(good: Project) -> None:
    good.write("schema.pbtxt", SCHEMA)
    good.write("features.py", 'INPUTS = ("fare", "day")\n')
    with pytest.raises(ModelCodeError, match="the data has no column 'day'"):
        good.check()


def test_data_elsewhere_and_tfrecord_are_not_read(good: Project) -> None:
    assert good.check("data.path=gs://bucket/*.csv") is None
    good.write("data/t.tfrecord", b"anything")
    assert good.check("data.path=data/*.tfrecord", "data.format=tfrecord") is None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to_is_told(good: Project) -> None:
    (good.root / "runs").mkdir(mode=0o500)
    with pytest.raises(RunError, match="The folder runs cannot be written to"):
        good.check()


def test_what_the_system_says_of_a_folder_is_told(
    good: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(RunError) as caught:
        good.check()
    assert caught.value.headline == "The folder runs cannot be written to"
    assert caught.value.detail == "Received: No space left on device."


def test_nothing_heavy_is_imported() -> None:
    heavy = "{'tensorflow', 'tfx', 'apache_beam', 'tensorflow_data_validation'}"
    code = f"import sys, pipeline.config.preflight; print({heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project.ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"
