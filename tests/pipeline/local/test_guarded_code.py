"""The run's process guards a model's code before any node runs."""

from __future__ import annotations

import hashlib
import json
import linecache
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import models
from components.model_code import guard
from models.common.errors import ModelCodeError
from pipeline.local import guarded_code

pytestmark = pytest.mark.tfx


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Starts the guard over a project with a model of these modules."""
    monkeypatch.setattr(models, "__path__", [str(tmp_path / "models"), *models.__path__])
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "words.txt").write_text("a")

    def start(**modules: str) -> None:
        folder = tmp_path / "models" / "watched"
        folder.mkdir(parents=True)
        (folder / "__init__.py").touch()
        for module, text in modules.items():
            (folder / f"{module}.py").write_text(text)
        guarded_code.start("watched", tmp_path)

    yield start
    guard.stop()
    for name in [name for name in sys.modules if name.startswith("models.watched")]:
        del sys.modules[name]
    vars(models).pop("watched", None)


READS = """
from pathlib import Path
WORDS = (Path(__file__).resolve().parents[2] / "data" / "words.txt").read_text()
"""


@pytest.mark.parametrize("module", ["features", "preprocessing", "search_space", "model"])
def test_what_only_an_import_tells_is_told_before_any_node(
    start: Callable[..., None], module: str
) -> None:
    with pytest.raises(ModelCodeError) as refused:
        start(**{module: READS})
    assert refused.value.headline == (
        f"models/watched/{module}.py:3 reads data/words.txt, which no hash covers"
    )


def test_a_module_that_fails_is_left_to_its_node(start: Callable[..., None]) -> None:
    start(preprocessing="x = 1 / 0", model="def (", features="INPUTS = ('a',)")


def test_a_module_may_read_what_lies_beside_it(start: Callable[..., None]) -> None:
    start(features="from pathlib import Path\nA = Path(__file__).read_text()")


CODE = "models/watched/model.py"


def hashes(folder: Path, *names: str) -> dict[str, str]:
    return {
        f"models/watched/{name}": hashlib.sha256(
            (folder / "models" / "watched" / name).read_bytes()
        ).hexdigest()[:32]
        for name in names
    }


@pytest.mark.parametrize("parameter", ["custom_config", "code"])
def test_an_edited_module_runs_as_it_was_and_an_edited_list_of_words_is_told(
    start: Callable[..., None], tmp_path: Path, parameter: str
) -> None:
    start(model="A = 1\n")
    words = tmp_path / "models" / "watched" / "words.txt"
    words.write_text("a")
    code = hashes(tmp_path, "model.py", "words.txt")
    full = {CODE: hashlib.sha256((tmp_path / CODE).read_bytes()).hexdigest()}
    given = {
        "custom_config": {"custom_config": json.dumps({"code": code})},
        "code": {"code": json.dumps(code)},
    }[parameter]
    guarded_code.check(given, full, tmp_path)
    (tmp_path / CODE).write_text("A = 2\n")
    guarded_code.check(given, full, tmp_path)
    assert linecache.getline(str(tmp_path / CODE), 1) == "A = 1\n", "a traceback shows what ran"
    linecache.checkcache()
    assert linecache.getline(str(tmp_path / CODE), 1) == "A = 1\n"
    for change in (lambda: words.write_text("b"), words.unlink):
        change()
        with pytest.raises(ModelCodeError, match=r"watched/words\.txt changed while the run"):
            guarded_code.check(given, full, tmp_path)


def test_a_file_that_was_edited_while_the_run_started_is_told(
    start: Callable[..., None], tmp_path: Path
) -> None:
    start(model="A = 1\n")
    good = hashes(tmp_path, "model.py")
    recorded = {CODE: hashlib.sha256(b"other").hexdigest()}
    with pytest.raises(ModelCodeError, match=r"model\.py changed"):
        guarded_code.check({"code": json.dumps(good)}, recorded, tmp_path)
    (tmp_path / CODE).write_text("A = 2\n")
    with pytest.raises(ModelCodeError, match=r"model\.py changed"):
        guarded_code.check({"code": json.dumps(hashes(tmp_path, "model.py"))}, {}, tmp_path)


def test_a_node_without_code_has_none_that_could_change(tmp_path: Path) -> None:
    for given in ({}, {"custom_config": None}, {"custom_config": "null"}, {"custom_config": "{}"}):
        guarded_code.check(given, {}, tmp_path)
