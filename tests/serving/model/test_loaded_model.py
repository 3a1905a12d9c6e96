"""A version in memory, as TensorFlow's v1 loader loads it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from serving.core.errors import Code, ServingError
from tests.helpers import small_model

pytestmark = pytest.mark.tfx


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from serving.model.loaded_model import LoadedModel

    path = tmp_path_factory.mktemp("model") / "1"
    small_model.write(path)
    loaded = LoadedModel(path)
    yield loaded
    loaded.close()


def arrays(*x: float) -> dict[str, np.ndarray]:
    return {
        "x": np.array(x, np.float32),
        "name": np.array([b"ab"] * len(x), object),
        "tags": np.array([[1, 2]] * len(x)),
    }


def test_a_signature_is_run(model: Any) -> None:
    outputs = model.run(model.signature("serving_default"), arrays(1.0, 2.0))
    assert outputs["y"].tolist() == [[4.0], [6.0]]
    assert outputs["both"].tolist() == [[4.0, 3.0], [6.0, 3.0]]
    assert outputs["kind"].tolist() == [b"small", b"small"]
    assert (outputs["y"].dtype, outputs["kind"].dtype) == (np.float32, object)


def test_what_tensorflow_refuses_has_its_code(model: Any) -> None:
    with pytest.raises(ServingError, match="13 is out of luck") as refused:
        model.run(model.signature("serving_default"), arrays(13.0))
    assert refused.value.code == Code.INVALID_ARGUMENT


def test_a_signature_that_is_not_there(model: Any) -> None:
    assert sorted(model.signatures) == ["serving_default", "serving_examples"]
    with pytest.raises(ServingError, match='"other" not found') as refused:
        model.signature("other")
    assert refused.value.code == Code.INVALID_ARGUMENT


@pytest.mark.parametrize("content", [None, b"", b"no model"])
def test_what_does_not_load_is_refused(tmp_path: Path, content: bytes | None) -> None:
    from serving.model.loaded_model import LoadedModel

    if content is not None:
        (tmp_path / "saved_model.pb").write_bytes(content)
    with pytest.raises(ServingError, match="does not load"):
        LoadedModel(tmp_path)


def without_variables(path: Path) -> Path:
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
    def double(x: Any) -> dict[str, Any]:
        return {"y": 2.0 * x}

    tf.saved_model.save(tf.Module(), str(path), {"serving_default": double})
    shutil.rmtree(path / "variables")
    return path


def test_a_model_without_variables_needs_no_folder_of_them(tmp_path: Path) -> None:
    from serving.model.loaded_model import LoadedModel

    loaded = LoadedModel(without_variables(tmp_path / "1"))
    outputs = loaded.run(loaded.signature("serving_default"), {"x": np.ones(1, np.float32)})
    assert outputs["y"].tolist() == [2.0]
    loaded.close()


def test_a_model_that_has_lost_its_variables_is_refused(tmp_path: Path) -> None:
    from serving.model.loaded_model import LoadedModel

    small_model.write_counting(tmp_path)
    shutil.rmtree(tmp_path / "variables")
    with pytest.raises(ServingError, match="does not load"):
        LoadedModel(tmp_path)


@pytest.mark.parametrize("change", ["none", "gone", "other"])
def test_the_run_after_a_cancelled_one_opens_the_files_again(tmp_path: Path, change: str) -> None:
    from serving.model.loaded_model import LoadedModel

    path = tmp_path / "counting" / "1"
    small_model.write_counting(path)
    loaded = LoadedModel(path)
    signature, given = loaded.signature("serving_default"), {"x": np.ones(1, np.float32)}
    loaded.cancel()
    if change != "none":
        shutil.rmtree(path)
    if change == "other":
        small_model.write(path)
    if change == "none":
        assert loaded.run(signature, given)["y"].tolist() == [2.0]
    else:
        with pytest.raises(ServingError, match="Version 1 of counting") as refused:
            loaded.run(signature, given)
        assert refused.value.code == Code.UNAVAILABLE
        assert str(tmp_path) not in str(refused.value)
    loaded.close()
