"""The names of platforms, read from the folder's list."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.config import platform_names
from tests.helpers.paths import ROOT


def test_the_default_comes_first() -> None:
    assert platform_names.names() == ("vertex", "kfp")
    assert platform_names.names()[0] == platform_names.DEFAULT


def test_modules_and_packages_are_platforms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("__init__.py", "base.py", "b.py", "vertex.py", "a/__init__.py", "notes.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(platform_names, "FOLDER", tmp_path)
    assert platform_names.names() == ("vertex", "a", "b")


def test_the_names_are_known_without_the_platforms() -> None:
    code = (
        "import sys; from pipeline.config import platform_names; platform_names.names();"
        "print(*sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {"pipeline.cloud", "pydantic"} & set(done.stdout.split())
