"""A version that was damaged is refused wherever it would be loaded or made stable."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from serving.commands.main import command_line
from serving.core.errors import ServingError
from serving.model import manifest, version_folders
from serving.model.loaded_model import LoadedModel
from tests.helpers import small_model

pytestmark = [pytest.mark.tfx, pytest.mark.slow]


def lose(name: str) -> Callable[[Path], None]:
    return lambda version: (version / name).unlink()


def flip(version: Path) -> None:
    path = next((version / "variables").glob("*data*"))
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "no graph": (lose("saved_model.pb"), "saved_model.pb is missing"),
    "no weights": (lose("variables/variables.index"), "variables/variables.index is missing"),
    "flipped byte": (flip, "has other content than was pushed"),
}


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "serving_models"
    for number in (1, 2):
        version = folder / "small" / str(number)
        small_model.write(version)
        files = {
            path.relative_to(version).as_posix(): {
                "size": path.stat().st_size,
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
            }
            for path in version.rglob("*")
            if path.is_file()
        }
        (version / manifest.PATH).parent.mkdir(exist_ok=True)
        (version / manifest.PATH).write_text(json.dumps({"version": 1, "files": files}))
    return folder


def call(models: Path, *words: object) -> Result:
    return CliRunner().invoke(command_line(), [*map(str, words), "--models", str(models)])


@pytest.mark.parametrize("name", DAMAGES)
def test_it_is_refused_in_words(models: Path, tmp_path: Path, name: str) -> None:
    damage, told = DAMAGES[name]
    assert call(models, "versions", "--verify").exit_code == 0
    damage(models / "small" / "2")
    said = f"version 2 of small is damaged: .*{told}"
    with pytest.raises(ServingError, match=said):
        LoadedModel(models / "small" / "2")
    listed = call(models, "versions", "--verify", "--json")
    assert listed.exit_code == 1
    (tmp_path / "rows.jsonl").write_text('{"x": 1}')
    batch = ("batch", "small", "--input", tmp_path / "rows.jsonl", "--output", tmp_path / "out")
    for refused in (
        call(models, "promote", "small", "2"),
        call(models, "canary", "small", "2"),
        call(models, *batch, "--version", "2"),
    ):
        assert refused.exit_code
        assert isinstance(refused.exception, ServingError)
        assert told in str(refused.exception)
    assert not (models / "models.config").exists() or "2" not in (
        models / "models.config"
    ).read_text(encoding="utf-8")
    assert call(models, "promote", "small", "1").exit_code == 0


def test_a_version_that_has_lost_its_model_is_told_from_one_that_is_copied(models: Path) -> None:
    lose("saved_model.pb")(models / "small" / "2")
    (models / "small" / "3").mkdir()
    assert [*version_folders.versions(models / "small")] == [1]
    assert [*version_folders.without_model(models / "small")] == [2]
