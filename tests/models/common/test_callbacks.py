"""Early stopping looks at what it is told to, and the learning rate falls along half a cosine."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from models.common import callbacks, training
from models.common.errors import ModelCodeError
from models.common.progress import EpochEnded, listening
from tests.models import tiny_sample


def data() -> tf.data.Dataset:
    """One batch, `y = 2 x`."""
    x = np.ones((4, 1), np.float32)
    return tf.data.Dataset.from_tensor_slices(({"x": x}, 2 * x)).batch(4)


def network(optimizer: Any = "sgd", loss: Any = "mse") -> keras.Model:
    x = keras.Input((1,), name="x")
    model = keras.Model(
        {"x": x}, keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")(x)
    )
    model.compile(optimizer, loss, metrics=["mae"], run_eagerly=True)
    return model


class _Penalty(keras.callbacks.Callback):
    """Makes the loss grow from the third epoch on, as penalties on weights do, while the error
    falls in every epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.size = keras.Variable(0.0)

    def loss(self, wanted: Any, answered: Any) -> Any:
        return keras.ops.mean(keras.ops.square(wanted - answered)) + self.size

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.size.assign(10.0 * max(0, epoch - 1))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("monitor", "direction", "epochs", "best"),
    [
        ("val_loss", "min", 4, 1),
        ("val_mae", "min", 30, -1),
        ("mae", "min", 30, -1),
        ("val_mae", "max", 3, 0),
    ],
)
def test_early_stopping_looks_at_what_it_is_told_to(
    monitor: str, direction: str, epochs: int, best: int
) -> None:
    plan = tiny_sample.plan(
        epochs=30,
        early_stopping_patience=2,
        early_stopping_monitor=monitor,
        early_stopping_direction=direction,
    )
    penalty = _Penalty()
    model = network(keras.optimizers.SGD(0.05), penalty.loss)
    history = training.fit(model, plan, data(), data(), callbacks=[penalty])
    assert len(history["val_mae"]) == epochs
    kept = model.evaluate(data(), verbose=0, return_dict=True)
    assert kept["mae"] == pytest.approx(history["val_mae"][best])


class _EndAfter(keras.callbacks.Callback):
    def __init__(self, epochs: int | None) -> None:
        super().__init__()
        self.epochs = epochs

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.model.stop_training = epoch + 1 == self.epochs


@pytest.mark.slow
@pytest.mark.parametrize("validates", [True, False])
@pytest.mark.parametrize(
    ("ends_after", "patience"), [(None, None), (3, None), (None, 2), (5, 2), (1, None)]
)
def test_what_is_looked_at_and_left_is_the_weights_average(
    ends_after: int | None, patience: int | None, validates: bool
) -> None:
    options = {} if validates else {"early_stopping_monitor": "loss"}
    plan = tiny_sample.plan(epochs=8, early_stopping_patience=patience, **options)
    rate, momentum = 0.1, 0.6
    model = network(keras.optimizers.SGD(rate, use_ema=True, ema_momentum=momentum))
    history = training.fit(
        model, plan, data(), data() if validates else None, callbacks=[_EndAfter(ends_after)]
    )
    weight = 0.0
    trained: list[float] = []
    averages: list[float] = []
    for _ in range(ends_after or plan.epochs):
        trained.append((weight - 2) ** 2)
        weight -= rate * 2 * (weight - 2)
        averages.append(momentum * averages[-1] + (1 - momentum) * weight if averages else weight)
    assert history["loss"] == pytest.approx(trained), "steps go on from the last step's weights"
    if validates:
        assert history["val_loss"] == pytest.approx([(one - 2) ** 2 for one in averages])
    assert model.get_weights()[0].item() == pytest.approx(averages[-1])


def test_a_metric_that_is_not_there_is_told_with_those_that_are() -> None:
    plan = tiny_sample.plan(early_stopping_patience=2, early_stopping_monitor="val_rmse")
    with pytest.raises(ModelCodeError) as told:
        training.fit(network(), plan, data(), data())
    assert "has no metric 'val_rmse'" in told.value.headline
    assert {"mae,", "val_mae."} & set(told.value.detail.split())
    assert "training.early_stopping_monitor" in told.value.remedy


def test_the_rate_falls_along_half_a_cosine() -> None:
    plan = tiny_sample.plan(epochs=4, learning_rate_decay="cosine")
    model, rates = network(keras.optimizers.SGD(0.5)), []

    class Rates(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            rates.append(float(self.model.optimizer.learning_rate))

    training.fit(model, plan, data(), data(), callbacks=[Rates()])
    assert rates == pytest.approx([0.25 * (1 + math.cos(math.pi * n / 4)) for n in range(4)])


def test_without_decay_the_rate_is_the_models() -> None:
    model = network(keras.optimizers.SGD(0.5))
    training.fit(model, tiny_sample.plan(epochs=4), data(), data())
    assert float(model.optimizer.learning_rate) == 0.5


def test_a_model_with_a_schedule_of_its_own_is_told() -> None:
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    plan = tiny_sample.plan(learning_rate_decay="cosine")
    with pytest.raises(ModelCodeError, match=r"learning_rate_decay[\s\S]*ExponentialDecay"):
        training.fit(network(keras.optimizers.SGD(schedule)), plan, data(), data())


def test_each_epoch_is_reported() -> None:
    told: list[Any] = []
    with listening(told.append):
        reporter = callbacks.ReportEpochs()
        history = training.fit(network(), tiny_sample.plan(epochs=2), data(), data(), [reporter])
    assert [one.metrics["loss"] for one in told if isinstance(one, EpochEnded)] == history["loss"]


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def callbacks():\n    return None\n", "something else than Keras callbacks"),
        ("def callbacks():\n    return [len]\n", "something else than Keras callbacks"),
        ("def callbacks():\n    raise OSError\n", "callbacks failed with OSError"),
        ("def callbacks(model):\n    return []\n", "callbacks failed with TypeError"),
        ("callbacks = []\n", "has no function 'callbacks'"),
    ],
)
def test_callbacks_of_the_model_that_are_none(
    write_model: Callable[..., None], code: str, told: str
) -> None:
    write_model("broken", model=code)
    with pytest.raises(ModelCodeError, match=told):
        callbacks.of_model("broken")


def test_a_model_may_have_callbacks_of_its_own(write_model: Callable[..., None]) -> None:
    write_model("none", model="")
    assert callbacks.of_model("none") == []
    write_model(
        "one", model="import keras\ndef callbacks():\n    return [keras.callbacks.History()]"
    )
    assert [type(one) for one in callbacks.of_model("one")] == [keras.callbacks.History]
