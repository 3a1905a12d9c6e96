"""Models from elsewhere become a version's folder, with files of their own alone."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from serving.core.errors import ServingError
from serving.model import foreign
from tests.serving.model import onnx_examples


@pytest.fixture
def saved_model(tmp_path: Path) -> Path:
    folder = tmp_path / "saved"
    (folder / "variables").mkdir(parents=True)
    (folder / "saved_model.pb").write_bytes(b"pb")
    (folder / "variables" / "variables.index").write_bytes(b"index")
    return folder


def test_a_saved_model_is_copied(saved_model: Path, tmp_path: Path) -> None:
    (saved_model / "copy.pb").symlink_to(saved_model / "saved_model.pb")
    assert foreign.stage(saved_model, tmp_path / "1") == "savedmodel"
    assert (tmp_path / "1" / "variables" / "variables.index").read_bytes() == b"index"
    assert not (tmp_path / "1" / "copy.pb").is_symlink()


@pytest.mark.parametrize("target", ["/etc/passwd", "/etc", "..", "/nowhere"])
def test_links_out_of_a_saved_model_are_refused(
    saved_model: Path, tmp_path: Path, target: str
) -> None:
    (saved_model / "variables" / "link").symlink_to(target)
    with pytest.raises(ServingError, match=r"variables/link of .* is a link to"):
        foreign.stage(saved_model, tmp_path / "1")


def test_a_pipe_is_not_waited_for(saved_model: Path, tmp_path: Path) -> None:
    os.mkfifo(saved_model / "pipe")
    with pytest.raises(ServingError, match="neither a file nor a folder"):
        foreign.stage(saved_model, tmp_path / "1")


def test_an_onnx_model_is_copied_with_its_weights(tmp_path: Path) -> None:
    source = tmp_path / "from" / "m.ONNX"
    onnx_examples.save(source, onnx_examples.with_weights_in("sub/w.bin"))
    (source.parent / "sub").mkdir()
    (source.parent / "sub" / "w.bin").write_bytes(b"\0" * 8)
    (source.parent / "other").write_text("not the model's")
    assert foreign.stage(source, tmp_path / "1") == "onnx"
    files = {path.relative_to(tmp_path / "1").as_posix() for path in (tmp_path / "1").rglob("*")}
    assert files == {"model.onnx", "sub", "sub/w.bin"}


def test_weights_may_not_take_the_models_name(tmp_path: Path) -> None:
    source = tmp_path / "m.onnx"
    onnx_examples.save(source, onnx_examples.with_weights_in("model.onnx"))
    (tmp_path / "model.onnx").write_bytes(b"\0" * 8)
    with pytest.raises(ServingError, match=r"weights in a file model\.onnx"):
        foreign.stage(source, tmp_path / "1")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("none", "There is no"),
        ("model.h5", "of no format that can be added"),
        ("model.pkl", "of no format that can be added"),
        ("empty", "is no SavedModel: saved_model.pb is missing"),
        ("versions", r"name one, such as .*versions/12\."),
    ],
)
def test_what_is_no_model_is_told(tmp_path: Path, name: str, told: str) -> None:
    (tmp_path / "model.h5").touch()
    (tmp_path / "model.pkl").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "versions" / "12").mkdir(parents=True)
    (tmp_path / "versions" / "12" / "saved_model.pb").touch()
    with pytest.raises(ServingError) as raised:
        foreign.format_of(tmp_path / name)
    assert re.search(told, str(raised.value))
