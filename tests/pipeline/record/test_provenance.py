from __future__ import annotations

import importlib.metadata
import platform
import shlex
import subprocess
from pathlib import Path

import pytest

from pipeline.record import provenance
from pipeline.record.redaction import Redactor


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with one model, in a git repository of one commit."""
    for name, text in {"taxi/model.py": "x = 1\n", "common/plan.py": "y = 1\n"}.items():
        path = tmp_path / "models" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "-m", "first")
    return tmp_path


def git(root: Path, *arguments: str) -> str:
    command = ["git", "-C", str(root), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_the_commit_and_a_hash_of_each_file(root: Path) -> None:
    code = provenance.code("taxi", root)
    assert code.commit == git(root, "rev-parse", "HEAD")
    assert not code.dirty
    assert code.files == {
        "models/taxi/model.py": "9e26bf369911c45c243c684147b23fc9e1dcfcf257d299a1c632016a6fcd33f4",
        "models/common/plan.py": "5f545a2400c375b3e6459d5a68906a63362b523c246732b99d2c00c15aa28651",
    }


@pytest.mark.parametrize("change", ["models/taxi/model.py", "models/taxi/new.py"])
def test_a_changed_or_a_new_file_is_dirty(root: Path, change: str) -> None:
    (root / change).write_text("x = 2\n")
    assert provenance.code("taxi", root).dirty


def test_without_a_repository(tmp_path: Path) -> None:
    (tmp_path / "models/taxi").mkdir(parents=True)
    (tmp_path / "models/common").mkdir()
    code = provenance.code("taxi", tmp_path)
    assert code.commit is None and not code.dirty


def test_what_is_kept(root: Path, tmp_path: Path) -> None:
    model = root / "models/taxi"
    (model / "model.py").write_text("password = 'hunter22'\n")
    (model / "__pycache__").mkdir()
    (model / "__pycache__/model.pyc").write_bytes(b"\0")
    (model / ".model.py.swp").write_text("half")
    (model / "vocabulary.txt").write_text("a" * 2_000_000)
    folder = tmp_path / "run"
    provenance.keep("taxi", folder, Redactor(["hunter22"]), root)
    kept = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert kept == {"packages.txt", "code/models/taxi/model.py"}
    assert (folder / "code/models/taxi/model.py").read_text() == "password = '[hidden]'\n"
    assert (
        f"pydantic=={importlib.metadata.version('pydantic')}\n"
        in (folder / "packages.txt").read_text()
    )


def test_the_environment() -> None:
    environment = provenance.environment()
    assert environment["python"] == platform.python_version()
    for package in ("tfx", "tensorflow", "keras", "apache-beam"):
        assert environment[package] == importlib.metadata.version(package)
    assert int(environment["cores"]) >= 1 and environment["memory"].endswith(" GiB")


@pytest.mark.parametrize(
    "overrides", [[], ["training.epochs=3"], ["data.path=a b.csv", "beam.args=['--x=\"y\"']"]]
)
def test_the_command_can_be_given_to_a_shell(overrides: list[str]) -> None:
    words = shlex.split(provenance.command("taxi", overrides))
    assert words[:5] == ["python", "-m", "pipeline", "run", "taxi"]
    assert words[6::2] == overrides and set(words[5::2]) <= {"--set"}
