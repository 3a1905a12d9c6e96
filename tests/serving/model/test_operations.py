"""Models with operations of packages beside TensorFlow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from serving.core.errors import Code, ServingError
from tests.helpers.paths import ROOT

pytestmark = pytest.mark.tfx

# A model's file as its exporter left it: with the list of its operations, or without.
WRITE = """
import sys
import tensorflow as tf
import tensorflow_text as text
class Model(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "x")])
    def __call__(self, x):
        return {"y": text.WhitespaceTokenizer().tokenize(text.case_fold_utf8(x)).row_lengths()}
model = Model()
tf.saved_model.save(model, sys.argv[1], model.__call__)
"""
SERVE = """
import sys
from pathlib import Path
import numpy as np
from serving.core.errors import ServingError
from serving.model.loading import load
sys.modules["tensorflow_text"] = None
try:
    load(Path(sys.argv[1]))
except ServingError as error:
    print(error.code.name, error)
del sys.modules["tensorflow_text"]
loaded = load(Path(sys.argv[1]))
arrays = {"x": np.array([b"A b c", b""], object)}
print(loaded.run(loaded.signature("serving_default"), arrays)["y"].tolist())
"""


def run(program: str, *arguments: object) -> str:
    command = [sys.executable, "-c", program, *map(str, arguments)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.slow
def test_text_is_registered_where_it_is_installed_and_named_where_not(tmp_path: Path) -> None:
    version = tmp_path / "words" / "1"
    run(WRITE, version)
    told = run(SERVE, version)
    assert told.splitlines()[-1] == "[3, 0]"
    assert told.startswith("FAILED_PRECONDITION")
    assert f"{version} needs TensorFlow Text, which cannot be imported here: CaseFoldUTF8" in told
    assert "uv sync --group tensorflow-ops" in told


@pytest.mark.parametrize("listed", [True, False])
@pytest.mark.parametrize(
    ("operation", "told"),
    [
        ("SimpleMLInferenceOpWithHandle", "needs TensorFlow Decision Forests, which cannot be"),
        ("SomebodysOwn", "needs operations that this TensorFlow has not: SomebodysOwn"),
        ("MatMul", None),
    ],
)
def test_what_no_package_here_has_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operation: str, told: str | None, listed: bool
) -> None:
    from tensorflow.core.protobuf import saved_model_pb2

    from serving.model import operations

    monkeypatch.setitem(sys.modules, "tensorflow_decision_forests", None)
    saved = saved_model_pb2.SavedModel(saved_model_schema_version=1)
    graph = saved.meta_graphs.add()
    graph.meta_info_def.tags.append("serve")
    function = graph.graph_def.library.function.add()
    function.signature.name = "inner"
    function.node_def.add(name="n", op=operation)
    graph.graph_def.node.add(name="call", op="inner")
    if listed:
        graph.meta_info_def.stripped_op_list.op.add(name=operation)
    (tmp_path / "saved_model.pb").write_bytes(saved.SerializeToString())
    if told is None:
        operations.register(tmp_path)
        return
    with pytest.raises(ServingError) as raised:
        operations.register(tmp_path)
    assert told in raised.value.message
    assert raised.value.code is Code.FAILED_PRECONDITION


def test_a_model_that_cannot_be_read_is_left_to_the_loader(tmp_path: Path) -> None:
    from serving.model import operations

    (tmp_path / "saved_model.pb").write_bytes(b"\xff" * 9)
    operations.register(tmp_path)
    operations.register(tmp_path / "none")
