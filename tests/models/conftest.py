"""A small trained model for every test here, and model folders that do not work."""

from __future__ import annotations

import importlib
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import models
from models.common import model_folder

if TYPE_CHECKING:
    from tests.models.tiny_sample import Sample

WriteModel = Callable[..., None]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """The tiny model, fitted, trained and exported."""
    from tests.models import tiny_sample

    return tiny_sample.make(tmp_path_factory.getbasetemp() / "tiny")


@pytest.fixture
def write_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WriteModel]:
    """Writes `models/<name>/<module>.py` files into a folder that counts as `models/`."""
    folder = tmp_path / "models"
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(folder)])
    monkeypatch.setattr(model_folder, "MODELS", folder)
    written = set()

    def write(name: str, **modules: str) -> None:
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / "__init__.py").touch()
        for module, text in modules.items():
            (folder / name / f"{module}.py").write_text(textwrap.dedent(text), encoding="utf-8")
        written.add(name)
        importlib.invalidate_caches()

    yield write
    for name in written:
        for module in [key for key in sys.modules if key.startswith(f"models.{name}")]:
            del sys.modules[module]
        vars(models).pop(name, None)
