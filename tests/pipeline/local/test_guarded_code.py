"""The run's process guards a model's code before any node runs."""

from __future__ import annotations

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
