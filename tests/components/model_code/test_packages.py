"""Versions of the packages that a model's code uses."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

import pytest

from components.model_code import packages


def test_what_makes_every_model_is_always_there() -> None:
    found = packages.versions()
    assert tuple(found) == packages.ALWAYS
    assert found["keras"] == importlib.metadata.version("keras")


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("import numpy", {"numpy"}),
        ("from google.protobuf import text_format", {"protobuf"}),
        ("import yaml, json", {"PyYAML"}),
        ("def later():\n    import keras_tuner", {"keras-tuner"}),
        ("import models.one, a_module_that_nobody_has", set()),
    ],
)
def test_what_the_code_imports_is_added(tmp_path: Path, text: str, added: set[str]) -> None:
    (tmp_path / "models").mkdir()
    path = tmp_path / "models" / "model.py"
    path.write_text(text)
    found = packages.versions([path, tmp_path / "words.txt"], tmp_path)
    assert added <= set(found)
    assert added or set(found) == set(packages.ALWAYS)
