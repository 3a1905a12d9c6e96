"""The tutorials' samples are what their scripts make, and their README says so truly."""

from __future__ import annotations

import csv
import importlib.util
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

import components.tables  # noqa: F401  (no file runs code)
from models.fashion.features import CLASSES
from tests.helpers.paths import ROOT

MODELS = ("fashion", "movielens", "salary")


def generator(model: str) -> Any:
    """The module that makes a sample."""
    path = ROOT / "data" / model / "generate.py"
    spec = importlib.util.spec_from_file_location(f"generate_{model}", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def readme(model: str) -> str:
    return (ROOT / "data" / model / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("model", "file", "header"),
    [
        ("movielens", "ratings.csv", ["user", "item", "rating", "timestamp"]),
        ("salary", "salaries.csv", ["x", "y"]),
    ],
)
def test_a_table_is_what_its_script_makes(model: str, file: str, header: list[str]) -> None:
    with (ROOT / "data" / model / "sample" / file).open(encoding="utf-8", newline="") as opened:
        rows = list(csv.reader(opened))
    assert rows[0] == header
    assert rows[1:] == [[str(value) for value in row] for row in generator(model).rows()]
    assert f"{len(rows) - 1:,}" in readme(model)


def test_the_images_are_what_their_script_draws() -> None:
    made = generator("fashion").tables()
    total = 0
    for name, (images, labels) in made.items():
        table = pq.read_table(ROOT / "data" / "fashion" / "sample" / f"{name}.parquet")
        stored = np.array(table["image"].to_pylist())
        assert np.array_equal(stored, images.reshape(len(images), -1))
        assert table["label"].to_pylist() == [CLASSES[number] for number in labels]
        assert set(labels) == set(range(10)), "a class that a split lacks cannot be judged"
        assert f"({len(labels):,} rows)" in readme("fashion") or f"({len(labels)})" in readme(
            "fashion"
        )
        total += len(labels)
    assert f"{total:,} images" in readme("fashion")


@pytest.mark.parametrize("model", MODELS)
def test_a_sample_is_small_and_has_its_origin_and_licence(model: str) -> None:
    files = [path for path in (ROOT / "data" / model / "sample").rglob("*") if path.is_file()]
    assert 0 < sum(path.stat().st_size for path in files) < 1_000_000
    text = readme(model)
    for heading in ("## Origin", "## Licence", "## Columns"):
        assert heading in text
    assert f"python -m pipeline data {model}" in text
    assert "seed 7" in text and generator(model).SEED == 7


@pytest.mark.parametrize("model", MODELS)
def test_the_readme_describes_every_column(model: str) -> None:
    [file, *_] = sorted((ROOT / "data" / model / "sample").iterdir())
    columns = (
        pq.read_schema(file).names
        if file.suffix == ".parquet"
        else file.read_text(encoding="utf-8").splitlines()[0].split(",")
    )
    assert re.findall(r"^\| `(\w+)` \|", readme(model), re.MULTILINE) == columns


@pytest.mark.parametrize("model", MODELS)
def test_git_passes_over_what_is_fetched(model: str) -> None:
    ignored = Path(ROOT, ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"/data/*/downloads/", "/data/*/full/"} <= set(ignored)
    assert (ROOT / "models" / model / "dataset.py").is_file()
