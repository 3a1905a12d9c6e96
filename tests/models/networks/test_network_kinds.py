"""Networks of every kind that Keras takes: trained, exported, and asked as a server would."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from components import serving_check
from models.common import examples, training
from models.common.errors import ModelCodeError
from models.common.loaded_model import LoadedModel
from tests.models import tiny_sample
from tests.models.tiny_sample import LABEL, Sample

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

WriteModel = Callable[..., None]

COMMON = """\
import keras
import tensorflow as tf

def columns(inputs):
    return keras.ops.concatenate(
        [keras.ops.cast(inputs[name], "float32") for name in sorted(inputs)], axis=1
    )

def compiled(model, **options):
    model.compile(**({"optimizer": "adam", "loss": "binary_crossentropy"} | options))
    return model
"""
CLASS = """\
class Network(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(1, activation="sigmoid")
        self.drop = keras.layers.Dropout(0.1)

    def call(self, inputs):
        return self.out(self.drop(columns(inputs)))
"""
TRAIN_STEP = """
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.compute_loss(x, y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}
"""
OWN_OPTIMIZER = """
    def compile(self, rate):
        super().compile(optimizer=None, loss=None)
        self.own = keras.optimizers.SGD(rate)
        self.error = keras.losses.BinaryCrossentropy()

    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            loss = self.error(y, self(x, training=True))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.own.apply_gradients(zip(gradients, self.trainable_variables))
        return {"loss": loss}

    def test_step(self, data):
        x, y = data
        return {"loss": self.error(y, self(x, training=False))}
"""
BODY = "def build_model(hyperparameters, inputs, transform):\n"
KINDS = {
    "subclassed": CLASS + BODY + "    return compiled(Network())",
    "own train_step": CLASS + TRAIN_STEP + BODY + "    return compiled(Network())",
    "own compile": CLASS
    + OWN_OPTIMIZER
    + BODY
    + "    model = Network()\n    model.compile(0.1)\n    return model",
    "Sequential without Input, and a Lambda": BODY
    + "    return compiled(keras.Sequential([keras.layers.Lambda(columns),"
    + " keras.layers.BatchNormalization(), keras.layers.Dense(1, activation='sigmoid')]),"
    + " metrics=[keras.metrics.AUC(name='auc')])",
    "functional within functional": BODY
    + "    x = keras.Input((len(inputs) + 1,))\n"
    + "    core = keras.Model(x, keras.layers.Dense(1, activation='sigmoid')(x))\n"
    + "    return compiled(keras.Model(dict(inputs), core(columns(inputs))))",
}


def train(tiny: Sample, folder: Path, **plan: Any) -> dict[str, Any]:
    """Trains, exports and checks the model `kind`; returns its summary."""
    training.train_and_export(
        tiny_sample.plan(model="kind", **plan),
        {},
        train_files=tiny.train_files,
        eval_files=tiny.eval_files,
        transform_path=tiny.transform_path,
        export_path=str(folder / "export"),
        summary_path=str(folder),
    )
    serving_check.check(str(folder / "export"))
    return dict(json.loads((folder / training.SUMMARY).read_text()))


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_that_keras_takes(
    tiny: Sample, tmp_path: Path, write_model: WriteModel, kind: str
) -> None:
    write_model("kind", model=COMMON + KINDS[kind])
    summary = train(tiny, tmp_path, early_stopping_patience=1)
    assert summary["parameters"] > 0 and "val_loss" in summary["history"]


def test_a_network_that_raises_in_its_first_call_is_named(
    tiny: Sample, write_model: WriteModel
) -> None:
    text = CLASS.replace("columns(inputs)", "inputs['mils_xf']")
    write_model("kind", model=COMMON + text + BODY + "    return compiled(Network())")
    with pytest.raises(ModelCodeError) as caught:
        training.build(tiny_sample.plan(model="kind"), {}, tiny.transform)
    assert "models/kind/model.py:" in caught.value.headline
    assert "first call failed with KeyError" in caught.value.headline
    assert "mils_xf" in caught.value.detail


OUTPUTS = textwrap.dedent(
    """
    def build_model(hyperparameters, inputs, transform):
        x = columns(inputs)
        generous = keras.layers.Dense(1, activation="sigmoid", name="generous")(x)
        far = keras.layers.Dense(1, name="far")(x)
        answer = {answer}
        loss = {{"generous": "binary_crossentropy", "far": {loss}}}
        return compiled(keras.Model(dict(inputs), answer), loss=loss)
    """
)
DICT = '{"generous": generous, "far": far}'


@pytest.mark.parametrize(
    ("answer", "loss", "plan"),
    [
        (DICT, "None", {}),
        (DICT, "'mse'", {"other_labels": {"far": "hour_xf"}}),
        ("[generous, far]", "'mse'", {"other_labels": {"far": "hour_xf"}}),
        (DICT, "'mse'", {"other_labels": {"far": "hour_xf"}, "weight": "miles"}),
    ],
)
def test_a_network_of_several_outputs_gives_them_all(
    tiny: Sample, tmp_path: Path, write_model: WriteModel, answer: str, loss: str, plan: Any
) -> None:
    write_model("kind", model=COMMON + OUTPUTS.format(answer=answer, loss=loss))
    train(tiny, tmp_path, label_output="generous", **plan)
    with LoadedModel(str(tmp_path / "export")) as model:
        assert model.predict_rows(tiny_sample.rows(3)).keys() == {"generous", "far"}


def test_what_the_network_learns_from_several_outputs_is_by_name(tiny: Sample) -> None:
    [(features, labels, weights)] = examples.batches(
        tiny.eval_files,
        tiny.transform,
        LABEL,
        60,
        output="generous",
        other_labels={"far": "hour_xf"},
        weight="miles",
        class_weights={1: 3.0},
    )
    assert LABEL not in features and "hour_xf" not in features
    assert labels.keys() == weights.keys() == {"generous", "far"}
    miles = np.array([row["miles"] for row in tiny_sample.rows(60, seed=1)], np.float32)
    np.testing.assert_allclose(weights["far"], miles, 1e-5)
    factor = np.where(labels["generous"][:, 0] == 1, 3.0, 1.0)
    np.testing.assert_allclose(weights["generous"], miles * factor, 1e-5)


@pytest.mark.parametrize("weight", [None, "miles"])
def test_weights_are_of_rows_and_of_classes(tiny: Sample, weight: str | None) -> None:
    [(_, labels, weights)] = examples.batches(
        tiny.eval_files, tiny.transform, LABEL, 60, weight=weight, class_weights={0: 2.0, 1: 5.0}
    )
    miles = np.array([row["miles"] for row in tiny_sample.rows(60, seed=1)], np.float32)
    expected = np.where(labels[:, 0] == 1, 5.0, 2.0) * (1 if weight is None else miles)
    np.testing.assert_allclose(weights, expected, 1e-5)


def test_a_row_of_weight_nought_teaches_nothing(tmp_path: Path) -> None:
    x = tf.zeros([4, 1])
    weights = tf.constant([1.0, 0.0, 1.0, 0.0])
    data = tf.data.Dataset.from_tensor_slices(({"x": x}, [[1.0], [9.0], [1.0], [9.0]], weights))
    import keras

    inputs = keras.Input((1,), name="x")
    model = keras.Model({"x": inputs}, keras.layers.Dense(1)(inputs))
    model.compile(keras.optimizers.SGD(0.5), "mse", weighted_metrics=["mae"], jit_compile=False)
    history = training.fit(model, tiny_sample.plan(epochs=30), data.batch(4), data.batch(4))
    assert history["mae"][-1] < 0.01
