"""Which files an ONNX model names."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from serving.core.errors import ServingError
from serving.model import onnx_files
from tests.serving.model import onnx_examples


def test_files_beside_the_model_are_found(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "w.bin").write_bytes(b"\0" * 8)
    path = onnx_examples.save(tmp_path / "m.onnx", onnx_examples.with_weights_in("sub/w.bin"))
    assert onnx_files.external(path) == [tmp_path.resolve() / "sub/w.bin"]
    assert onnx_files.external(onnx_examples.save(path, onnx_examples.linear())) == []


@pytest.mark.parametrize(
    "location", ["/etc/passwd", "../secret", "a/../../secret", "link", "", "folder/in", "a\0b"]
)
def test_files_elsewhere_are_refused(tmp_path: Path, location: str) -> None:
    (tmp_path / "secret").write_text("s")
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "secret")
    (folder / "folder").symlink_to(tmp_path)
    path = onnx_examples.save(folder / "m.onnx", onnx_examples.with_weights_in(location))
    with pytest.raises(ServingError, match="weights in a file outside of its folder"):
        onnx_files.external(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    path = onnx_examples.save(tmp_path / "m.onnx", onnx_examples.with_weights_in("w.bin"))
    with pytest.raises(ServingError, match=r"weights in w.bin, which is not beside it"):
        onnx_files.external(path)


def test_tensors_anywhere_in_a_model_are_looked_at(tmp_path: Path) -> None:
    hidden = helper.make_tensor("h", TensorProto.FLOAT, [1], [1.0])
    hidden.data_location = TensorProto.EXTERNAL
    hidden.external_data.add(key="location", value="../x")
    constant = helper.make_node("Constant", [], ["c"], value=hidden)
    sparse = helper.make_sparse_tensor(
        hidden, helper.make_tensor("i", TensorProto.INT64, [1], [0]), [3]
    )
    branch = helper.make_graph([constant], "b", [], [])
    places = [
        onnx_examples.model([constant], [], []),
        onnx_examples.model([helper.make_node("If", ["x"], ["y"], then_branch=branch)], [], []),
        onnx_examples.model([helper.make_node("Constant", [], ["c"], sparse_value=sparse)], [], []),
    ]
    functions = onnx_examples.model([], [], [])
    functions.functions.append(helper.make_function("d", "f", [], ["c"], [constant], []))
    stored = onnx_examples.model([], [], [])
    stored.graph.sparse_initializer.append(sparse)
    for made in (*places, functions, stored):
        with pytest.raises(ServingError, match="outside of its folder"):
            onnx_files.external(onnx_examples.save(tmp_path / "m.onnx", made))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_bytes_that_are_no_model_are_refused_or_name_nothing(
    tmp_path: Path, data: st.DataObject
) -> None:
    whole = onnx_examples.with_weights_in("/etc/passwd").SerializeToString()
    cut = data.draw(st.integers(0, len(whole)))
    junk = data.draw(st.binary(max_size=20))
    path = tmp_path / "m.onnx"
    path.write_bytes(whole[:cut] + junk)
    try:
        assert onnx_files.external(path) == []
    except ServingError as error:
        assert "no model in ONNX" in error.message or "outside of its folder" in error.message


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ServingError, match="cannot be read"):
        onnx_files.external(tmp_path / "none.onnx")
