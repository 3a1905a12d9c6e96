"""What `check` finds of a model's data."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

import models
from models.common import model_folder
from models.common.errors import ConfigError, DataError
from pipeline.scaffold import inspection
from tests.pipeline.scaffold import tables

N = 300
_DRAW = random.Random(14)
CONFIG = """
data: {path: t.csv}
label: y
evaluation: {metrics: {AUC: {at_least: 0.5}}}
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a model of a name that no other test imports."""
    folder = tmp_path / "models" / f"seen{abs(hash(tmp_path))}"
    folder.mkdir(parents=True)
    for name in ("preprocessing.py", "model.py", "search_space.py"):
        (folder / name).write_text("")
    (folder / "features.py").write_text('INPUTS = ("id", "late", "leak", "x", "gap")\n')
    (folder / "config.yaml").write_text(CONFIG)
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(tmp_path / "models")])
    monkeypatch.setattr(model_folder, "MODELS", tmp_path / "models")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def columns() -> dict[str, list[Any]]:
    label = [None if n % 10 == 0 else _DRAW.randint(0, 1) for n in range(N)]
    return {
        "id": list(range(N)),
        "late": [None if one is None else _DRAW.random() for one in label],
        "leak": [_DRAW.random() + 5 * (one or 0) for one in label],
        "x": ["NA" if n == 5 else _DRAW.random() for n in range(N)],
        "gap": [n if n % 4 == 0 else None for n in range(N)],
        "unread": ["same"] * N,
        "y": label,
    }


def inspect(root: Path) -> inspection.Inspection:
    [model] = [path.name for path in (root / "models").iterdir()]
    return inspection.inspect(model, lambda _: None, root)


def test_types_roles_suspects_and_splits(root: Path) -> None:
    tables.write(root, columns())
    found = inspect(root)
    by_name = {column.name: column for column in found.columns}
    assert (found.rows, found.without_label) == (N, N // 10)
    assert sum(found.splits.values()) == N - N // 10 and min(found.splits.values()) > 0
    assert {name: column.role for name, column in by_name.items()} == {
        **dict.fromkeys(("id", "late", "leak", "x", "gap"), "input"), "unread": "", "y": "label"
    }  # fmt: skip
    assert by_name["id"].type == "INT" and by_name["unread"].type == "STRING"
    said = {name: " ".join(column.suspicions) for name, column in by_name.items()}
    assert "identifier" in said["id"] and "AUC of 1.000" in said["leak"]
    assert "without a label" in said["late"] and "missing in 75.0%" in said["gap"]
    assert "'NA' in 1 rows: name it in data.missing" in said["x"]
    assert said["unread"] == "" and said["y"] == ""
    assert by_name["gap"].missing == N * 3 // 4


def test_what_a_run_would_refuse_is_refused(root: Path) -> None:
    tables.write(root, {name: cells for name, cells in columns().items() if name != "leak"})
    with pytest.raises(Exception, match="the data has no column 'leak'"):
        inspect(root)
    tables.write(root, {**columns(), "y": [1] * N})
    with pytest.raises(DataError, match="constant"):
        inspect(root)
    [folder] = (root / "models").iterdir()
    (folder / "config.yaml").write_text(CONFIG.replace("label", "lable"))
    with pytest.raises(ConfigError, match="did you mean 'label'"):
        inspect(root)
