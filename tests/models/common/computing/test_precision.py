"""Networks that train in mixed precision come to the same, and are served in single precision."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from components import serving_check
from models.common import training
from models.common.errors import ModelCodeError
from tests.models import tiny_sample
from tests.models.tiny_sample import Sample

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

MODEL = """
import keras

def build_model(hyperparameters, inputs, transform):
    columns = [keras.ops.cast(column, "float32") for column in inputs.values()]
    hidden = keras.layers.Dense(8, activation="tanh")(keras.layers.Concatenate()(columns))
    answer = keras.layers.Dense(1, activation="sigmoid"LAST)(hidden)
    model = keras.Model(dict(inputs), answer)
    model.compile(keras.optimizers.Adam(0.01), "binary_crossentropy", jit_compile=False)
    return model
"""
SINGLE = ', dtype="float32"'


def options(tiny: Sample, export: Path) -> dict[str, Any]:
    return {
        "train_files": tiny.train_files,
        "eval_files": tiny.eval_files,
        "transform_path": tiny.transform_path,
        "export_path": str(export),
        "summary_path": str(export.parent / f"{export.name}-summary"),
    }


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_what_is_trained_in_mixed_precision_is_served_in_single(
    tiny: Sample, tmp_path: Path, write_model: Callable[..., None], precision: str
) -> None:
    write_model("even", model=MODEL.replace("LAST", SINGLE))
    found = {}
    for name in ("float32", precision):
        plan = tiny_sample.plan(model="even", epochs=3, precision=name)
        training.train_and_export(plan, {}, **options(tiny, tmp_path / name))
        found[name] = tiny_sample.answers(str(tmp_path / name))
    serving_check.check(str(tmp_path / precision))
    assert found[precision].dtype == np.float32
    np.testing.assert_allclose(found[precision], found["float32"], atol=0.03)
    assert not np.array_equal(found[precision], found["float32"])
    signature = tf.saved_model.load(str(tmp_path / precision)).signatures["serving_default"]
    kinds = {node.attr["T"].type for node in signature.graph.as_graph_def().node}
    assert not kinds & {tf.float16.as_datatype_enum, tf.bfloat16.as_datatype_enum}
    assert keras.mixed_precision.dtype_policy().name == "float32", "nothing is left behind"


def test_an_answer_in_half_precision_is_refused(
    tiny: Sample, write_model: Callable[..., None]
) -> None:
    write_model("even", model=MODEL.replace("LAST", ""))
    plan = tiny_sample.plan(model="even", precision="mixed_float16")
    with pytest.raises(ModelCodeError, match=r"half precision[\s\S]*float16[\s\S]*dtype="):
        training.build(plan, {}, tiny.transform)
