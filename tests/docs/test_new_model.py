"""The worked example in docs/new-model.md, followed as it stands there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from components import tables
from pipeline.config import model_files, split_check, yaml_file
from pipeline.config.model_config import ModelConfig
from tests.helpers.paths import ROOT

PAGE = (ROOT / "docs" / "new-model.md").read_text(encoding="utf-8")
FILES = dict(
    re.findall(r"^\*\*`([\w/.]+)`\*\*\n\n```\w+\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project, with the example's files and data."""
    folder = tmp_path_factory.mktemp("new-model") / "project"
    for name in ("pipeline", "components", "models", "data"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in ("pyproject.toml", ".python-version"):
        shutil.copy(ROOT / name, folder)
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    python(folder, "data/rents/generate.py")
    return folder


def python(folder: Path, *arguments: str) -> str:
    """Runs Python in the folder; returns what it printed, once it has succeeded."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_page_has_every_file() -> None:
    needed = ("__init__", "features", "preprocessing", "search_space", "model")
    expected = {f"models/rents/{name}.py" for name in needed}
    others = {
        "models/rents/config.yaml",
        "models/rents/heating_model.py",
        "data/rents/generate.py",
    }
    assert set(FILES) == expected | others


def test_the_folder_is_a_model_without_mistakes(copy: Path) -> None:
    assert "rents" in python(copy, "-m", "pipeline", "models").split()
    code = (
        "from pipeline.config import preflight\n"
        "from pipeline.config import loading\n"
        "print(preflight.check('rents', loading.load('rents')).rows)"
    )
    assert python(copy, "-c", code).strip() == "4000"


def test_the_code_keeps_to_the_project_s_rules(copy: Path) -> None:
    python(copy, "-m", "ruff", "check", "--quiet", "models/rents", "data/rents")
    python(copy, "-m", "ruff", "format", "--check", "--quiet", "models/rents", "data/rents")


def ways_to_read_and_split() -> list[str]:
    part = PAGE.partition("## Data that comes in spans")[2].partition("## Missing values")[0]
    return re.findall(r"```yaml\n(.*?)```", part, re.DOTALL)


@pytest.mark.parametrize("text", ways_to_read_and_split())
def test_each_way_to_read_and_to_split_works(tmp_path: Path, text: str) -> None:
    given, _ = yaml_file.parse(text, "config.yaml")
    rest = {"label": "y", "evaluation": {"metrics": {"AUC": {"at_least": 0}}}}
    config = ModelConfig.model_validate({"data": {"path": "data/all"}, **rest, **given})
    lines = [f"{n % 50},2025-{n % 5 + 1:02}-{n % 28 + 1:02},{n},{n % 2}\n" for n in range(400)]
    for name in ("all/x", "trips/2025-01-30/x", "trips/train/x", "trips/valid", "trips/test/x"):
        path = tmp_path / "data" / f"{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("user_id,day,x,y\n" + "".join(lines))
    source = model_files.table_source(config, tmp_path)
    split_check.check("m", config, source, tables.scan(source), tmp_path)


@pytest.mark.slow
@pytest.mark.tfx
def test_code_that_reads_a_file_beside_it_is_hashed_with_it(copy: Path) -> None:
    section = PAGE.partition("## What the code may use")[2]
    found = re.search(r"^```python\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert found
    (copy / "models/rents/words.py").write_text(found[1], encoding="utf-8")
    (copy / "models/rents/stop_words.txt").write_text("a the\n", encoding="utf-8")
    code = (
        "from components.code_hash import file_hashes\n"
        "from models.rents import words\n"
        "hashed = file_hashes('models.rents.words')\n"
        "print(words.STOP_WORDS, 'models/rents/stop_words.txt' in hashed)"
    )
    assert python(copy, "-c", code).splitlines()[-1] == "['a', 'the'] True"


@pytest.mark.tfx
@pytest.mark.slow
def test_the_pipeline_can_be_wired(copy: Path) -> None:
    code = (
        "from models.common import model_folder\n"
        "from pipeline.config import loading\n"
        "from pipeline.graph.pipeline import create_pipeline\n"
        "create_pipeline('rents', loading.load('rents'))\n"
        "model_folder.function('rents', 'preprocessing', 'preprocessing_fn')\n"
        "model_folder.function('rents', 'model', 'build_model')\n"
        "model_folder.function('rents', 'heating_model', 'build_model')\n"
    )
    python(copy, "-c", code)


@pytest.mark.e2e
def test_the_example_is_pushed_and_pushed_again_once_frozen(copy: Path) -> None:
    first = python(copy, "-m", "pipeline", "run", "rents")
    assert "Blessed and pushed" in first
    python(copy, "-m", "pipeline", "freeze-schema", "rents")
    python(copy, "-m", "pipeline", "freeze-hyperparameters", "rents")
    second = python(copy, "-m", "pipeline", "run", "rents")
    assert "FrozenSchema" in second
    assert "Tuner" not in second
    assert "Blessed and pushed" in second
    versions = list((copy / "serving_models" / "rents").glob("*/saved_model.pb"))
    assert len(versions) == 2


def blocks(section: str, language: str) -> list[str]:
    """The code of a section of the page."""
    text = PAGE.split(f"\n### {section}\n", 1)[1].split("\n### ", 1)[0].split("\n## ", 1)[0]
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def judged_by(evaluation: str) -> Any:
    tree = yaml.safe_load(evaluation)
    return ModelConfig.model_validate({"data": {"path": "x"}, "label": "y", **tree})


@pytest.mark.tfx
def test_two_metrics_of_one_class_and_crossed_slices_are_told_to_tfma() -> None:
    from pipeline.graph.eval_config import eval_config

    [config] = blocks("Two metrics of one class, and slices of crossed features", "yaml")
    specs = eval_config("taxi", judged_by(config)).metrics_specs
    found = {
        tuple(spec.binarize.class_ids.values): [metric.class_name for metric in spec.metrics]
        for spec in specs
    }
    assert found[(0,)] == found[(1,)] == ["Recall"]
    bounds = specs[0].metrics[0].per_slice_thresholds
    assert [dict(one.slicing_specs[0].feature_values) for one in bounds] == [
        {"sex": "f", "region": "south"},
        {},
        {},
    ]


@pytest.mark.tfx
def test_a_metric_of_your_own_measures_what_it_says(tmp_path: Path) -> None:
    [code] = blocks("A metric of your own", "python")
    [config] = blocks("A metric of your own", "yaml")
    [(name, metric)] = judged_by(config).evaluation.metrics.items()
    (tmp_path / "metrics.py").write_text(code)
    python(tmp_path, "-m", "ruff", "check", "--quiet", "--isolated", "metrics.py")
    names: dict[str, Any] = {}
    exec(code, names)
    made = names[name](**metric.options)
    labels = np.full((3, 1), 10.0)
    made.update_state(labels, np.array([[12.0], [8.5], [13.0]]))
    assert float(made.result()) == pytest.approx(2 / 3)


def test_the_commands_for_a_change_of_columns_are_there() -> None:
    [commands] = blocks("After a change of columns, types or the label", "sh")
    for line in commands.splitlines():
        command = line.partition("#")[0].split()
        assert "--drop" in python(ROOT, *command[1:4], "--help")
