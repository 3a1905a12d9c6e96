"""The training loop: when it stops, what it keeps, and what it says of a bad network."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
from google.protobuf import text_format
from tensorflow_metadata.proto.v0 import schema_pb2

from models.common import examples, progress, tracking, training, tuning
from models.common.errors import ModelCodeError, NotFiniteError
from tests.models import tiny_sample
from tests.models.tiny_sample import LABEL, Sample

pytestmark = [pytest.mark.tfx, pytest.mark.slow]

WriteModel = Callable[..., None]
HYPERPARAMETERS = {"learning_rate": 0.01, "units": 2}


def data(rows: int = 8, value: float = 1.0) -> tf.data.Dataset:
    """Batches of two rows, `y = 2 x`."""
    x = np.full((rows, 1), value, np.float32)
    return tf.data.Dataset.from_tensor_slices(({"x": x}, 2 * x)).batch(2)


def network(learning_rate: float = 0.1) -> keras.Model:
    x = keras.Input((1,), name="x")
    model = keras.Model({"x": x}, keras.layers.Dense(1, kernel_initializer="zeros")(x))
    model.compile(keras.optimizers.SGD(learning_rate), "mse", metrics=["mae"], jit_compile=False)
    return model


def test_each_metric_has_a_value_for_each_epoch() -> None:
    history = training.fit(network(), tiny_sample.plan(epochs=3), data(), data())
    assert history.keys() == {"loss", "mae", "val_loss", "val_mae"}
    assert all(len(values) == 3 for values in history.values())
    assert history["val_loss"] == sorted(history["val_loss"], reverse=True)
    assert json.loads(json.dumps(history)) == history


def test_the_curves_and_the_size_of_a_network_are_kept(tiny: Sample) -> None:
    summary = json.loads((Path(tiny.summary_path) / training.SUMMARY).read_text())
    assert summary["type"] == "Functional"
    spec = tiny.transform.transformed_feature_spec()
    width = sum(2 if name == "position_xf" else 1 for name in spec if name != LABEL)
    units = tuning.search_space("tiny").values["units"]
    assert summary["parameters"] == (width + 1) * units + units + 1
    assert not [one for one in summary["warnings"] if "does not look at" in one["headline"]]
    history = summary["history"]
    assert history.keys() == {"loss", "auc", "val_loss", "val_auc"}
    assert all(len(values) == 1 and math.isfinite(values[0]) for values in history.values())


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_data_that_is_not_finite_names_the_metric_and_the_epoch(bad: float) -> None:
    with pytest.raises(NotFiniteError) as caught:
        training.fit(network(), tiny_sample.plan(epochs=5), data(value=bad), data())
    # Which of the two a history has first depends on the version of Keras.
    headline = r"models/tiny/model\.py: the network gives nan for (loss|mae) in epoch 1"
    assert re.fullmatch(headline, caught.value.headline)
    assert "nothing was exported" in caught.value.detail and caught.value.remedy


def test_a_later_epoch_that_is_not_finite_is_named() -> None:
    passes = iter(range(10))

    def rows() -> Iterator[tuple[dict[str, Any], Any]]:
        bad = next(passes) >= 2
        for _ in range(4):
            yield {"x": [math.nan if bad else 1.0]}, [2.0]

    signature = ({"x": tf.TensorSpec([1])}, tf.TensorSpec([1]))
    train = tf.data.Dataset.from_generator(rows, output_signature=signature).batch(2)
    with pytest.raises(NotFiniteError, match=r"gives nan for \w+ in epoch 3") as caught:
        training.fit(network(), tiny_sample.plan(epochs=10), train, data())
    assert next(passes) == 3, "training goes on after NaN"
    assert "model.py" in caught.value.headline


def test_a_validation_that_is_not_finite_is_named() -> None:
    with pytest.raises(NotFiniteError, match=r"gives nan for val_\w+ in epoch 1"):
        training.fit(network(), tiny_sample.plan(), data(), data(value=math.nan))


def test_a_network_that_raises_is_told() -> None:
    with pytest.raises(ModelCodeError, match="training the network failed with"):
        training.fit(network(), tiny_sample.plan(), data().map(lambda x, y: ({"z": y}, y)), data())


def test_training_stops_when_nothing_gets_better() -> None:
    model = network(learning_rate=0.0)
    plan = tiny_sample.plan(epochs=50, early_stopping_patience=2)
    assert len(training.fit(model, plan, data(), data())["loss"]) == 3


def test_without_patience_every_epoch_is_trained() -> None:
    plan = tiny_sample.plan(epochs=6)
    assert len(training.fit(network(learning_rate=0.0), plan, data(), data())["loss"]) == 6


def test_the_best_weights_are_kept() -> None:
    # The validation data wants the weights that training leaves.
    wants_zero = data().map(lambda x, y: (x, 0 * y))
    model = network()
    plan = tiny_sample.plan(epochs=50, early_stopping_patience=2)
    history = training.fit(model, plan, data(), wants_zero)
    assert len(history["val_loss"]) == 3 and history["val_loss"][0] < history["val_loss"][2]
    assert model.evaluate(wants_zero, verbose=0)[0] == pytest.approx(history["val_loss"][0])


@pytest.mark.parametrize(("steps", "expected"), [(None, [32] * 7 + [16]), (3, [32] * 3)])
def test_steps_per_epoch(tiny: Sample, steps: int | None, expected: list[int]) -> None:
    plan = tiny_sample.plan(steps_per_epoch=steps)
    train, validation = training.datasets(plan, tiny.transform, tiny.train_files, tiny.eval_files)
    assert [len(labels) for _, labels in train.take(len(expected))] == expected
    assert train.cardinality() == (tf.data.INFINITE_CARDINALITY if steps else len(expected))
    assert sum(len(labels) for _, labels in validation) == 60


def test_fit_takes_the_steps_of_the_plan() -> None:
    model = network()
    training.fit(model, tiny_sample.plan(epochs=4, steps_per_epoch=3), data().repeat(), data())
    assert int(model.optimizer.iterations) == 12


def test_the_network_gets_an_input_for_each_feature(tiny: Sample) -> None:
    model = training.build(tiny_sample.plan(), HYPERPARAMETERS, tiny.transform)
    assert {tensor.name: tensor.shape[1:] for tensor in model.inputs} == {
        name: (2,) if name == "position_xf" else (1,)
        for name in tiny.transform.transformed_feature_spec()
        if name != tiny_sample.LABEL
    }


@pytest.mark.parametrize(
    ("body", "headline", "detail"),
    [
        ("return None", "returned no compiled Keras model", "NoneType"),
        ("return 'model'", "returned no compiled Keras model", "str"),
        (
            "x = inputs['miles_xf']\n    return keras.Model({'miles_xf': x}, x * 1)",
            "returned no compiled Keras model",
            "Functional",
        ),
        ("raise ValueError('too few units')", "model.py:4: build_model failed", "too few units"),
        ("return hyperparameters['layers']", "build_model failed with KeyError", "layers"),
    ],
)
def test_build_model_that_is_of_no_use(
    tiny: Sample, write_model: WriteModel, body: str, headline: str, detail: str
) -> None:
    text = f"import keras\n\ndef build_model(hyperparameters, inputs, transform):\n    {body}\n"
    write_model("broken", model=text)
    with pytest.raises(ModelCodeError) as caught:
        training.build(tiny_sample.plan(model="broken"), HYPERPARAMETERS, tiny.transform)
    assert headline in caught.value.headline and "models/broken/model.py" in caught.value.headline
    assert detail in caught.value.detail


@pytest.mark.parametrize("name", ["pop/km2_xf", "/", ""])
def test_a_name_that_keras_does_not_take_is_told(name: str) -> None:
    class Transform:
        def transformed_feature_spec(self) -> dict[str, Any]:
            return dict.fromkeys([name, LABEL], tf.io.FixedLenFeature([], tf.float32))

    with pytest.raises(ModelCodeError) as caught:
        training.build(tiny_sample.plan(), {}, Transform())
    assert f"models/tiny/preprocessing.py: preprocessing_fn returns '{name}'" in str(caught.value)


def test_a_label_may_have_any_name_and_inputs_nearly_any(write_model: WriteModel) -> None:
    names = ["größe (cm)", "from:to", "1st", "A", "a", "self", "😀", "_x", "a b", "a.b"]

    class Transform:
        transform_savedmodel_dir = "none"

        def transformed_feature_spec(self) -> dict[str, Any]:
            return dict.fromkeys([*names, "y/z (€)"], tf.io.FixedLenFeature([], tf.float32))

    text = """
        import keras

        def build_model(hyperparameters, inputs, transform):
            together = keras.layers.Concatenate()(list(inputs.values()))
            model = keras.Model(dict(inputs), keras.layers.Dense(1)(together))
            model.compile("sgd", "mse")
            return model
        """
    write_model("named", model=text)
    plan = tiny_sample.plan(model="named", label="y/z (€)")
    model = training.build(plan, {}, Transform())
    batch = {name: np.ones((2, 1), np.float32) for name in names}
    data = tf.data.Dataset.from_tensors((batch, np.ones((2, 1), np.float32)))
    assert training.fit(model, plan, data, data)["loss"]


def test_a_sparse_feature_is_told(tmp_path: Path, write_model: WriteModel) -> None:
    path = tmp_path / tft.TFTransformOutput.TRANSFORMED_METADATA_DIR / "schema.pbtxt"
    path.parent.mkdir()
    text = 'feature { name: "words" type: BYTES }'
    path.write_text(text_format.MessageToString(text_format.Parse(text, schema_pb2.Schema())))
    write_model("broken", model="def build_model(hyperparameters, inputs, transform): ...")
    with pytest.raises(ModelCodeError, match=r"preprocessing.py: 'words' is a sparse tensor"):
        training.build(tiny_sample.plan(model="broken"), {}, tft.TFTransformOutput(str(tmp_path)))


def test_nothing_is_exported_when_training_fails(
    tiny: Sample, tmp_path: Path, write_model: WriteModel
) -> None:
    write_model("broken", model="def build_model(hyperparameters, inputs, transform): ...")
    with pytest.raises(ModelCodeError):
        training.train_and_export(
            tiny_sample.plan(model="broken"),
            HYPERPARAMETERS,
            train_files=tiny.train_files,
            eval_files=tiny.eval_files,
            transform_path=tiny.transform_path,
            export_path=str(tmp_path / "export"),
            summary_path=str(tmp_path / "history"),
        )
    assert not (tmp_path / "export").exists() and not (tmp_path / "history").exists()


def test_what_the_final_training_tells(
    tiny: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Norm(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            weights = self.model.trainable_variables[0]
            tracking.log("norm", tf.norm(weights), epoch + 1)
            tracking.log("text", "no number", epoch + 1)  # type: ignore[arg-type]
            tracking.log_image("weights", tf.sigmoid(weights), epoch + 1)

    import models.tiny.model as model

    monkeypatch.setattr(model, "callbacks", lambda: [Norm()], raising=False)
    told: list[progress.Event] = []
    with progress.listening(told.append):
        training.train_and_export(
            tiny_sample.plan(epochs=2),
            HYPERPARAMETERS,
            train_files=tiny.train_files,
            eval_files=tiny.eval_files,
            transform_path=tiny.transform_path,
            export_path=str(tmp_path / "export"),
            summary_path=str(tmp_path),
        )
    summary = json.loads((tmp_path / training.SUMMARY).read_text())
    history, logged = summary["history"], summary["logged"]
    [series] = logged["series"]
    assert series["name"] == "norm" and [step for step, _ in series["points"]] == [1, 2]
    assert [image["step"] for image in logged["images"]] == [1, 2] and len(logged["warnings"]) == 1
    # It is told no later than the epoch that it is of.
    kinds = [type(event).__name__ for event in told]
    ends = [place for place, kind in enumerate(kinds) if kind == "EpochEnded"]
    assert [kinds[place - 1] for place in ends] == ["ValuesLogged"] * 2
    last = [event for event in told if isinstance(event, progress.ValuesLogged)][-1]
    assert json.loads(json.dumps(last.logged)) == logged
    epochs = [event.metrics for event in told if isinstance(event, progress.EpochEnded)]
    assert {name: [epoch[name] for epoch in epochs] for name in epochs[0]} == history


def test_training_can_be_repeated() -> None:
    def trained() -> dict[str, list[float]]:
        keras.utils.set_random_seed(0)
        x = keras.Input((1,), name="x")
        model = keras.Model({"x": x}, keras.layers.Dense(1)(keras.layers.Dropout(0.5)(x)))
        model.compile("sgd", "mse", jit_compile=False)
        return training.fit(model, tiny_sample.plan(epochs=2), data(), data())

    assert trained() == trained()


def test_only_the_features_reach_the_network() -> None:
    assert examples.model_inputs({"y": tf.zeros([2])}, "y") == {}


def test_an_input_that_leads_nowhere_is_named() -> None:
    inputs = {name: keras.Input((1,), name=name) for name in ("x", "y", "z")}
    try:
        keras.Model(inputs, keras.layers.Dense(1)(inputs["x"]))
    except ValueError as error:
        refusal = str(error)
    else:
        pytest.skip("This Keras takes such a network, and a run warns of its unused inputs.")
    told = ModelCodeError("models/m/model.py:3: build_model failed", refusal, "Again.")
    named = training._naming_unconnected(told, inputs)
    assert named.headline == "models/m/model.py:3: the network does not use its inputs 'y', 'z'"
    assert named.detail and named.remedy
    other = ModelCodeError("models/m/model.py:3: build_model failed", "1 / 0", "Again.")
    assert training._naming_unconnected(other, inputs) is other
