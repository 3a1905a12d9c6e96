"""Any table that is accepted gives a folder that parses, is formatted, and loads."""

from __future__ import annotations

import ast
import itertools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import models
from models.common import model_folder
from models.common.errors import ConfigError, DataError, ProjectError
from pipeline.config import preflight
from pipeline.config.loading import load
from pipeline.scaffold import new_model
from pipeline.scaffold.inference.settings import parse
from tests.helpers.paths import ROOT
from tests.pipeline.scaffold import tables

_numbers = itertools.count()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose models can be imported."""
    (tmp_path / "models").mkdir()
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(tmp_path / "models")])
    monkeypatch.setattr(model_folder, "MODELS", tmp_path / "models")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def draft(root: Path, *labels: str, name: str = "", said: tuple[str, ...] = ()) -> new_model.Draft:
    # Another name each time, because Python imports a module once.
    name = name or f"new{next(_numbers)}"
    return new_model.draft(name, "t.csv", labels, parse(said), lambda _: None, root)


def is_formatted(folder: Path) -> bool:
    """Whether the linter and the formatter have nothing to say of the files."""
    config = ("--config", str(ROOT / "pyproject.toml"), "--no-cache", str(folder))
    # `models` is the project's own, wherever this copy of it is.
    own = ("--config", 'lint.isort.known-first-party=["models"]')
    for command in (("check", *own), ("format", "--check", "--diff")):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, *config], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout[:3000] + done.stderr
    return True


def test_a_folder_is_written_whole_and_a_run_could_start(root: Path) -> None:
    tables.write(root, tables.mixed())
    drafted = draft(root, "dear")
    folder = new_model.write(drafted, root)
    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == [
        "__init__.py", "config.yaml", "features.py", "model.py", "preprocessing.py",
        "search_space.py",
    ]  # fmt: skip
    assert [path.name for path in (root / "models").iterdir()] == [drafted.name]
    summary = preflight.check(drafted.name, load(drafted.name, root=root), root)
    assert summary is not None and summary.rows == tables.ROWS
    assert is_formatted(folder)


def test_nothing_is_overwritten(root: Path) -> None:
    tables.write(root, tables.mixed())
    (root / "models" / "flats").mkdir()
    with pytest.raises(ConfigError, match="is there already"):
        draft(root, "dear", name="flats")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("my-model", "not a model's name"),
        ("class", "not a model's name"),
        ("common", "not a model's name"),
        ("rehearsals", "not a model's name"),
        ("_x", "cannot be shipped"),
        ("m" * 60, "cannot be shipped"),
        ("größe", "cannot be shipped"),
    ],
)
def test_names_that_no_model_can_have(root: Path, name: str, message: str) -> None:
    tables.write(root, tables.mixed())
    with pytest.raises(ConfigError, match=message):
        draft(root, "dear", name=name)


def test_what_no_run_could_start_with_is_not_left_there(root: Path) -> None:
    # Each row once, in so few rows that a split stays empty.
    tables.write(root, {"x": [1.5, 2.5], "y": [0, 1]})
    with pytest.raises(DataError, match=r"too few to be split|has no rows"):
        new_model.write(draft(root, "y"), root)
    assert list((root / "models").iterdir()) == []


def test_latin_text_is_read_as_such(root: Path) -> None:
    rows = "".join(f"{n * 1.5};Küche{n % 5};{n % 2}\n" for n in range(100))
    (root / "t.csv").write_bytes(f"größe;straße;y\n{rows}".encode("cp1252"))
    drafted = draft(root, "y")
    assert "encoding: cp1252" in drafted.files["config.yaml"]
    new_model.write(drafted, root)


NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\0", exclude_categories=["Cc", "Cs"]),
    min_size=1,
    max_size=110,
).filter(str.strip)
CELLS = st.one_of(
    st.none(),
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30),
    st.sampled_from(["NA", "?", "yes", "No", "2024-01-31", "31.12.2023 10:00", "1,234", "$5"]),
)


@st.composite
def any_table(draw: st.DrawFn) -> tuple[dict[str, list[Any]], list[str]]:
    """Columns that are cycles of a few cells, and one or two of them as labels."""
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique=True))
    rows = draw(st.integers(1, 80))
    columns: dict[str, list[Any]] = {
        name: (draw(st.lists(CELLS, min_size=1, max_size=9)) * rows)[:rows] for name in names
    }
    labels = [draw(st.sampled_from(names))]
    good = ["y", "z"][: draw(st.integers(1, 2))]
    if draw(st.integers(0, 4)) and not {*good} & {*names}:
        cells: list[Any] = draw(
            st.sampled_from([[0, 1], ["a", "b", "c"], [0.5, 1.5, 7], [3, 1, 2]])
        )
        columns |= dict.fromkeys(good[:1], (cells * rows)[:rows])
        columns |= {one: ([1, 0, 0] * rows)[:rows] for one in good[1:]}
        if len(good) > 1:
            columns["y"] = ([0, 1] * rows)[:rows]
        labels = good
    return columns, labels


@pytest.fixture(scope="module")
def accepted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where all folders go, which are looked at together."""
    folder = tmp_path_factory.mktemp("accepted") / "models"
    folder.mkdir()
    yield folder
    assert any(folder.iterdir())
    assert is_formatted(folder)


@given(any_table())
@settings(max_examples=20, suppress_health_check=[*HealthCheck])
def test_any_table_is_refused_in_words_or_gives_a_folder_that_loads(
    root: Path, accepted: Path, table: tuple[dict[str, list[Any]], list[str]]
) -> None:
    columns, labels = table
    tables.write(root, columns)
    try:
        drafted = draft(root, *labels)
    except ProjectError as error:
        assert error.headline and error.remedy
        return
    folder = accepted / drafted.name
    folder.mkdir()
    for file, text in drafted.files.items():
        (folder / file).write_text(text, encoding="utf-8")
        if file.endswith(".py"):
            ast.parse(text)
    config = load(drafted.name, root=accepted.parent)
    said: dict[str, Any] = {}
    exec(drafted.files["features.py"], said)
    assert sorted(said["INPUTS"]) == sorted(drafted.proposal.inputs)
    assert said["LABEL"] == config.label.name
    assert list(config.label.columns) == labels
    assert not {*said["INPUTS"]} & {*labels}
