"""A model that does not load or a request that does not fit is refused in words."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from models.common import loaded_model
from models.common.errors import ServingError
from models.common.loaded_model import LoadedModel
from tests.models import tiny_sample
from tests.models.tiny_sample import Sample

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

ROW = {"miles": 1.0, "hour": 2, "payment": "Cash", "position": [1.0, 2.0]}


@pytest.fixture(scope="module")
def model(tiny: Sample) -> Iterator[LoadedModel]:
    with LoadedModel(tiny.export_path) as loaded:
        yield loaded


def refused(model: LoadedModel, *rows: dict[str, Any]) -> ServingError:
    with pytest.raises(ServingError) as caught:
        model.predict_rows(rows)
    return caught.value


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match=r"nothing.* does not load in TensorFlow's v1"):
        LoadedModel(str(tmp_path / "nothing"))


def test_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match="does not load"):
        LoadedModel(str(tmp_path))


def test_a_damaged_model(tmp_path: Path, tiny: Sample) -> None:
    whole = (Path(tiny.export_path) / "saved_model.pb").read_bytes()
    (tmp_path / "saved_model.pb").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ServingError, match="does not load"):
        LoadedModel(str(tmp_path))


def test_a_model_without_its_variables(tmp_path: Path, tiny: Sample) -> None:
    whole = (Path(tiny.export_path) / "saved_model.pb").read_bytes()
    (tmp_path / "saved_model.pb").write_bytes(whole)
    with pytest.raises(ServingError, match="does not load"):
        LoadedModel(str(tmp_path))


def test_a_row_without_a_required_feature(model: LoadedModel) -> None:
    error = refused(model, {name: value for name, value in ROW.items() if name != "miles"})
    assert "Missing: ['miles']. Unknown: []." in error.detail
    assert "company" in error.remedy


def test_an_unknown_input(model: LoadedModel) -> None:
    tensors = {name: np.array([value]) for name, value in ROW.items()} | {"milse": np.array([1.0])}
    with pytest.raises(ServingError) as caught:
        model.call("serving_default", tensors)
    assert "Missing: []. Unknown: ['milse']." in caught.value.detail


def test_an_unknown_signature(model: LoadedModel) -> None:
    before = model.signatures
    with pytest.raises(ServingError, match=r"no signature 'predict'") as caught:
        model.call("predict", {})
    assert "serving_default" in caught.value.detail and model.signatures == before


@pytest.mark.parametrize(
    ("name", "value"),
    [("miles", "far"), ("hour", "noon"), ("position", [1.0]), ("position", 3.0), ("miles", [1, 2])],
)
def test_a_value_of_another_type_or_shape(model: LoadedModel, name: str, value: Any) -> None:
    error = refused(model, ROW | {name: value})
    assert "serving_default" in error.headline and error.detail


def test_one_row_of_two_without_a_required_feature(model: LoadedModel) -> None:
    error = refused(model, ROW, {name: value for name, value in ROW.items() if name != "miles"})
    assert "Missing: ['miles']" in error.detail


def test_rows_that_do_not_agree(model: LoadedModel) -> None:
    assert "serving_default" in refused(model, ROW, ROW | {"position": [1.0]}).headline


def test_inputs_of_different_lengths(model: LoadedModel) -> None:
    tensors = {name: np.array([value]) for name, value in ROW.items()}
    with pytest.raises(ServingError, match="fails"):
        model.call("serving_default", tensors | {"miles": np.array([1.0, 2.0, 3.0])})


def test_examples_that_are_none(model: LoadedModel) -> None:
    with pytest.raises(ServingError, match=r"'serving_examples' of .* fails") as caught:
        model.call("serving_examples", {"inputs": np.array([b"not an example"], object)})
    assert "parse" in caught.value.detail


def test_bytes_travel_as_base64(model: LoadedModel) -> None:
    plain = model.predict_rows([ROW | {"company": "Blue"}])
    assert model.predict_rows([ROW | {"company": {"b64": "Qmx1ZQ=="}}]) == plain


def test_shorter_lists_are_filled_up(model: LoadedModel) -> None:
    rows = [ROW | {"stops": [1, 2, 3]}, ROW | {"stops": 4}, ROW]
    alone = [model.predict_rows([row])["outputs"][0] for row in rows]
    np.testing.assert_allclose(model.predict_rows(rows)["outputs"], alone, 1e-5)
    assert len({float(answer[0]) for answer in alone}) == 3


def test_two_models_do_not_meet(model: LoadedModel, tiny: Sample) -> None:
    with LoadedModel(tiny.export_path) as other:
        assert other.predict_rows([ROW]) == model.predict_rows([ROW])
    assert model.predict_rows([ROW])["outputs"].shape == (1, 1)
    assert tf.compat.v1.get_default_session() is None
    assert tiny_sample.rows(1) != tiny_sample.rows(1, seed=1)


def test_a_kept_model_is_loaded_again_where_its_folder_holds_another(
    tmp_path: Path, tiny: Sample
) -> None:
    path = tmp_path / "export"
    shutil.copytree(tiny.export_path, path)
    first = loaded_model.kept(str(path))
    assert loaded_model.kept(str(path)) is first
    os.utime(path / "saved_model.pb", (1, 1))
    second = loaded_model.kept(str(path))
    assert second is not first
    assert second.predict_rows([ROW])["outputs"].shape == (1, 1)
    with pytest.raises(RuntimeError, match="closed Session"):
        first.predict_rows([ROW])
    shutil.rmtree(path)
    with pytest.raises(ServingError, match="does not load"):
        loaded_model.kept(str(path))
