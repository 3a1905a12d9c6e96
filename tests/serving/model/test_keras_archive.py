"""What is looked at before Keras opens a file."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from serving.core.errors import ServingError
from serving.model import keras_archive

DENSE = {"module": "keras.layers", "class_name": "Dense", "config": {"activation": "relu"}}
MODEL = {"module": "keras", "class_name": "Sequential", "config": {"layers": [DENSE]}}


def archive(path: Path, config: Any, **files: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("config.json", config if isinstance(config, bytes) else json.dumps(config))
        for name, content in files.items():
            made.writestr(name, content)
    return path


def with_layer(**layer: Any) -> dict[str, Any]:
    return {**MODEL, "config": {"layers": [DENSE, {**DENSE, **layer}]}}


def test_a_plain_model_passes(tmp_path: Path) -> None:
    function = {"module": "builtins", "class_name": "function", "config": "my_activation"}
    shape = {"class_name": "__tuple__", "items": [1, 2]}
    brought = {"module": None, "class_name": "MyLayer"}
    config = with_layer(config={"activation": function, "shape": shape, "inner": brought})
    keras_archive.check(archive(tmp_path / "m.keras", config))


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (with_layer(class_name="Lambda"), "a Lambda, which runs code that is stored in the file"),
        (with_layer(config={"f": {"class_name": "__lambda__"}}), "a __lambda__, which runs code"),
        (with_layer(class_name="TFSMLayer"), "a TFSMLayer, which opens another SavedModel"),
        (with_layer(class_name="TorchModuleWrapper"), "which unpickles"),
        (with_layer(module="os", class_name="system"), "system of the module os, which is not"),
        (with_layer(module="builtins", class_name="eval"), "eval of the module builtins"),
        (with_layer(module="keras_evil.x"), "Dense of the module keras_evil.x"),
    ],
)
def test_what_runs_code_or_opens_files_is_refused(tmp_path: Path, config: Any, told: str) -> None:
    with pytest.raises(ServingError, match="is not opened: it has") as raised:
        keras_archive.check(archive(tmp_path / "m.keras", config))
    assert told in raised.value.message


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = archive(tmp_path / "m.keras", MODEL, weights=b"\0" * 20_000_000)
    assert path.stat().st_size < 2**20
    with pytest.raises(ServingError, match="would take 20,000,"):
        keras_archive.check(path)


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x"])
def test_a_file_outside_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ServingError, match="outside of the archive"):
        keras_archive.check(archive(tmp_path / "m.keras", MODEL, **{name: b""}))


@pytest.mark.parametrize("config", [b"{", b"[" * 100_000, b"\xff"])
def test_what_is_no_archive_of_keras_is_refused(tmp_path: Path, config: bytes) -> None:
    with pytest.raises(ServingError, match="is no model in Keras' format"):
        keras_archive.check(archive(tmp_path / "m.keras", config))
    (tmp_path / "n.keras").write_bytes(b"\x89HDF")
    with pytest.raises(ServingError, match="is no model in Keras' format"):
        keras_archive.check(tmp_path / "n.keras")


def test_a_process_that_fails_is_told_in_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras_archive, "__file__", str(tmp_path / "here.py"))
    (tmp_path / "keras_export.py").write_text("import sys; sys.exit('Keras is not here')")
    with pytest.raises(ServingError) as raised:
        keras_archive.export(tmp_path / "m.keras", tmp_path / "out")
    assert raised.value.detail == "Keras is not here"
    monkeypatch.setattr(keras_archive, "_SECONDS", 0.2)
    (tmp_path / "keras_export.py").write_text("import time; time.sleep(60)")
    with pytest.raises(ServingError, match="did not open and export"):
        keras_archive.export(tmp_path / "m.keras", tmp_path / "out")
