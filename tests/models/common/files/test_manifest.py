"""Whatever is done to an exported model is seen: by the pipeline and by the server alike."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from models.common.files import manifest
from serving.core.errors import ServingError
from serving.model import manifest as served

pytestmark = pytest.mark.tfx

FILES = {
    "saved_model.pb": "graph",
    "variables/variables.index": "index",
    "variables/variables.data-00000-of-00001": "weights",
    "assets/words": "a b",
    "assets.extra/known_answers.json": "{}",
}
WEIGHTS = "variables/variables.data-00000-of-00001"
MANIFEST = "assets.extra/manifest.json"


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "taxi" / "3"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    manifest.write(str(folder))
    return folder


def flip(folder: Path) -> None:
    status = (folder / WEIGHTS).stat()
    (folder / WEIGHTS).write_text("Weights")
    os.utime(folder / WEIGHTS, ns=(status.st_atime_ns, status.st_mtime_ns))


def pipe(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    os.mkfifo(folder / WEIGHTS)


def link(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    (folder / WEIGHTS).symlink_to("gone")


def edited(folder: Path) -> None:
    content = json.loads((folder / MANIFEST).read_text())
    content["files"][WEIGHTS]["sha256"] = "0" * 64
    (folder / MANIFEST).write_text(json.dumps(content))


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "flipped byte": (flip, f"{WEIGHTS} has other content"),
    "cut": (lambda f: (f / WEIGHTS).write_text("w"), f"{WEIGHTS} has another size"),
    "emptied": (lambda f: (f / WEIGHTS).write_text(""), f"{WEIGHTS} has another size"),
    "graph": (lambda f: (f / "saved_model.pb").unlink(), "saved_model.pb is missing"),
    "folder": (lambda f: shutil.rmtree(f / "variables"), f"{WEIGHTS} is missing"),
    "vocabulary": (lambda f: (f / "assets/words").write_text("a c"), "assets/words has other"),
    "more": (lambda f: (f / "assets/more").write_text(""), "assets/more was added"),
    "answers": (lambda f: (f / "assets.extra/known_answers.json").unlink(), "known_answers.json"),
    "pipe": (pipe, WEIGHTS),
    "link": (link, f"{WEIGHTS} is missing"),
    "manifest": (edited, f"{WEIGHTS} has other content"),
    "half a manifest": (lambda f: (f / MANIFEST).write_text('{"files"'), MANIFEST),
    "no manifest": (lambda f: (f / MANIFEST).write_text("[]"), MANIFEST),
    "odd manifest": (lambda f: (f / MANIFEST).write_text('{"files": {"a": 1}}'), MANIFEST),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_each_damage_is_seen_and_the_file_is_named(model: Path, name: str) -> None:
    assert manifest.damage(str(model)) is None
    assert served.damage(model) is None
    do, told = DAMAGES[name]
    do(model)
    for found in (manifest.damage(str(model)), served.damage(model)):
        assert found and told in found
    with pytest.raises(ServingError, match="version 3 of taxi is damaged") as caught:
        served.check(model)
    assert "python -m pipeline run" in caught.value.remedy


def test_sizes_alone_cost_nothing(model: Path) -> None:
    flip(model)
    assert served.damage(model, read=False) is None
    (model / WEIGHTS).write_text("longer than before")
    assert f"{WEIGHTS} has another size" in str(served.damage(model, read=False))


def without_manifest(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    flip(folder)


HARMLESS: dict[str, Callable[[Path], object]] = {
    "touched": lambda f: os.utime(f / WEIGHTS, (1, 1)),
    "warm-up": lambda f: (f / "assets.extra/tf_serving_warmup_requests").write_text("rows"),
    "empty folder": lambda f: (f / "empty").mkdir(),
    "from elsewhere": without_manifest,
}


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_no_part_of_the_model_may_change(model: Path, name: str) -> None:
    HARMLESS[name](model)
    assert manifest.damage(str(model)) is None
    served.check(model)


def test_a_copy_is_compared_with_what_was_copied(model: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(model, copy)
    shutil.rmtree(copy / "assets.extra")
    expected = manifest.read(str(model))
    assert expected and manifest.read(str(copy)) is None
    found = manifest.damage(str(copy), expected)
    assert found == "assets.extra/known_answers.json is missing"
