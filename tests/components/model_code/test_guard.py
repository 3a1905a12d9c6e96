"""While a model's code runs, what no hash covers is refused, however the code came by it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components import code_hash
from components.model_code import guard
from models.common.errors import ModelCodeError

pytestmark = pytest.mark.tfx

CODE = """
import ctypes, io, os, tempfile
from pathlib import Path

import numpy as np
import tensorflow as tf

ROOT = Path(__file__).resolve().parents[2]


def path(name):
    return ROOT / name


def of_another(function, name):
    return function(path(name))
"""

READS = {
    "open": "open(path({!r}))",
    "open to change": "open(path({!r}), 'r+')",
    "pathlib": "path({!r}).read_bytes()",
    "os": "os.open(path({!r}), os.O_RDONLY)",
    "io": "io.open(path({!r}), 'rb')",
    "numpy": "np.genfromtxt(path({!r}))",
    "text of numpy": "np.loadtxt(str(path({!r})))",
    "ctypes": "ctypes.CDLL(str(path({!r})))",
    "GFile": "tf.io.gfile.GFile(str(path({!r})))",
    "GFile by name": "tf.io.gfile.GFile(name=str(path({!r})), mode='rb')",
    "lookup": "tf.lookup.TextFileInitializer(str(path({!r})), tf.string, 0, tf.int64, 1)",
    "read_file": "tf.io.read_file(str(path({!r})))",
    "a callback": "of_another(lambda p: open(p), {!r})",
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project of its own, with the guard on."""
    root = tmp_path / "project"
    files = {
        "models/guarded/__init__.py": "",
        "models/guarded/preprocessing.py": CODE,
        "models/guarded/words.txt": "1",
        "models/other/words.txt": "1",
        "models/other/late.py": "",
        "models/words.txt": "1",
        "runs/guarded/words.txt": "1",
        "models/common/files/reading.py": "def text(path):\n    return path.read_text()\n",
        "pipeline/reading.py": "def text(read, path):\n    return read(path)\n",
        "lib/late.py": "x = 1",
        "lib/__init__.py": "",
        "data/words.txt": "1",
        "words.txt": "1",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    import models

    monkeypatch.setattr(models, "__path__", [str(root / "models"), *models.__path__])
    monkeypatch.syspath_prepend(root)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    (tmp_path / "temporary" / "words.txt").write_text("1")
    (tmp_path / "elsewhere.txt").write_text("1")
    hashed = code_hash.model_files("models.guarded.preprocessing", root=root)
    guard.start(hashed, [root / "runs"], root)
    yield root
    guard.stop()
    for name in [name for name in sys.modules if name.startswith(("models.guarded", "lib"))]:
        del sys.modules[name]
    vars(models).pop("guarded", None)


def run(code: str) -> Any:
    """Runs an expression as the model's own code does."""
    module = importlib.import_module("models.guarded.preprocessing")
    return eval(compile(code, module.__file__ or "", "eval"), vars(module))


@pytest.mark.parametrize("name", ["data/words.txt", "words.txt", "models/other/words.txt"])
@pytest.mark.parametrize("how", READS)
def test_a_file_of_the_project_is_not_read(root: Path, how: str, name: str) -> None:
    with pytest.raises(Exception, match="which no hash covers") as refused:
        run(READS[how].format(name))
    if isinstance(refused.value, ModelCodeError):  # TensorFlow wraps those of its functions.
        assert refused.value.headline.startswith("models/guarded/preprocessing.py:")
        assert name in refused.value.headline


@pytest.mark.parametrize("name", ["../elsewhere.txt"])
def test_nor_is_one_from_elsewhere(root: Path, name: str) -> None:
    with pytest.raises(ModelCodeError, match=r"elsewhere\.txt, which no hash covers"):
        run(READS["open"].format(name))


@pytest.mark.parametrize(
    "name",
    ["models/guarded/words.txt", "runs/guarded/words.txt", "../temporary/words.txt"],
)
@pytest.mark.parametrize("how", ["open", "pathlib", "GFile", "numpy"])
def test_what_is_hashed_or_made_by_a_run_is_read(root: Path, how: str, name: str) -> None:
    run(READS[how].format(name))


def test_files_of_packages_and_of_the_system_are_read(root: Path) -> None:
    run("open(np.__file__).close()")
    run("open(os.__file__).close()")
    run("open('/etc/hostname').close() if os.path.exists('/etc/hostname') else None")


def test_writing_is_no_reading(root: Path) -> None:
    run("open(path('data/made.txt'), 'w').close()")
    run("tf.io.gfile.GFile(str(path('data/also.txt')), 'w').write('x')")


def test_what_is_not_there_says_so_itself(root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        run(READS["open"].format("data/none.txt"))


@pytest.mark.parametrize(
    ("name", "file"), [("lib.late", "lib/__init__"), ("models.other.late", "models/other/late")]
)
def test_a_module_that_only_the_run_names(root: Path, name: str, file: str) -> None:
    with pytest.raises(ModelCodeError) as refused:
        run(f"__import__({name!r})")
    assert "imports" in refused.value.headline and f"{file}.py" in refused.value.detail


def test_installed_modules_load(root: Path) -> None:
    sys.modules.pop("colorsys", None)
    run("__import__('colorsys')")


def test_the_projects_own_code_reads_what_it_likes(root: Path) -> None:
    assert (root / "data" / "words.txt").read_text() == "1"


def test_what_reads_for_others_may_what_they_may(root: Path) -> None:
    def function(file: str) -> Any:
        found: dict[str, Any] = {}
        exec(compile((root / file).read_text(), str(root / file), "exec"), found)
        return found["text"]

    read, for_pipeline = function("models/common/files/reading.py"), "pipeline/reading.py"
    assert function(for_pipeline)(read, root / "data/words.txt") == "1"
    module = importlib.import_module("models.guarded.preprocessing")
    vars(module)["read"] = read
    with pytest.raises(ModelCodeError, match=r"models/guarded/preprocessing\.py:1 reads"):
        run("read(path('data/words.txt'))")


def test_nothing_is_refused_without_a_guard(root: Path) -> None:
    guard.stop()
    assert run("path('data/words.txt').read_text()") == "1"
