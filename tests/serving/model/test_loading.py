"""Versions of either format."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import small_model
from tests.serving.model import onnx_examples

pytestmark = pytest.mark.tfx


def test_a_folder_is_loaded_by_what_is_in_it(tmp_path: Path) -> None:
    from serving.model.loaded_model import LoadedModel
    from serving.model.loading import load
    from serving.model.onnx_model import OnnxModel

    onnx_examples.save(tmp_path / "1" / "model.onnx", onnx_examples.linear())
    small_model.write(tmp_path / "2")
    assert type(load(tmp_path / "1")) is OnnxModel
    assert type(load(tmp_path / "2")) is LoadedModel
