"""Whatever a model's code uses that no hash covers is refused, by name."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from components.code_hash import file_hashes
from models.common.errors import ModelCodeError

PLACE = "models/one/preprocessing.py"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name in (
        "models/__init__.py",
        "models/one/__init__.py",
        "models/one/features.py",
        "models/one/words.txt",
        "models/common/__init__.py",
        "lib/__init__.py",
        "lib/numbers.py",
        "bare/numbers.py",
        "single.py",
        "components/__init__.py",
        "components/tables.py",
        "pipeline/__init__.py",
        "data/words.txt",
        "words.txt",
        "models/words.txt",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    importlib.invalidate_caches()
    return root


def check(root: Path, text: str) -> None:
    (root / PLACE).write_text(text)
    file_hashes("models.one.preprocessing", root=root)


IMPORTS = [
    ("import lib", "lib/__init__.py"),
    ("from lib.numbers import scaled", "lib/__init__.py"),
    ("import lib.numbers as n", "lib/__init__.py"),
    ("from bare import numbers", "bare"),
    ("import single", "single.py"),
    ("def later():\n    import lib", "lib/__init__.py"),
    ("try:\n    import lib\nexcept ImportError:\n    lib = None", "lib/__init__.py"),
    ("import importlib\nimportlib.import_module('lib.numbers')", "lib/__init__.py"),
    ("__import__('single')", "single.py"),
    ("from components import tables", "components/__init__.py"),
    ("import pipeline", "pipeline/__init__.py"),
]


@pytest.mark.parametrize(("text", "received"), IMPORTS)
def test_an_import_from_the_rest_of_the_project(root: Path, text: str, received: str) -> None:
    with pytest.raises(ModelCodeError) as refused:
        check(root, f"import numpy\n{text}\n")
    line = 2 + text.count("\n    import") + ("import_module" in text)
    assert refused.value.headline.startswith(f"{PLACE}:{line} imports '")
    assert f"Received: {received}." in refused.value.detail
    assert "models/common/" in refused.value.remedy


def test_what_an_imported_module_imports_counts_too(root: Path) -> None:
    (root / "models/one/features.py").write_text("import lib\n")
    with pytest.raises(ModelCodeError, match=r"models/one/features\.py:1 imports 'lib'"):
        check(root, "from . import features\n")


def test_a_module_that_is_neither_installed_nor_the_projects(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one of an editable installation, or of a folder in PYTHONPATH."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "teams_own.py").write_text("")
    monkeypatch.setattr(sys, "path", [*sys.path, str(tmp_path / "elsewhere")])
    with pytest.raises(ModelCodeError) as refused:
        check(root, "import teams_own")
    assert str(tmp_path / "elsewhere" / "teams_own.py") in refused.value.detail
    assert "Install it as a package" in refused.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "import os, sys, json, numpy, numpy.linalg",
        "from google.protobuf import text_format",
        "import a_module_that_nobody_has",
        "import tensorflow as tf",
        "from models.one import features",
        "from . import features",
        "words = 'words of features.py'",
        "words = open(__file__.replace('preprocessing.py', 'words.txt'))",
        "x = ['a/b', '.', '..', '/', 'x.y', '/dev/null', 'gs://bucket/words.txt', '\\0.']",
    ],
)
def test_what_is_hashed_or_installed_is_fine(root: Path, text: str) -> None:
    check(root, text)


def test_the_environment(root: Path) -> None:
    with pytest.raises(ModelCodeError) as refused:
        check(root, "import os\nSCALE = float(os.environ['SCALE'])\n")
    assert refused.value.headline == f"{PLACE}:2 reads os.environ, which no hash covers"


def test_the_search_path(root: Path) -> None:
    with pytest.raises(ModelCodeError) as refused:
        check(root, "import sys\nsys.path.insert(0, 'lib')\nimport numbers_of_ours\n")
    assert refused.value.headline.startswith(f"{PLACE}:2 uses sys.path")


@pytest.mark.parametrize("text", ["data/words.txt", "words.txt", "../../data/words.txt"])
def test_a_file_that_the_text_names(root: Path, text: str) -> None:
    beside = root / "models/one/words.txt"
    beside.rename(beside.with_name("other.txt"))
    with pytest.raises(ModelCodeError) as refused:
        check(root, f"import tensorflow as tf\nwords = tf.io.gfile.GFile({text!r})\n")
    found = "words.txt" if text == "words.txt" else "data/words.txt"
    assert refused.value.headline == f"{PLACE}:2 reads {found}, which no hash covers"
    assert "models/one/" in refused.value.remedy


def test_an_absolute_path(root: Path, tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("")
    with pytest.raises(ModelCodeError, match="which no hash covers"):
        check(root, f"WORDS = {str(tmp_path / 'words.txt')!r}\n")
