"""From a model's dataset.py to the tables of the whole data set."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.common.datasets.dataset import Dataset, RemoteFile
from models.common.errors import ConfigError, DataError, ModelCodeError, RunError
from pipeline.datasets import datasets
from tests.pipeline.datasets.file_server import FileServer, serving

FILES = {"a.txt": b"one", "b.txt": b"two"}


def write_tables(downloads: Path, folder: Path) -> None:
    text = "".join((downloads / name).read_text() for name in FILES)
    (folder / "table.csv").write_text(f"x\n{text}\n")


def described(server: FileServer) -> Dataset:
    files = tuple(
        RemoteFile(f"{server.url}/{name}", sha256=hashlib.sha256(content).hexdigest())
        for name, content in FILES.items()
    )
    return Dataset("Words", "us", "none", files, write_tables)


@pytest.fixture
def server() -> Iterator[FileServer]:
    with serving(dict(FILES)) as started:
        yield started


def fetch(
    dataset: Dataset, folder: Path, source: str | None = None, *, verified: bool = True
) -> list[datasets.Fetched]:
    found = datasets.fetch(dataset, folder, lambda *_: None, source=source, verified=verified)
    return list(found)


def test_files_are_fetched_once_and_tables_made_once(server: FileServer, tmp_path: Path) -> None:
    dataset = described(server)
    first, again = fetch(dataset, tmp_path), fetch(dataset, tmp_path)
    assert [one.new for one in first] == [True, True]
    assert [one.new for one in again] == [False, False]
    assert first[0].sha256 == hashlib.sha256(b"one").hexdigest()
    full, new = datasets.write_tables("words", dataset, tmp_path)
    assert new and (full / "table.csv").read_text() == "x\nonetwo\n"
    assert not datasets.write_tables("words", dataset, tmp_path)[1]
    assert len(server.asked) == 2


def test_tables_of_other_files_are_made_again(server: FileServer, tmp_path: Path) -> None:
    dataset = described(server)
    fetch(dataset, tmp_path)
    datasets.write_tables("words", dataset, tmp_path)
    server.files["a.txt"] = b"three"
    (tmp_path / "downloads" / "a.txt").unlink()
    fetch(dataset, tmp_path, verified=False)
    full, new = datasets.write_tables("words", dataset, tmp_path)
    assert new and (full / "table.csv").read_text() == "x\nthreetwo\n"


def test_tables_appear_whole_or_not_at_all(server: FileServer, tmp_path: Path) -> None:
    def fails(downloads: Path, folder: Path) -> None:
        (folder / "table.csv").write_text("half")
        raise KeyError("a column")

    dataset = dataclasses.replace(described(server), write_tables=fails)
    fetch(dataset, tmp_path)
    with pytest.raises(ModelCodeError, match=r"models/words/dataset\.py: write_tables failed"):
        datasets.write_tables("words", dataset, tmp_path)
    assert not (tmp_path / "full").exists()
    assert datasets.write_tables("words", described(server), tmp_path)[1]


def test_an_error_of_the_projects_own_is_told_as_it_is(server: FileServer, tmp_path: Path) -> None:
    def fails(downloads: Path, folder: Path) -> None:
        raise DataError("not an archive")

    dataset = dataclasses.replace(described(server), write_tables=fails)
    fetch(dataset, tmp_path)
    with pytest.raises(DataError, match="not an archive"):
        datasets.write_tables("words", dataset, tmp_path)


@pytest.mark.parametrize("kind", ["folder", "mirror", "file URL"])
def test_files_can_come_from_elsewhere(server: FileServer, tmp_path: Path, kind: str) -> None:
    dataset, copy = described(server), tmp_path / "my copy"
    copy.mkdir()
    for name, content in FILES.items():
        (copy / name).write_bytes(content)
    source = {"folder": str(copy), "mirror": server.url + "/", "file URL": copy.as_uri()}[kind]
    assert [one.new for one in fetch(dataset, tmp_path / "data", source)] == [True, True]
    assert len(server.asked) == (2 if kind == "mirror" else 0)
    assert (copy / "a.txt").exists(), "it stays where it was"


def test_a_folder_without_the_files_is_refused(server: FileServer, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"There is no file .*nowhere/a\.txt"):
        fetch(described(server), tmp_path, str(tmp_path / "nowhere"))


def test_two_do_not_fetch_at_once(server: FileServer, tmp_path: Path) -> None:
    dataset = described(server)
    first = datasets.fetch(dataset, tmp_path, lambda *_: None)
    next(first)
    with pytest.raises(RunError, match="Another process is fetching"):
        fetch(dataset, tmp_path)
    with pytest.raises(RunError, match="Another process is fetching"):
        datasets.write_tables("words", dataset, tmp_path)
    assert len(list(first)) == 1
    assert len(fetch(dataset, tmp_path)) == 2


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A root with a model `words` whose dataset.py can be written."""
    import models

    folder = tmp_path / "models" / "words"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text("")
    (folder / "__init__.py").write_text("")
    monkeypatch.setattr(models, "__path__", [*models.__path__, str(tmp_path / "models")])
    yield folder
    for name in [name for name in sys.modules if name.startswith("models.words")]:
        del sys.modules[name]
        if hasattr(models, "words"):
            del models.words


@pytest.mark.parametrize(
    ("code", "error", "said"),
    [
        (None, RunError, "The model 'words' has no data set to fetch"),
        ("import nothing_like_it", ModelCodeError, r"models/words/dataset.py cannot be imported"),
        ("DATASET = 3", ModelCodeError, r"models/words/dataset.py has no DATASET"),
        ("", ModelCodeError, r"models/words/dataset.py has no DATASET"),
    ],
)
def test_a_model_without_a_data_set_is_refused(
    model: Path, code: str | None, error: type[Exception], said: str
) -> None:
    if code is not None:
        (model / "dataset.py").write_text(code)
    with pytest.raises(error, match=said):
        datasets.of_model("words", model.parents[1])


def test_a_model_that_is_none_is_refused() -> None:
    with pytest.raises(ConfigError, match="There is no model 'fashon'; did you mean 'fashion'"):
        datasets.of_model("fashon")


@pytest.mark.parametrize("name", ["fashion", "movielens", "salary"])
def test_the_tutorials_models_have_one(name: str) -> None:
    found = datasets.of_model(name)
    assert all(file.url.startswith("https://") for file in found.files)


def test_what_tables_were_made_from_is_beside_them(server: FileServer, tmp_path: Path) -> None:
    fetch(described(server), tmp_path)
    full, _ = datasets.write_tables("words", described(server), tmp_path)
    made_from = json.loads((full / datasets.MADE_FROM).read_text())
    assert made_from == {
        name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()
    }
